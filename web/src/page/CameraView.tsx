// The camera, with the mesh drawn over it and what it advises. What looks at faces is loaded when
// this is first shown, and kept.

import { useCallback, useEffect, useRef, useState } from 'react';
import Webcam from 'react-webcam';

import { type CameraTrouble, en as text } from '../text/en';
import { drawMesh } from '../vision/draw';
import { advise, type Advice, Calm, Steadiness } from '../vision/guidance';
import type { Sight, Watcher } from '../vision/watcher';
import { Status } from './ui';

/** Whether faces can be looked at. */
export type Vision = 'loading' | 'running' | 'missing';

/** What the camera tells. */
export interface CameraState {
  readonly vision: Vision;
  readonly advice: Advice | undefined;
  readonly ready: boolean;
}

let loading: Promise<Watcher> | undefined;

/** The watcher, loaded once; after a failure the next one who asks tries again. */
export function watcher(): Promise<Watcher> {
  loading ??= import('../vision/watcher')
    .then(({ Watcher }) => Watcher.load())
    .catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
  return loading;
}

const CONSTRAINTS = {
  face: { facingMode: 'user', width: { ideal: 1280 }, height: { ideal: 720 } },
  document: { facingMode: 'environment', width: { ideal: 1920 }, height: { ideal: 1080 } },
};

/** What a browser's refusal means. */
export function cameraTrouble(error: unknown): CameraTrouble {
  switch (error instanceof Error || error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return navigator.mediaDevices ? 'failed' : 'missing';
  }
}

export function CameraView({
  kind,
  paused = false,
  onState,
  onSteady,
  onTrouble,
  onVideo,
}: {
  kind: 'face' | 'document';
  /** While something is sent nobody needs the mesh, and the device its strength. */
  paused?: boolean;
  onState?: (state: CameraState) => void;
  /** All has been well for a second. */
  onSteady?: () => void;
  onTrouble: (trouble: CameraTrouble) => void;
  onVideo: (video: HTMLVideoElement | null) => void;
}) {
  const webcam = useRef<Webcam>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const [playing, setPlaying] = useState(false);
  const [vision, setVision] = useState<Vision>('loading');
  const [advice, setAdvice] = useState<Advice>();
  const told = useRef({ onState, onSteady, onTrouble });
  told.current = { onState, onSteady, onTrouble };

  useEffect(() => {
    told.current.onState?.({ vision, advice, ready: playing });
  }, [vision, advice, playing]);

  const started = useCallback(
    (stream: MediaStream) => {
      for (const track of stream.getVideoTracks()) {
        track.addEventListener('ended', () => told.current.onTrouble('lost'));
      }
      const video = webcam.current?.video ?? null;
      const play = () => {
        setPlaying(true);
        onVideo(video);
      };
      if (video !== null && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        play();
      } else {
        video?.addEventListener('loadeddata', play, { once: true });
      }
    },
    [onVideo],
  );

  useEffect(() => () => onVideo(null), [onVideo]);

  useEffect(() => {
    const video = webcam.current?.video;
    if (kind !== 'face' || !playing || paused || !video) {
      return;
    }
    let going = true;
    const watch = async () => {
      performance.mark('camera-playing');
      const eyes = await watcher();
      const [calm, steadiness] = [new Calm(), new Steadiness()];
      let before: Sight | undefined;
      while (going) {
        const sight = await eyes.look(video);
        if (!going) {
          return;
        }
        if (overlay.current) {
          const frame = { width: video.videoWidth, height: video.videoHeight };
          drawMesh(overlay.current, frame, sight.mesh, eyes.triangles);
        }
        performance.mark(sight.mesh ? 'mesh' : 'no-mesh');
        setVision('running');
        const now = advise(sight.measures, before?.measures);
        setAdvice(calm.calmed(now));
        before = sight;
        if (steadiness.steady(now, performance.now())) {
          told.current.onSteady?.();
        }
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    };
    watch().catch((error: unknown) => {
      console.error(error);
      if (going) {
        setVision('missing');
      }
    });
    return () => {
      going = false;
    };
  }, [kind, playing, paused]);

  const mirrored = kind === 'face';
  return (
    <div className={mirrored ? 'camera mirrored' : 'camera'} data-advice={advice} data-vision={vision}>
      <Webcam
        ref={webcam}
        audio={false}
        videoConstraints={CONSTRAINTS[kind]}
        aria-label={text.live.video}
        onUserMedia={started}
        onUserMediaError={(error) => onTrouble(cameraTrouble(error))}
      />
      {mirrored && <canvas ref={overlay} className="mesh" aria-hidden="true" />}
      {mirrored && (
        <Status className={advice === 'ready' ? 'advice ready' : 'advice'}>
          {!playing || vision === 'loading'
            ? text.busy.loading
            : vision === 'missing'
              ? text.live.noMesh
              : advice && text.advice[advice]}
        </Status>
      )}
    </div>
  );
}

/** The frame that a video shows, as it is: not mirrored. */
export function frame(video: HTMLVideoElement): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  return canvas;
}
