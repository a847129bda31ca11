// Which screen is shown, and what leads from one to the next.

import { useEffect, useRef, useState } from 'react';

import {
  type Answer,
  asksForPassword,
  type Chain,
  type Challenge,
  enrolsNothing,
  type FaceSignIn,
  hasPassword,
  type Factor,
  type NewPassword,
  type Person,
  type Progress,
  SignInError,
  type Trouble,
  takesFaceData,
} from '../client';
import type { Text } from '../text';
import { watcher } from './CameraView';
import {
  ChooseForm,
  CodeForm,
  ConsentForm,
  type Credentials,
  type NewPerson,
  RecoverForm,
  SignInForm,
  SignUpForm,
} from './forms';
import { Frame } from './Frame';
import { useText } from './language';
import { type Known, next, ofUse, onOffer, type Path, takesAnswer, takesPictures, waysAround, whyAnew } from './next';
import { preference } from './preferences';
import { SignedIn } from './SignedIn';
import { roomOf } from './rooms';
import { DocumentStep, LiveStep } from './screens';
import { Action, Problem, Screen, Status } from './ui';
import { useTask } from './useTask';
import { decided, remember } from './ways';

/** What a chain of challenges is for, and so how it begins anew. */
type Flow = {
  /** The chain that was picked, where there are several. */
  readonly chain?: Chain;
  /** The version of the consent text that was agreed to on the way. */
  readonly agreed?: string;
  /** `ENROL` was asked for on the way. */
  readonly enrols?: boolean;
} & (
  | { readonly kind: 'enrol'; readonly email: string }
  | { readonly kind: 'sign-in'; readonly credentials: Credentials }
);

/** A code by mail: for a new password and nothing else, or for somebody who has no face on record. */
type Purpose = 'password' | 'enrol';

type Place =
  | { readonly at: 'resuming' }
  | {
      readonly at: 'sign-in';
      readonly email: string;
      readonly trouble?: Trouble;
      /** Somebody has just signed out. */
      readonly left?: boolean;
    }
  | { readonly at: 'sign-up'; readonly person: NewPerson; readonly trouble?: Trouble }
  /** Face data are measured before the sign-up that carries them is sent. */
  | { readonly at: 'measure'; readonly person: NewPerson }
  | { readonly at: 'code'; readonly email: string }
  | {
      readonly at: 'recover';
      readonly email: string;
      readonly purpose: Purpose;
      readonly trouble?: Trouble;
    }
  | {
      readonly at: 'reset';
      readonly email: string;
      readonly purpose: Purpose;
      /** A code has confirmed the address just now; this is another one. */
      readonly second?: boolean;
    }
  | { readonly at: 'choose'; readonly flow: Flow; readonly challenge: Challenge }
  /** Nobody who counts has agreed yet. */
  | { readonly at: 'consent'; readonly flow: Flow; readonly challenge: Challenge }
  | { readonly at: 'locked' | 'needs-reset'; readonly flow: Flow }
  | {
      readonly at: 'document' | 'live';
      readonly flow: Flow;
      /** None after a session has ended: the next answer begins another. */
      readonly challenge: Challenge | undefined;
      readonly trouble?: Trouble;
    }
  | { readonly at: 'signed-in'; readonly person: Person };

const emailOf = (flow: Flow): string =>
  flow.kind === 'enrol' ? flow.email : flow.credentials.email;

const WITH_MAIL_FIRST: readonly (Trouble | undefined)[] = [
  'not-in-this-tab',
  'wrong-password',
  'reset-required',
];

const troubleOf = (error: unknown): Trouble | undefined =>
  error instanceof SignInError ? error.trouble : undefined;

/** Loads what the camera needs, while something else takes its time. What fails now is tried again
 * when the camera is there. */
const prepareCamera = () => void watcher().catch(() => undefined);

/** Whether the picture is taken by itself. */
const automatically = preference('automatic');

export function App({ client, person }: { client: FaceSignIn; person: Person | undefined }) {
  const [place, go] = useState<Place>(() =>
    person
      ? { at: 'signed-in', person }
      : client.tab.unfinished()
        ? { at: 'resuming' }
        : { at: 'sign-in', email: '' },
  );
  const text = useText();
  const [doing, setDoing] = useState<keyof Text['busy']>('sending');
  const [automatic, setAutomatic] = useState(() => automatically.get() === 'yes');
  const task = useTask();
  const { policy, faceDataModel } = client.outputs;
  const data = takesFaceData(policy);

  useEffect(
    () =>
      client.listen((event) => {
        if (event.type === 'sending') {
          setDoing(event.way === 'upload' ? 'upload' : 'looking');
        } else if (event.type === 'waiting') {
          setDoing('waiting');
        }
      }),
    [client],
  );

  /** Begins a session; where the chain that was picked is on offer, that is not asked again. */
  const begin = async (flow: Flow): Promise<Challenge> => {
    const challenge =
      flow.kind === 'enrol'
        ? await client.enrol(flow.email)
        : await client.signIn(flow.credentials.email, flow.credentials.password);
    const chain = onOffer(challenge, flow.chain);
    if (chain === undefined) {
      return challenge;
    }
    const progress = await client.choose(challenge, chain);
    if (progress.kind === 'signed-in') {
      throw new SignInError('protocol', 'a chain that is chosen has steps to come');
    }
    return progress.challenge;
  };

  const pathOf = (flow: Flow): Path =>
    flow.kind === 'enrol' || flow.credentials.password !== undefined ? 'password' : 'open';

  /** The factor that a flow is asked for, or enrols for; after a session that ended, the one that its
   * chain begins with. */
  const factorOf = (flow: Flow, challenge: Challenge | undefined): Factor => {
    if (challenge === undefined) {
      return (flow.chain ?? policy[0]).factors[0];
    }
    if (challenge.step === 'SELECT' || challenge.step === 'ENROL') {
      return challenge.model === undefined ? 'FACE' : 'FACE_DATA';
    }
    return challenge.step;
  };

  const known = (flow: Flow): Known => ({
    agreed: flow.agreed,
    measured: client.tab.of(emailOf(flow))?.faceData,
  });

  /** Begins a flow; where the way leads through the mailbox first, it goes there and there is no
   * challenge. */
  const start = async (flow: Flow): Promise<Challenge | undefined> => {
    const email = emailOf(flow);
    try {
      return await begin(flow);
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble === 'not-confirmed') {
        if (flow.kind === 'sign-in') {
          await client.resendCode(email);
        }
        go({ at: 'code', email });
        return undefined;
      }
      if (flow.kind === 'enrol' && WITH_MAIL_FIRST.includes(trouble)) {
        client.tab.forget();
        go({ at: 'recover', email, purpose: 'enrol', trouble: 'not-in-this-tab' });
        return undefined;
      }
      if (trouble === 'reset-required') {
        go({ at: 'recover', email, purpose: 'enrol', trouble });
        return undefined;
      }
      throw error;
    }
  };

  /** Shows what a challenge asks for; face data that a sign-up has measured are sent at once. */
  const arrive = async (before: Flow, challenge: Challenge, trouble?: Trouble): Promise<void> => {
    const flow = challenge.step === 'ENROL' ? { ...before, enrols: true } : before;
    task.fail(undefined);
    const at = next(challenge, known(flow));
    switch (at) {
      case 'locked':
      case 'needs-reset':
        return go({ at, flow });
      case 'choose':
      case 'consent':
        return go({ at, flow, challenge });
      case 'begin-anew':
        return go({ at: 'live', flow, challenge: undefined, trouble: whyAnew(challenge) });
      case 'send-measured': {
        const measured = client.tab.of(emailOf(flow))?.faceData;
        if (measured) {
          return follow(flow, await client.answer(challenge, measured, flow.agreed));
        }
        return;
      }
      case 'document':
      case 'live':
        if (takesPictures(challenge)) {
          prepareCamera();
        }
        return go({ at, flow, challenge, ...(trouble ? { trouble } : {}) });
    }
  };

  const follow = async (flow: Flow, progress: Progress): Promise<void> => {
    if (progress.kind === 'signed-in') {
      return go({ at: 'signed-in', person: progress.person });
    }
    if (next(progress.challenge, known(flow)) !== 'begin-anew') {
      return arrive(flow, progress.challenge);
    }
    // Whatever another window has done with the account, a new session finds it.
    const fresh = await start(flow);
    if (fresh) {
      await arrive(flow, fresh, whyAnew(progress.challenge));
    }
  };

  /** Answers; a session that is over is begun anew, and the answer goes to the new one. */
  const answer = async (flow: Flow, asked: Challenge | undefined, given: Answer): Promise<void> => {
    setDoing('beginning');
    const again = async (trouble: Trouble | undefined): Promise<void> => {
      const fresh = await start(flow);
      if (fresh === undefined) {
        return;
      }
      // After a session that ended, its step is asked for again.
      const step = asked?.step ?? factorOf(flow, undefined);
      if (fresh.step === step && takesAnswer(fresh, known(flow))) {
        await follow(flow, await client.answer(fresh, given, flow.agreed));
      } else {
        await arrive(flow, fresh, trouble);
      }
    };
    try {
      if (asked === undefined) {
        return await again(undefined);
      }
      await follow(flow, await client.answer(asked, given, flow.agreed));
    } catch (error) {
      switch (troubleOf(error)) {
        case 'session-over':
          return again('session-over');
        case 'refused':
          return go({ at: 'live', flow, challenge: undefined, trouble: 'refused' });
        default:
          throw error;
      }
    }
  };

  /** Goes the way that was chosen; where the session is over, in a new one. */
  const choose = async (before: Flow, asked: Challenge, chain: Chain): Promise<void> => {
    remember(policy, chain);
    const flow = { ...before, chain };
    try {
      await follow(flow, await client.choose(asked, chain));
    } catch (error) {
      if (troubleOf(error) !== 'session-over') {
        throw error;
      }
      await enter(flow);
    }
  };

  const enter = async (flow: Flow): Promise<void> => {
    const challenge = await start(flow);
    if (challenge) {
      await arrive(flow, challenge);
    }
  };

  /** Goes on with what this tab has begun, along the way that its sign-up has decided on. */
  const enrol = (email: string): Promise<void> => {
    const chain = decided(policy, client.tab.unfinished(email));
    if (chain) {
      remember(policy, chain);
    }
    return enter({ kind: 'enrol', email, ...(chain ? { chain } : {}) });
  };

  const signIn = (credentials: Credentials, chain: Chain | undefined): Promise<void> => {
    if (chain === undefined || !enrolsNothing(chain)) {
      prepareCamera();
    }
    return enter({ kind: 'sign-in', credentials, ...(chain ? { chain } : {}) });
  };

  /** Leaves a way that is locked for another one. */
  const goAround = async (way: 'mail' | Path, email: string, purpose: Purpose): Promise<void> => {
    const [other, ...others] = policy.filter(({ password }) => password === (way === 'password'));
    if (way === 'mail' || other === undefined) {
      return recoverAnew(email, purpose);
    }
    if (way === 'open') {
      return signIn({ email }, others.length === 0 ? other : undefined);
    }
    remember(policy, other);
    return toSignIn(email);
  };

  const signUp = async (person: NewPerson): Promise<void> => {
    if (data) {
      prepareCamera();
      return go({ at: 'measure', person });
    }
    await client.signUp(person);
    go({ at: 'code', email: person.email });
  };

  const confirm = async (email: string, code: string): Promise<void> => {
    try {
      await client.confirm(email, code);
    } catch (error) {
      if (troubleOf(error) !== 'refused') {
        throw error;
      }
      // It is confirmed already, and what came with it may not have been heard.
      client.tab.forget();
    }
    if (client.tab.unfinished(email)) {
      return enrol(email);
    }
    // Nobody knows the password any more: a new one, by mail, is the other way to prove both.
    await client.forgotPassword(email);
    go({ at: 'reset', email, purpose: 'enrol', second: true });
  };

  const recover = async (email: string, purpose: Purpose): Promise<void> => {
    if (client.tab.unfinished(email)) {
      return enrol(email);
    }
    // Cognito resets the password of confirmed addresses only, and does not say so of others: so
    // the address is confirmed first, unless it is already.
    try {
      await client.resendCode(email);
      go({ at: 'code', email });
    } catch (error) {
      if (troubleOf(error) !== 'not-accepted') {
        throw error;
      }
      await client.forgotPassword(email);
      go({ at: 'reset', email, purpose });
    }
  };

  /** The way through the mailbox, whatever this tab still keeps. */
  const recoverAnew = (email: string, purpose: Purpose): Promise<void> => {
    client.tab.forget();
    return recover(email, purpose);
  };

  const reset = async (email: string, given: NewPassword): Promise<void> => {
    try {
      await client.setPassword(given);
    } catch (error) {
      if (troubleOf(error) !== 'not-confirmed') {
        throw error;
      }
      await client.resendCode(email);
      return go({ at: 'code', email });
    }
    await enrol(email);
  };

  // A reload in the middle of a sign-up goes on where it was.
  const resumed = useRef(false);
  useEffect(() => {
    const unfinished = client.tab.unfinished();
    if (place.at !== 'resuming' || resumed.current || unfinished === undefined) {
      return;
    }
    resumed.current = true;
    const { email } = unfinished;
    enrol(email).catch((error: unknown) =>
      go({ at: 'sign-in', email, trouble: troubleOf(error) ?? 'protocol' }),
    );
  });

  const toSignIn = (email: string, left = false) => go({ at: 'sign-in', email, left });
  /** Leaves what was begun here, for good: the next person at this device must not go on with it. */
  const leave = (email: string) => {
    if (client.tab.unfinished()) {
      client.tab.forget();
    }
    toSignIn(email);
  };
  const toSignUp = (email: string) => go({ at: 'sign-up', person: { email, name: '' } });
  const toRecover = (email: string, purpose: Purpose = 'enrol') =>
    go({ at: 'recover', email, purpose });
  const chooseAutomatic = (yes: boolean) => {
    automatically.set(yes ? 'yes' : 'no');
    setAutomatic(yes);
  };

  const screen = () => {
    switch (place.at) {
      case 'resuming':
        return (
          <Screen title={text.signUp.title}>
            <Status>{text.busy.beginning}</Status>
          </Screen>
        );
      case 'sign-in':
        return (
          <SignInForm
            client={client}
            email={place.email}
            trouble={place.trouble}
            notice={place.left ? text.signedIn.left : undefined}
            onBegin={(credentials, chain) => {
              remember(policy, chain);
              return signIn(credentials, chain);
            }}
            onCreate={toSignUp}
            onRecover={toRecover}
          />
        );
      case 'sign-up':
        return (
          <SignUpForm
            client={client}
            known={place.person}
            trouble={place.trouble}
            onSend={signUp}
            onSignIn={toSignIn}
            onRecover={toRecover}
          />
        );
      case 'measure':
        return (
          <LiveStep
            challenge={undefined}
            lead={text.live.dataLead}
            model={faceDataModel}
            path="open"
            task={task}
            trouble={undefined}
            busyWith={text.busy[doing]}
            automatic={automatic}
            onAutomatic={chooseAutomatic}
            onAnswer={async (measured) => {
              if (!('model' in measured)) {
                return;
              }
              try {
                await client.signUp({ ...place.person, faceData: measured });
                go({ at: 'code', email: place.person.email });
              } catch (error) {
                const trouble = troubleOf(error);
                if (trouble === undefined || trouble === 'offline' || trouble === 'unreachable') {
                  throw error;
                }
                go({ at: 'sign-up', person: place.person, trouble });
              }
            }}
            onCancel={() => go({ at: 'sign-up', person: place.person })}
          />
        );
      case 'code':
        return (
          <CodeForm
            key="code"
            client={client}
            email={place.email}
            kind="confirm"
            onSend={({ code }) => confirm(place.email, code)}
            onAgain={() => client.resendCode(place.email)}
            onBack={() => leave(place.email)}
          />
        );
      case 'recover':
        return (
          <RecoverForm
            key={place.purpose}
            email={place.email}
            purpose={place.purpose}
            trouble={place.trouble}
            onSend={(email) => recover(email, place.purpose)}
            onBack={toSignIn}
          />
        );
      case 'reset':
        return (
          <CodeForm
            key="reset"
            client={client}
            email={place.email}
            kind="reset"
            enrols={place.purpose === 'enrol'}
            second={place.second}
            onSend={(given) => reset(place.email, { email: place.email, ...given })}
            onAgain={() => client.forgotPassword(place.email)}
            onBack={() => leave(place.email)}
          />
        );
      case 'choose':
        return (
          <ChooseForm
            key={place.challenge.id}
            challenge={place.challenge}
            chains={place.challenge.chains ?? policy}
            enrols={place.flow.kind === 'enrol'}
            onChoose={(chain) => choose(place.flow, place.challenge, chain)}
            onBack={() => leave(emailOf(place.flow))}
          />
        );
      case 'consent':
        return (
          <ConsentForm
            outputs={client.outputs}
            asked={place.challenge.consent}
            onAgree={(agreed) => arrive({ ...place.flow, agreed }, place.challenge)}
            onBack={() => leave(emailOf(place.flow))}
          />
        );
      case 'locked':
      case 'needs-reset': {
        const email = emailOf(place.flow);
        const path = pathOf(place.flow);
        const locked = place.at === 'locked';
        const words = locked ? text.locked : text.needsReset;
        const purpose = locked ? 'password' : 'enrol';
        const chains = ofUse(policy, place.flow.chain);
        const ways = locked ? waysAround(path, chains) : (['mail'] as const);
        const lead = !locked
          ? words[hasPassword(policy) ? 'password' : 'byMail']
          : path === 'password'
            ? words[asksForPassword(chains) ? 'password' : 'byMail']
            : text.locked[hasPassword(chains) ? 'openOrPassword' : 'open'];
        return (
          <Screen title={words.title} lead={lead}>
            <Problem>{task.trouble && <p>{text.troubles[task.trouble]}</p>}</Problem>
            <div className="actions" data-blocked={place.at}>
              {ways.map((way, at) => (
                <Action
                  key={way}
                  kind={at === 0 ? 'primary' : 'secondary'}
                  busy={at === 0 && task.busy ? text.busy.beginning : undefined}
                  disabled={task.busy}
                  onClick={() => task.run(() => goAround(way, email, purpose))}
                >
                  {text.ways[way]}
                </Action>
              ))}
            </div>
            <div className="links">
              <Action kind="link" disabled={task.busy} onClick={() => leave(email)}>
                {text.finish.back}
              </Action>
            </div>
          </Screen>
        );
      }
      case 'document':
        return place.challenge ? (
          <DocumentStep
            key={place.challenge.id}
            challenge={place.challenge}
            task={task}
            trouble={place.trouble}
            busyWith={text.busy[doing]}
            onAnswer={(given) => answer(place.flow, place.challenge, given)}
            onCancel={() => leave(emailOf(place.flow))}
          />
        ) : null;
      case 'live': {
        const Room = roomOf(factorOf(place.flow, place.challenge));
        return (
          <Room
            challenge={place.challenge}
            email={emailOf(place.flow)}
            local={client.outputs.cognitoEndpoint !== undefined}
            enrols={place.flow.enrols === true}
            model={place.challenge?.model ?? faceDataModel}
            path={pathOf(place.flow)}
            task={task}
            trouble={place.trouble}
            busyWith={text.busy[doing]}
            automatic={automatic}
            onAutomatic={chooseAutomatic}
            onAnswer={(given) => answer(place.flow, place.challenge, given)}
            onAgain={() => enter(place.flow)}
            onCancel={() => leave(emailOf(place.flow))}
          />
        );
      }
      case 'signed-in':
        return (
          <SignedIn
            client={client}
            person={place.person}
            onLeft={() => toSignIn('', true)}
          />
        );
    }
  };

  return (
    <Frame>
      {!client.lasting && (
        <p className="notice not-kept" data-testid="not-kept">
          {text.notKept}
        </p>
      )}
      {screen()}
    </Frame>
  );
}
