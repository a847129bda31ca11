// The screens that take a picture, or measure a face.

import { type ChangeEvent, type DragEvent, type ReactNode, useCallback, useEffect, useId, useRef, useState } from 'react';

import {
  type Answer,
  type Challenge,
  encode,
  fromFile,
  type Model,
  type Picture,
  type Reason,
  type Trouble,
} from '../client';
import type { CameraTrouble } from './cameraTrouble';
import { CameraChoice, chosen, type Kind } from './cameras';
import { type CameraState, CameraView, frame } from './CameraView';
import { useText } from './language';
import { measure } from './measure';
import type { Path } from './next';
import { Action, Problem, Screen, Status } from './ui';
import { type Task } from './useTask';

/** Why the last try did not pass, and how many are left. */
export function Why({
  challenge,
  path,
  own = {},
  wait,
}: {
  challenge: Challenge | undefined;
  path: Path;
  /** What the step says of a reason in words of its own. */
  own?: Partial<Record<Reason, string>>;
  /** What it says of a wait that is due. */
  wait?: string;
}) {
  const text = useText();
  const reason = challenge?.reason;
  if (challenge === undefined || reason === undefined) {
    return null;
  }
  const words =
    challenge.retryAfter === undefined ? (own[reason] ?? text.reasons[reason]) : (wait ?? text.waitDue[path]);
  return (
    <>
      <p data-reason={reason}>{words}</p>
      {!['ENROL', 'SELECT'].includes(challenge.step) && reason !== 'TRY_LATER' && (
        <p>{text.attemptsLeft(challenge.attemptsLeft)}</p>
      )}
    </>
  );
}

/** Counts a wait down; true while it lasts. */
export function useWait(challenge: Challenge | undefined): { waiting: boolean; words: ReactNode } {
  const text = useText();
  const [until, setUntil] = useState(0);
  const [now, setNow] = useState(0);
  useEffect(() => {
    const begun = performance.now();
    setNow(begun);
    setUntil(begun + (challenge?.retryAfter ?? 0) * 1000);
    if (!challenge?.retryAfter) {
      return;
    }
    const clock = setInterval(() => setNow(performance.now()), 250);
    return () => clearInterval(clock);
  }, [challenge]);
  const left = Math.ceil((until - now) / 1000);
  if (!challenge?.retryAfter) {
    return { waiting: false, words: null };
  }
  return left > 0
    ? { waiting: true, words: <p className="countdown">{text.waitFor(left)}</p> }
    : { waiting: false, words: <p>{text.waitOver}</p> };
}

/** What is wrong with the camera, and the ways on. */
function CameraProblem({ kind, trouble, onRetry }: { kind: Kind; trouble: CameraTrouble; onRetry: () => void }) {
  const text = useText();
  return (
    <div className="no-camera" data-camera={trouble}>
      <Problem>{text.cameraTroubles[trouble]}</Problem>
      <CameraChoice
        current={undefined}
        onChoose={(id) => {
          chosen[kind].set(id);
          onRetry();
        }}
      />
      <div className="actions">
        <Action kind="secondary" onClick={onRetry}>
          {text.live.retry}
        </Action>
      </div>
    </div>
  );
}

/** A button that opens a file. */
function FileButton({ label, onFile }: { label: string; onFile: (file: File) => void }) {
  const id = useId();
  const chosen = (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    // The same file may be chosen again.
    event.target.value = '';
    if (file) {
      onFile(file);
    }
  };
  return (
    <span className="file">
      <input id={id} type="file" accept="image/jpeg,image/png,image/webp" onChange={chosen} />
      <label htmlFor={id} className="secondary">
        {label}
      </label>
    </span>
  );
}

/** The picture of a document: a file, dropped or chosen, or the camera; shown before it is sent. */
export function DocumentStep({
  challenge,
  task,
  trouble,
  busyWith,
  onAnswer,
  onCancel,
}: {
  challenge: Challenge;
  task: Task;
  trouble: Trouble | undefined;
  busyWith: string;
  onAnswer: (answer: Answer) => Promise<void>;
  onCancel: () => void;
}) {
  const text = useText();
  const [picture, setPicture] = useState<{ picture: Picture; shown: string }>();
  const [unreadable, setUnreadable] = useState(false);
  const [over, setOver] = useState(false);
  const [camera, setCamera] = useState<'off' | 'on' | CameraTrouble>('off');
  const video = useRef<HTMLVideoElement>(null);
  const keepVideo = useCallback((element: HTMLVideoElement | null) => {
    video.current = element;
  }, []);

  const { waiting, words } = useWait(challenge);
  const problem = task.trouble ?? trouble;

  const shown = picture?.shown;
  useEffect(
    () => () => {
      if (shown) {
        URL.revokeObjectURL(shown);
      }
    },
    [shown],
  );
  const show = (taken: Picture) => {
    setUnreadable(false);
    setPicture({ picture: taken, shown: URL.createObjectURL(taken.jpeg) });
  };
  const read = (file: Blob) => {
    task.fail(undefined);
    fromFile(file).then(
      (made) => show(made.picture),
      () => {
        setPicture(undefined);
        setUnreadable(true);
      },
    );
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file) {
      read(file);
    }
  };
  const take = () => {
    if (video.current) {
      encode(frame(video.current)).then(show, () => setUnreadable(true));
      setCamera('off');
    }
  };

  return (
    <Screen title={text.document.title} lead={text.document.lead} wide>
      <Problem>
        {problem && !picture ? (
          <p data-trouble={problem}>{text.troubles[problem]}</p>
        ) : task.trouble ? (
          <p>{text.troubles[task.trouble]}</p>
        ) : unreadable ? (
          <p>{text.reasons.NOT_AN_IMAGE}</p>
        ) : (
          !picture && <Why challenge={challenge} path="password" own={text.documentReasons} />
        )}
      </Problem>
      {words}
      {picture ? (
        <>
          <img className="preview" src={picture.shown} alt={text.document.preview} />
          <div className="actions">
            <Action
              busy={task.busy ? busyWith : undefined}
              disabled={waiting}
              onClick={() =>
                task.run(async () => {
                  await onAnswer(picture.picture);
                  setPicture(undefined);
                })
              }
            >
              {text.document.send}
            </Action>
            <Action kind="secondary" disabled={task.busy} onClick={() => setPicture(undefined)}>
              {text.document.other}
            </Action>
          </div>
        </>
      ) : camera === 'on' ? (
        <>
          <CameraView kind="document" onTrouble={setCamera} onVideo={keepVideo} />
          <div className="actions">
            <Action onClick={take}>{text.document.take}</Action>
            <FileButton label={text.document.choose} onFile={read} />
          </div>
        </>
      ) : (
        <>
          {camera !== 'off' && (
            <CameraProblem kind="document" trouble={camera} onRetry={() => setCamera('on')} />
          )}
          <div
            className={over ? 'drop over' : 'drop'}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={drop}
          >
            <p>{text.document.drop}</p>
            <div className="actions">
              <FileButton label={text.document.choose} onFile={read} />
              {camera === 'off' && (
                <Action kind="secondary" onClick={() => setCamera('on')}>
                  {text.document.camera}
                </Action>
              )}
            </div>
          </div>
        </>
      )}
      <Status>{task.busy && busyWith}</Status>
      <div className="links">
        <Action kind="link" disabled={task.busy} onClick={onCancel}>
          {text.live.back}
        </Action>
      </div>
    </Screen>
  );
}

/** The face at the camera: a picture of it, or its measures. */
export function LiveStep({
  challenge,
  lead,
  model,
  path,
  task,
  trouble,
  busyWith,
  automatic,
  onAutomatic,
  onAnswer,
  onCancel,
}: {
  challenge: Challenge | undefined;
  lead: string;
  /** Measures of this model instead of a picture. */
  model?: Model | undefined;
  path: Path;
  task: Task;
  trouble: Trouble | undefined;
  busyWith: string;
  automatic: boolean;
  onAutomatic: (automatic: boolean) => void;
  onAnswer: (answer: Answer) => Promise<void>;
  onCancel: () => void;
}) {
  const text = useText();
  const [camera, setCamera] = useState<CameraTrouble>();
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<CameraState>();
  const [noFace, setNoFace] = useState(false);
  const [unreadable, setUnreadable] = useState(false);
  const video = useRef<HTMLVideoElement>(null);
  const keepVideo = useCallback((element: HTMLVideoElement | null) => {
    video.current = element;
  }, []);
  const { waiting, words } = useWait(challenge);
  // Once by itself: what did not pass is tried again when somebody says so, or tries would burn up
  // while nobody does anything.
  const armed = useRef(true);
  const ready = state?.ready === true && camera === undefined;

  const answer = (canvas: HTMLCanvasElement) =>
    task.run(async () => {
      performance.mark('pressed');
      setNoFace(false);
      setUnreadable(false);
      const made = model ? await measure(model, canvas) : await encode(canvas);
      if (made === undefined) {
        setNoFace(true);
        return;
      }
      await onAnswer(made);
      performance.mark('answered');
    });
  const take = () => {
    if (video.current && !waiting) {
      armed.current = false;
      answer(frame(video.current));
    }
  };
  const read = (file: File) => {
    fromFile(file).then(
      ({ canvas }) => answer(canvas),
      () => setUnreadable(true),
    );
  };
  const problem = task.trouble ?? trouble;

  return (
    <Screen title={text.live.title} lead={lead} wide>
      <Problem>
        {problem ? (
          <p data-trouble={problem}>{text.troubles[problem]}</p>
        ) : noFace ? (
          <p>{text.live.noFaceInData}</p>
        ) : unreadable ? (
          <p>{text.reasons.NOT_AN_IMAGE}</p>
        ) : (
          !task.busy && <Why challenge={challenge} path={path} />
        )}
      </Problem>
      {words}
      {camera === undefined ? (
        <CameraView
          key={attempt}
          kind="face"
          paused={task.busy}
          onState={setState}
          onSteady={() => {
            if (automatic && armed.current && !task.busy) {
              take();
            }
          }}
          onTrouble={setCamera}
          onVideo={keepVideo}
        />
      ) : (
        <CameraProblem
          kind="face"
          trouble={camera}
          onRetry={() => {
            setCamera(undefined);
            setAttempt((times) => times + 1);
          }}
        />
      )}
      <div className="actions">
        {camera === undefined && (
          <Action
            busy={task.busy ? busyWith : undefined}
            disabled={!ready || waiting}
            data-testid="take"
            onClick={take}
          >
            {model ? text.live.takeData : text.live.take}
          </Action>
        )}
        {!model && !task.busy && !waiting && (
          <FileButton label={text.live.file} onFile={read} />
        )}
      </div>
      <label className="check">
        <input
          type="checkbox"
          name="automatic"
          checked={automatic}
          onChange={(event) => {
            armed.current = true;
            onAutomatic(event.target.checked);
          }}
        />
        <span>{text.live.automatic}</span>
      </label>
      <div className="links">
        <Action kind="link" disabled={task.busy} onClick={onCancel}>
          {text.live.back}
        </Action>
      </div>
    </Screen>
  );
}
