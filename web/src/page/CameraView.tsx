// The camera, with the mesh drawn over it and what it advises. What looks at faces is loaded when
// this is first shown, and kept.

import { useCallback, useEffect, useRef, useState } from 'react';
import Webcam from 'react-webcam';

import { drawMesh } from '../vision/draw';
import { advise, type Advice, Calm, Steadiness } from '../vision/guidance';
import type { Sight, Watcher } from '../vision/watcher';
import { type CameraTrouble, cameraTrouble } from './cameraTrouble';
import { CameraChoice, chosen, constraints, type Kind } from './cameras';
import { useText } from './language';
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

export function CameraView({
  kind,
  paused = false,
  onState,
  onSteady,
  onTrouble,
  onVideo,
}: {
  kind: Kind;
  /** While something is sent nobody needs the mesh, and the device its strength. */
  paused?: boolean;
  onState?: (state: CameraState) => void;
  /** All has been well for a second. */
  onSteady?: () => void;
  onTrouble: (trouble: CameraTrouble) => void;
  onVideo: (video: HTMLVideoElement | null) => void;
}) {
  const text = useText();
  const webcam = useRef<Webcam>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const [wanted, setWanted] = useState(() => chosen[kind].get());
  const [current, setCurrent] = useState<string>();
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
        setCurrent(track.getSettings().deviceId);
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

  const failed = (error: unknown) => {
    const trouble = cameraTrouble(error);
    if (wanted && trouble !== 'denied') {
      // The one that was chosen is gone or busy: any other is better than none, until it is back.
      setWanted(null);
    } else {
      onTrouble(trouble);
    }
  };

  const choose = (id: string) => {
    chosen[kind].set(id);
    setPlaying(false);
    setWanted(id);
  };

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
    <>
      <div className={mirrored ? 'camera mirrored' : 'camera'} data-advice={advice} data-vision={playing ? vision : 'loading'}>
        <Webcam
          ref={webcam}
          audio={false}
          videoConstraints={constraints(kind, wanted)}
          aria-label={text.live.video}
          onUserMedia={started}
          onUserMediaError={failed}
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
      <CameraChoice current={current} onChoose={choose} />
    </>
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
