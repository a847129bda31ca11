// `EMAIL_CODE`: the code that was mailed for this sign-in. One for a session: another one is another session's.

import { useState } from 'react';

import { useText } from '../language';
import type { StepProps } from '../rooms';
import { useWait, Why } from '../screens';
import { Action, CodeField, LocalMail, Problem, Screen, Status } from '../ui';

export default function EmailCode({
  challenge,
  email,
  local,
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
  const [another, setAnother] = useState(false);
  const { waiting, words } = useWait(challenge);
  const problem = task.trouble ?? trouble;
  // Nothing was mailed where a wait is due, or no session is left.
  const mailed = challenge !== undefined && challenge.retryAfter === undefined;
  const answer = async () => {
    await onAnswer({ words: typed });
    setTyped('');
  };
  const again = async () => {
    await onAgain();
    setTyped('');
    setAnother(true);
  };
  return (
    <Screen title={challenge === undefined ? text.mailed.ended : text.mailed.title} lead={mailed ? text.mailed.lead(email) : text.mailed.none}>
      <Problem>
        {problem ? (
          // A code is good in its own session alone.
          <p data-trouble={problem}>
            {problem === 'session-over' ? text.codeReasons.EXPIRED : text.troubles[problem]}
          </p>
        ) : (
          !task.busy && <Why challenge={challenge} path={path} own={text.codeReasons} wait={text.mailed.wait} />
        )}
      </Problem>
      {words}
      {mailed && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            task.run(answer);
          }}
        >
          <CodeField value={typed} onChange={setTyped} />
          <Action type="submit" busy={task.busy ? busyWith : undefined}>
            {text.mailed.go}
          </Action>
        </form>
      )}
      <Status>{task.busy ? busyWith : another && mailed && !challenge.reason && text.code.sent}</Status>
      {mailed && local && <LocalMail email={email} />}
      <div className="links">
        <Action kind={mailed ? 'link' : 'primary'} disabled={task.busy || waiting} onClick={() => task.run(again)}>
          {text.mailed.again}
        </Action>
        <Action kind="link" disabled={task.busy} onClick={onCancel}>
          {text.live.back}
        </Action>
      </div>
    </Screen>
  );
}
