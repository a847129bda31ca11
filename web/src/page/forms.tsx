// The screens that are forms.

import { type FormEvent, type ReactNode, useState } from 'react';

import { asksForPassword, type FaceSignIn, type Outputs, takesFaceData, type Trouble } from '../client';
import { en as text } from '../text/en';
import { Action, Field, Problem, Screen, Status } from './ui';
import { type Task, useTask } from './useTask';

/** A form that is sent by pressing Enter, too, and never twice. */
function Form({
  task,
  go,
  disabled = false,
  onSend,
  children,
}: {
  task: Task;
  go: string;
  disabled?: boolean;
  onSend: () => Promise<void>;
  children: ReactNode;
}) {
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!disabled) {
      task.run(onSend);
    }
  };
  return (
    <form onSubmit={send}>
      <Problem>{task.trouble && text.troubles[task.trouble]}</Problem>
      {children}
      <Action type="submit" busy={task.busy ? text.busy.beginning : undefined} disabled={disabled}>
        {go}
      </Action>
    </form>
  );
}

const emailField = {
  type: 'email',
  name: 'email',
  autoComplete: 'username',
  inputMode: 'email',
  required: true,
  maxLength: 254,
} as const;

/** What somebody types to sign in. */
export interface Credentials {
  readonly email: string;
  readonly password?: string;
}

export function SignInForm({
  client,
  email: known,
  trouble,
  notice,
  onBegin,
  onCreate,
  onRecover,
}: {
  client: FaceSignIn;
  email: string;
  trouble?: Trouble | undefined;
  notice?: string | undefined;
  onBegin: (credentials: Credentials) => Promise<void>;
  onCreate: (email: string) => void;
  onRecover: (email: string, purpose: 'password' | 'enrol') => void;
}) {
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState('');
  const task = useTask(trouble);
  const withPassword = asksForPassword(client.outputs.policy);
  return (
    <Screen title={text.signIn.title} lead={text.signIn.lead}>
      {notice && <Status className="notice">{notice}</Status>}
      <Form
        task={task}
        go={text.signIn.go}
        onSend={() => onBegin({ email: email.trim(), ...(withPassword ? { password } : {}) })}
      >
        <Field
          {...emailField}
          label={text.signIn.email}
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        {withPassword && (
          <Field
            label={text.signIn.password}
            type="password"
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Form>
      <div className="links">
        {withPassword && (
          <Action kind="link" onClick={() => onRecover(email, 'password')}>
            {text.signIn.forgot}
          </Action>
        )}
        <Action kind="link" onClick={() => onRecover(email, 'enrol')}>
          {text.signIn.unfinished}
        </Action>
        <Action kind="link" onClick={() => onCreate(email)}>
          {text.signIn.create}
        </Action>
      </div>
    </Screen>
  );
}

/** What somebody types to sign up. */
export interface NewPerson {
  readonly email: string;
  readonly name: string;
  readonly password?: string;
}

/** What somebody agrees to: terms, and what they mean on this stack. */
function consentOf({ policy, keepsDocuments }: Outputs): readonly (readonly [string, string])[] {
  const words = text.consent;
  const { pictures, data } = words;
  const [of, howLong] = takesFaceData(policy)
    ? [data, data.howLong]
    : [pictures, keepsDocuments ? pictures.howLongKept : pictures.howLong];
  return [
    [words.what, of.what],
    [words.why, of.why],
    [words.howLong, howLong],
    [words.who, of.who],
    [words.erase, words.how],
  ];
}

/** The consent text with its box to tick. Nobody is asked to agree to a text that they are not shown:
 * see {@link shown}. */
function Consent({ outputs }: { outputs: Outputs }) {
  const [agreed, setAgreed] = useState(false);
  return (
    <fieldset className="consent">
      <legend>{text.signUp.consentTitle}</legend>
      <dl>
        {consentOf(outputs).map(([term, meaning]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      {takesFaceData(outputs.policy) && (
        <p className="hint">{text.dataNotice[outputs.faceDataModel]}</p>
      )}
      <p className="hint">{text.consent.versionIs(text.consent.version)}</p>
      <label className="check">
        <input
          type="checkbox"
          name="consent"
          required
          checked={agreed}
          onChange={(event) => setAgreed(event.target.checked)}
        />
        <span>{text.signUp.consent}</span>
      </label>
    </fieldset>
  );
}

/** Whether this page has the version of the text that somebody must agree to. */
const shown = (asked: string): boolean => asked === text.consent.version;

/** Consent where an enrolment asks for it: nobody who counts has agreed yet. */
export function ConsentForm({
  outputs,
  asked = outputs.consentVersion,
  onAgree,
  onBack,
}: {
  outputs: Outputs;
  /** The version that must be agreed to. */
  asked: string | undefined;
  onAgree: (version: string) => Promise<void>;
  onBack: () => void;
}) {
  const task = useTask();
  return (
    <Screen
      title={text.agree.title}
      lead={shown(asked) ? text.agree.lead : text.agree.other(asked, text.consent.version)}
    >
      {shown(asked) && (
        <Form task={task} go={text.signUp.go} onSend={() => onAgree(asked)}>
          <Consent outputs={outputs} />
        </Form>
      )}
      <div className="links">
        <Action kind="link" onClick={onBack}>
          {text.finish.back}
        </Action>
      </div>
    </Screen>
  );
}

export function SignUpForm({
  client,
  known,
  trouble,
  onSend,
  onSignIn,
  onRecover,
}: {
  client: FaceSignIn;
  known: NewPerson;
  trouble?: Trouble | undefined;
  onSend: (person: NewPerson) => Promise<void>;
  onSignIn: (email: string) => void;
  onRecover: (email: string) => void;
}) {
  const [name, setName] = useState(known.name);
  const [email, setEmail] = useState(known.email);
  const [password, setPassword] = useState(known.password ?? '');
  const task = useTask(trouble);
  const { policy, consentVersion } = client.outputs;
  const data = takesFaceData(policy);
  const withPassword = asksForPassword(policy);
  if (!shown(consentVersion)) {
    return (
      <Screen
        title={text.signUp.title}
        lead={text.consent.other(consentVersion, text.consent.version)}
      >
        <div className="links">
          <Action kind="link" onClick={() => onSignIn(email)}>
            {text.signUp.have}
          </Action>
        </div>
      </Screen>
    );
  }
  return (
    <Screen title={text.signUp.title} lead={data ? text.signUp.leadData : text.signUp.lead}>
      <Form
        task={task}
        go={text.signUp.go}
        onSend={() =>
          onSend({
            name: name.trim(),
            email: email.trim(),
            ...(withPassword ? { password } : {}),
          })
        }
      >
        <Field
          label={text.signUp.name}
          name="name"
          autoComplete="name"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Field
          {...emailField}
          label={text.signUp.email}
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        {withPassword && (
          <Field
            label={text.signUp.password}
            hint={text.signUp.passwordHint}
            type="password"
            name="password"
            autoComplete="new-password"
            required
            minLength={12}
            maxLength={256}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
        <Consent outputs={client.outputs} />
      </Form>
      <div className="links">
        {task.trouble === 'account-exists' && (
          <Action kind="link" onClick={() => onRecover(email)}>
            {text.signIn.unfinished}
          </Action>
        )}
        <Action kind="link" onClick={() => onSignIn(email)}>
          {text.signUp.have}
        </Action>
      </div>
    </Screen>
  );
}

export function CodeForm({
  client,
  email,
  kind,
  enrols = false,
  second = false,
  onSend,
  onAgain,
  onBack,
}: {
  client: FaceSignIn;
  email: string;
  /** Whether the code confirms the address, or sets a password. */
  kind: 'confirm' | 'reset';
  /** Whether the account will enrol afterwards, so that consent is asked for here. */
  enrols?: boolean;
  /** Whether another code was entered just before. */
  second?: boolean | undefined;
  onSend: (given: {
    readonly code: string;
    readonly password?: string;
    readonly consent?: string;
  }) => Promise<void>;
  onAgain: () => Promise<void>;
  onBack: () => void;
}) {
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const [sent, setSent] = useState(0);
  const task = useTask();
  const { policy, consentVersion } = client.outputs;
  const withPassword = kind === 'reset' && asksForPassword(policy);
  // Where the service asks for another version, the enrolment says so when it comes to that.
  const consent = enrols && shown(consentVersion) ? consentVersion : undefined;
  return (
    <Screen
      title={withPassword ? text.forgot.title : second ? text.code.proof : text.code.title}
      lead={second ? text.code.proofLead(email) : text.code.lead(email)}
    >
      <Status>{sent > 0 && text.code.sent}</Status>
      <Form
        task={task}
        go={withPassword ? text.forgot.go : text.code.go}
        onSend={() =>
          onSend({
            code: code.trim(),
            ...(withPassword ? { password } : {}),
            ...(consent ? { consent } : {}),
          })
        }
      >
        <Field
          label={text.code.label}
          name="code"
          autoComplete="one-time-code"
          inputMode="numeric"
          required
          pattern="\s*[0-9]{6}\s*"
          title="123456"
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
        {withPassword && (
          <Field
            label={text.forgot.password}
            hint={text.signUp.passwordHint}
            type="password"
            name="password"
            autoComplete="new-password"
            required
            minLength={12}
            maxLength={256}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
        {consent && <Consent outputs={client.outputs} />}
      </Form>
      {client.outputs.cognitoEndpoint && (
        <p className="local">
          {text.code.local} <code>cargo xtask mail {email}</code>
        </p>
      )}
      <div className="links">
        <Action
          kind="link"
          onClick={() =>
            task.run(async () => {
              await onAgain();
              setSent((times) => times + 1);
            })
          }
        >
          {text.code.again}
        </Action>
        <Action kind="link" onClick={onBack}>
          {text.finish.back}
        </Action>
      </div>
    </Screen>
  );
}

export function RecoverForm({
  email: known,
  purpose,
  trouble,
  onSend,
  onBack,
}: {
  email: string;
  purpose: 'password' | 'enrol';
  trouble?: Trouble | undefined;
  onSend: (email: string) => Promise<void>;
  onBack: (email: string) => void;
}) {
  const [email, setEmail] = useState(known);
  const task = useTask(trouble);
  const words = purpose === 'password' ? text.forgot : text.finish;
  return (
    <Screen title={words.title} lead={words.lead}>
      <Form task={task} go={text.finish.go} onSend={() => onSend(email.trim())}>
        <Field
          {...emailField}
          label={text.finish.email}
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </Form>
      <div className="links">
        <Action kind="link" onClick={() => onBack(email)}>
          {text.finish.back}
        </Action>
      </div>
    </Screen>
  );
}
