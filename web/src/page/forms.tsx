// The screens that are forms.

import { type FormEvent, Fragment, type ReactNode, useState } from 'react';

import {
  type Chain,
  type Challenge,
  enrolsNothing,
  FACTORS,
  type FaceSignIn,
  hasPassword,
  type Outputs,
  type Policy,
  takesFaceData,
  type Trouble,
  waysWithoutFace,
} from '../client';
import { CONSENT_VERSION, type Terms, type Text } from '../text';
import { useText } from './language';
import { useWait, Why } from './screens';
import { Action, Choice, CodeField, digits, Field, LocalMail, Problem, Screen, Status, useComplaint } from './ui';
import { type Task, useTask } from './useTask';
import { usualWay } from './ways';

/** A form that is sent by pressing Enter, too, and never twice. */
function Form({
  task,
  go,
  disabled = false,
  problem,
  onSend,
  children,
}: {
  task: Task;
  go: string;
  disabled?: boolean;
  /** What is wrong, where nothing is wrong with what was sent from here. */
  problem?: ReactNode;
  onSend: () => Promise<void>;
  children: ReactNode;
}) {
  const text = useText();
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!disabled) {
      task.run(onSend);
    }
  };
  return (
    <form onSubmit={send}>
      <Problem>{task.trouble ? text.troubles[task.trouble] : problem}</Problem>
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

/** The ways to sign in, of which one is picked. */
function Ways({
  chains,
  picked,
  onPick,
}: {
  chains: Policy;
  picked: Chain;
  onPick: (chain: Chain) => void;
}) {
  const text = useText();
  return (
    <fieldset className="ways">
      <legend>{text.choose.legend}</legend>
      {chains.map((chain) => (
        <Choice
          key={chain.name}
          name="way"
          value={chain.name}
          label={text.choose.way(chain)}
          checked={chain.name === picked.name}
          onChange={() => onPick(chain)}
        />
      ))}
    </fieldset>
  );
}

/** The choice among what the service offers. */
export function ChooseForm({
  challenge,
  chains,
  enrols,
  onChoose,
  onBack,
}: {
  challenge: Challenge;
  chains: Policy;
  /** Whether a face may have to be recorded first. */
  enrols: boolean;
  onChoose: (chain: Chain) => Promise<void>;
  onBack: () => void;
}) {
  const text = useText();
  const [picked, setPicked] = useState(() => usualWay(chains));
  const task = useTask();
  const { waiting, words } = useWait(challenge);
  const lead = !enrols
    ? text.choose.lead
    : waysWithoutFace(chains).length > 0
      ? text.choose.enrolEitherLead
      : text.choose.enrolLead;
  return (
    <Screen title={text.choose.title} lead={lead}>
      <Form
        task={task}
        go={text.choose.go}
        disabled={waiting}
        problem={<Why challenge={challenge} path="password" />}
        onSend={() => onChoose(picked)}
      >
        {words}
        <Ways chains={chains} picked={picked} onPick={setPicked} />
      </Form>
      <div className="links">
        <Action kind="link" onClick={onBack}>
          {text.finish.back}
        </Action>
      </div>
    </Screen>
  );
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
  onBegin: (credentials: Credentials, chain: Chain) => Promise<void>;
  onCreate: (email: string) => void;
  onRecover: (email: string, purpose: 'password' | 'enrol') => void;
}) {
  const text = useText();
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState('');
  const { policy } = client.outputs;
  const [chain, pick] = useState(() => usualWay(policy));
  const task = useTask(trouble);
  return (
    <Screen title={text.signIn.title} lead={enrolsNothing(chain) ? text.signIn.leadWithoutFace : text.signIn.lead}>
      {notice && <Status className="notice">{notice}</Status>}
      <Form
        task={task}
        go={text.signIn.go}
        onSend={() => onBegin({ email: email.trim(), ...(chain.password ? { password } : {}) }, chain)}
      >
        {policy.length > 1 && <Ways chains={policy} picked={chain} onPick={pick} />}
        <Field
          {...emailField}
          label={text.signIn.email}
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        {chain.password && (
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
        {hasPassword(policy) && (
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
  /** Whether they want no face on record. */
  readonly withoutFace?: boolean;
}

/** A part of what somebody agrees to: terms, and what they mean on this stack. */
interface Agreement {
  /** Where it holds, if not everywhere. */
  readonly where?: string;
  readonly terms: readonly (readonly [string, string])[];
  readonly notice?: string;
}

/** What somebody agrees to: the terms of each factor that the policy has, each once. */
function consentOf(
  { policy, keepsDocuments, faceDataModel }: Outputs,
  { consent: words }: Text,
): readonly Agreement[] {
  const used = FACTORS.filter((factor) => policy.some(({ factors }) => factors.includes(factor)));
  const agreements = used.flatMap((factor): Agreement[] => {
    const of: Terms | null = words.terms[factor];
    if (of === null) {
      return [];
    }
    const notice = of.notice?.[faceDataModel];
    return [
      {
        where: of.where,
        terms: [
          [words.what, of.what],
          [words.why, of.why],
          [words.howLong, (keepsDocuments && of.howLongKept) || of.howLong],
          [words.who, of.who],
          [words.erase, words.how],
        ],
        ...(notice ? { notice } : {}),
      },
    ];
  });
  return agreements.length > 1 ? agreements : agreements.map(({ where: _, ...only }) => only);
}

/** The consent text with its box to tick. Nobody is asked to agree to a text that they are not shown:
 * see {@link shown}. */
function Consent({ outputs }: { outputs: Outputs }) {
  const text = useText();
  const box = useComplaint();
  const [agreed, setAgreed] = useState(false);
  return (
    <fieldset className="consent">
      <legend>{text.signUp.consentTitle}</legend>
      {consentOf(outputs, text).map(({ where, terms, notice }) => (
        <Fragment key={where ?? ''}>
          {where && <p className="where">{where}</p>}
          <dl>
            {terms.map(([term, meaning]) => (
              <div key={term}>
                <dt>{term}</dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
          {notice && <p className="hint">{notice}</p>}
        </Fragment>
      ))}
      <p className="hint">{text.consent.versionIs(CONSENT_VERSION)}</p>
      <label className="check">
        <input
          ref={box}
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
const shown = (asked: string): boolean => asked === CONSENT_VERSION;

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
  const text = useText();
  const task = useTask();
  return (
    <Screen
      title={text.agree.title}
      lead={shown(asked) ? text.agree.lead : text.agree.other(asked, CONSENT_VERSION)}
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
  const text = useText();
  const [name, setName] = useState(known.name);
  const [email, setEmail] = useState(known.email);
  const [password, setPassword] = useState(known.password ?? '');
  const task = useTask(trouble);
  const { policy, consentVersion } = client.outputs;
  const [way] = waysWithoutFace(policy);
  // Nobody is asked where the policy leaves no choice; and where it does, nobody chooses by doing nothing.
  const asks = way !== undefined && !policy.every(enrolsNothing);
  const [withFace, setWithFace] = useState(asks ? undefined : way === undefined);
  const { length } = consentOf(client.outputs, text);
  const needed = length > 1 ? text.signUp.leadEither : takesFaceData(policy) ? text.signUp.leadData : text.signUp.lead;
  const lead = asks ? text.signUp.leadChoice : withFace ? needed : text.signUp.leadWithoutFace;
  const withPassword = hasPassword(policy);
  if (way === undefined && !shown(consentVersion)) {
    return (
      <Screen
        title={text.signUp.title}
        lead={text.consent.other(consentVersion, CONSENT_VERSION)}
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
    <Screen title={text.signUp.title} lead={lead}>
      <Form
        task={task}
        go={text.signUp.go}
        disabled={withFace === true && !shown(consentVersion)}
        onSend={() =>
          onSend({
            name: name.trim(),
            email: email.trim(),
            ...(withPassword ? { password } : {}),
            withoutFace: withFace !== true,
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
        {asks && (
          <fieldset className="ways">
            <legend>{text.choose.legend}</legend>
            <Choice
              name="face"
              value="with"
              label={text.signUp.withFace}
              hint={needed}
              required
              checked={withFace === true}
              onChange={() => setWithFace(true)}
            />
            <Choice
              name="face"
              value="without"
              label={text.signUp.withoutFace}
              hint={text.choose.way(way)}
              required
              checked={withFace === false}
              onChange={() => setWithFace(false)}
            />
          </fieldset>
        )}
        {withFace &&
          (shown(consentVersion) ? (
            <Consent outputs={client.outputs} />
          ) : (
            <p className="hint">{text.agree.other(consentVersion, CONSENT_VERSION)}</p>
          ))}
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
  const text = useText();
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const [sent, setSent] = useState(0);
  const task = useTask();
  const { policy, consentVersion } = client.outputs;
  const withPassword = kind === 'reset' && hasPassword(policy);
  // Where the service asks for another version, the enrolment says so when it comes to that; and where there
  // is a way without a face, it asks if it comes to one at all.
  const asks = enrols && waysWithoutFace(policy).length === 0 && shown(consentVersion);
  const consent = asks ? consentVersion : undefined;
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
            code: digits(code),
            ...(withPassword ? { password } : {}),
            ...(consent ? { consent } : {}),
          })
        }
      >
        {/* For what keeps passwords: whose the new one is. */}
        {withPassword && <input type="email" autoComplete="username" value={email} readOnly hidden />}
        <CodeField value={code} onChange={setCode} />
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
      {client.outputs.cognitoEndpoint && <LocalMail email={email} />}
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
  const text = useText();
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
