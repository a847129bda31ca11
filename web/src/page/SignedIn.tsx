import type { FaceSignIn, Person } from '../client';
import { useLanguage } from './language';
import { Action, Problem, Screen } from './ui';
import { useTask } from './useTask';

export function SignedIn({
  client,
  person,
  onLeft,
}: {
  client: FaceSignIn;
  person: Person;
  onLeft: () => void;
}) {
  const { text, locale } = useLanguage();
  const task = useTask();
  const leave = () =>
    task.run(async () => {
      await client.signOut();
      onLeft();
    });
  const shown = person.steps?.split('+');
  const words: Readonly<Record<string, string>> = text.signedIn.step;
  const steps = shown?.map((step) =>
    step === 'ENROL' && !shown.includes('FACE') ? text.signedIn.enrolledData : (words[step] ?? step),
  );
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  return (
    <Screen title={text.signedIn.title(person.name ?? person.email)} lead={text.signedIn.lead}>
      <Problem>{task.trouble && text.troubles[task.trouble]}</Problem>
      <dl className="facts">
        <div>
          <dt>{text.signedIn.email}</dt>
          <dd>{person.email}</dd>
        </div>
        {steps && (
          <div>
            <dt>{text.signedIn.steps}</dt>
            <dd data-testid="steps">{text.signedIn.list(steps)}</dd>
          </div>
        )}
        <div>
          <dt>{text.signedIn.until}</dt>
          <dd>
            <time dateTime={person.expiresAt.toISOString()}>{time.format(person.expiresAt)}</time>
          </dd>
        </div>
      </dl>
      <div className="actions">
        <Action busy={task.busy ? text.busy.beginning : undefined} onClick={leave}>
          {text.signedIn.out}
        </Action>
      </div>
    </Screen>
  );
}
