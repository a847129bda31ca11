// Which camera: asked where there is more than one, and remembered on this device.

import { useCallback, useEffect, useId, useState } from 'react';

import { useText } from './language';
import { preference } from './preferences';

/** What is taken: with phones, the camera that looks at its holder, or the one on the other side. */
export type Kind = 'face' | 'document';

/** The choices of one device; a document's camera is often another one than the face's. */
export const chosen = {
  face: preference('camera.face'),
  document: preference('camera.document'),
};

const WANTED = {
  face: { facingMode: 'user', width: { ideal: 1280 }, height: { ideal: 720 } },
  document: { facingMode: 'environment', width: { ideal: 1920 }, height: { ideal: 1080 } },
};

/** What is asked of the browser: the camera of this id and no other, or the usual one. */
export function constraints(kind: Kind, id: string | null): MediaTrackConstraints {
  const { facingMode, ...size } = WANTED[kind];
  return id ? { ...size, deviceId: { exact: id } } : { ...size, facingMode };
}

/** A camera that can be chosen. */
export interface Camera {
  readonly id: string;
  readonly label: string;
}

/** The cameras that a browser tells of, and what those are called that have no name. Before the first one
 * was allowed it names none of them, and there is nothing to choose by. */
export function choosable(
  devices: readonly MediaDeviceInfo[],
  unnamed: (number: number) => string,
): readonly Camera[] {
  return devices
    .filter((device) => device.kind === 'videoinput' && device.deviceId !== '')
    .map(({ deviceId, label }, at) => ({ id: deviceId, label: label || unnamed(at + 1) }));
}

/** The cameras of this device, told anew when one is plugged in or out. */
function useCameras(started: unknown): readonly Camera[] {
  const text = useText();
  const [devices, setDevices] = useState<readonly MediaDeviceInfo[]>([]);
  const look = useCallback(() => {
    navigator.mediaDevices?.enumerateDevices?.().then(setDevices, () => setDevices([]));
  }, []);
  useEffect(look, [look, started]);
  useEffect(() => {
    const devices = navigator.mediaDevices;
    devices?.addEventListener?.('devicechange', look);
    return () => devices?.removeEventListener?.('devicechange', look);
  }, [look]);
  return choosable(devices, text.live.unnamed);
}

/** The choice; nothing where there is none. */
export function CameraChoice({
  current,
  onChoose,
}: {
  /** The id of the camera that is in use; none while none is. */
  current: string | undefined;
  onChoose: (id: string) => void;
}) {
  const text = useText();
  const id = useId();
  const cameras = useCameras(current);
  if (cameras.length < 2) {
    return null;
  }
  const known = cameras.some((camera) => camera.id === current);
  return (
    <div className="field which">
      <label htmlFor={id}>{text.live.which}</label>
      <select
        id={id}
        name="camera"
        value={known ? current : ''}
        onChange={(event) => onChoose(event.target.value)}
      >
        {!known && <option value="">{text.live.pick}</option>}
        {cameras.map((camera) => (
          <option key={camera.id} value={camera.id}>
            {camera.label}
          </option>
        ))}
      </select>
    </div>
  );
}
