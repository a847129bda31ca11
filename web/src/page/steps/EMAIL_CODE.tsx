// `EMAIL_CODE`: the code that was mailed for this sign-in. One for a session: another one is another session's.

import { useState } from 'react';

import { useText } from '../language';
import type { StepProps } from '../rooms';
import { useWait, Why } from '../screens';
import { Action, Field, Problem, Screen, Status } from '../ui';

export default function EmailCode({
  challenge,
  path,
  task,
  trouble,
  busyWith,
  onAnswer,
  onAgain,
  onCancel,
}: StepProps) {
  const text = useText();
  const [typed, setTyped] = useState('');
  const { waiting, words } = useWait(challenge);
  const problem = task.trouble ?? trouble;
  // Nothing was mailed where the answer would not be looked at, or no session is left.
  const mailed = challenge !== undefined && challenge.reason !== 'TRY_LATER';
  const again = () => task.run(onAgain);
  return (
    <Screen title={text.mailed.title} lead={mailed ? text.mailed.lead : text.mailed.none}>
      <Problem>
        {problem ? (
          <p data-trouble={problem}>{text.troubles[problem]}</p>
        ) : task.busy ? null : challenge?.reason === 'NO_MATCH' ? (
          <>
            <p data-reason={challenge.reason}>{text.mailed.wrong}</p>
            <p>{text.attemptsLeft(challenge.attemptsLeft)}</p>
          </>
        ) : challenge?.reason === 'EXPIRED' ? (
          <p data-reason={challenge.reason}>{text.mailed.tooOld}</p>
        ) : (
          <Why challenge={challenge} path={path} />
        )}
      </Problem>
      {words}
      {mailed && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            task.run(async () => {
              await onAnswer({ words: typed });
              setTyped('');
            });
          }}
        >
          <Field
            label={text.code.label}
            name="code"
            autoComplete="one-time-code"
            inputMode="numeric"
            required
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          <Action type="submit" busy={task.busy ? busyWith : undefined}>
            {text.mailed.go}
          </Action>
        </form>
      )}
      <Status>{task.busy && busyWith}</Status>
      <div className="links">
        <Action kind="link" disabled={task.busy || waiting} onClick={again}>
          {text.mailed.again}
        </Action>
        <Action kind="link" disabled={task.busy} onClick={onCancel}>
          {text.live.back}
        </Action>
      </div>
    </Screen>
  );
}
