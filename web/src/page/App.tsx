// Which screen is shown, and what leads from one to the next.

import { useEffect, useRef, useState } from 'react';

import {
  type Answer,
  type Challenge,
  type FaceSignIn,
  type Person,
  type Progress,
  SignInError,
  type Trouble,
  takesFaceData,
} from '../client';
import { en as text } from '../text/en';
import { watcher } from './CameraView';
import {
  CodeForm,
  type Credentials,
  type NewPerson,
  RecoverForm,
  SignInForm,
  SignUpForm,
} from './forms';
import { SignedIn } from './SignedIn';
import { DocumentStep, LiveStep } from './steps';
import { Screen, Status } from './ui';
import { useTask } from './useTask';

/** What a chain of challenges is for, and so how it begins anew. */
type Flow =
  | { readonly kind: 'enrol'; readonly email: string }
  | { readonly kind: 'sign-in'; readonly credentials: Credentials };

type Place =
  | { readonly at: 'resuming' }
  | {
      readonly at: 'sign-in';
      readonly email: string;
      readonly trouble?: Trouble;
      readonly notice?: string;
    }
  | { readonly at: 'sign-up'; readonly person: NewPerson; readonly trouble?: Trouble }
  /** Face data are measured before the sign-up that carries them is sent. */
  | { readonly at: 'measure'; readonly person: NewPerson }
  | { readonly at: 'code'; readonly email: string }
  | { readonly at: 'recover'; readonly email: string; readonly trouble?: Trouble }
  | { readonly at: 'reset'; readonly email: string }
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

const troubleOf = (error: unknown): Trouble | undefined =>
  error instanceof SignInError ? error.trouble : undefined;

/** Loads what the camera needs, while something else takes its time. What fails now is tried again
 * when the camera is there. */
const prepareCamera = () => void watcher().catch(() => undefined);

/** The product's mark, in the colour of the theme. */
function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" className="mark">
      <path d="M4 10V6a2 2 0 0 1 2-2h4M22 4h4a2 2 0 0 1 2 2v4M28 22v4a2 2 0 0 1-2 2h-4M10 28H6a2 2 0 0 1-2-2v-4" />
      <path d="M11.5 12.5v2M20.5 12.5v2M11 20c3 2.6 7 2.6 10 0" />
    </svg>
  );
}

const AUTOMATIC = 'face-sign-in.automatic';

export function App({ client, person }: { client: FaceSignIn; person: Person | undefined }) {
  const [place, go] = useState<Place>(() =>
    person
      ? { at: 'signed-in', person }
      : client.sittings.any()
        ? { at: 'resuming' }
        : { at: 'sign-in', email: '' },
  );
  const [busyWith, setBusyWith] = useState<string>(text.busy.sending);
  const [automatic, setAutomatic] = useState(() => localStorage.getItem(AUTOMATIC) === 'yes');
  const task = useTask();
  const { policy, faceDataModel } = client.outputs;
  const data = takesFaceData(policy);

  useEffect(
    () =>
      client.listen((event) => {
        if (event.type === 'sending') {
          setBusyWith(event.way === 'upload' ? text.busy.upload : text.busy.looking);
        } else if (event.type === 'waiting') {
          setBusyWith(text.busy.waiting);
        }
      }),
    [client],
  );

  const begin = (flow: Flow): Promise<Challenge> =>
    flow.kind === 'enrol'
      ? client.enrol(flow.email)
      : client.signIn(flow.credentials.email, flow.credentials.password);

  /** Shows what a challenge asks for; face data that a sign-up has measured are sent at once. */
  const arrive = async (flow: Flow, challenge: Challenge, trouble?: Trouble): Promise<void> => {
    task.fail(undefined);
    const measured = client.sittings.of(emailOf(flow))?.faceData;
    if (challenge.step === 'ENROL' && data && measured && challenge.reason === undefined) {
      return follow(flow, await client.answer(challenge, measured));
    }
    prepareCamera();
    const at = challenge.step === 'ENROL' && !data ? 'document' : 'live';
    go({ at, flow, challenge, ...(trouble ? { trouble } : {}) });
  };

  const follow = async (flow: Flow, progress: Progress): Promise<void> => {
    if (progress.kind === 'signed-in') {
      go({ at: 'signed-in', person: progress.person });
    } else {
      await arrive(flow, progress.challenge);
    }
  };

  /** Answers; a session that is over is begun anew, and the answer goes to the new one. */
  const answer = async (flow: Flow, asked: Challenge | undefined, given: Answer): Promise<void> => {
    setBusyWith(text.busy.beginning);
    const again = async (trouble: Trouble | undefined): Promise<void> => {
      const fresh = await begin(flow);
      if (asked !== undefined && fresh.step === asked.step && fresh.retryAfter === undefined) {
        await follow(flow, await client.answer(fresh, given));
      } else {
        await arrive(flow, fresh, trouble);
      }
    };
    try {
      if (asked === undefined) {
        // The step is that of a session that ended.
        const fresh = await begin(flow);
        return fresh.step === 'ENROL' || fresh.retryAfter !== undefined
          ? await arrive(flow, fresh)
          : await follow(flow, await client.answer(fresh, given));
      }
      if (asked.expiresAt.getTime() <= Date.now()) {
        return await again('session-over');
      }
      await follow(flow, await client.answer(asked, given));
    } catch (error) {
      switch (troubleOf(error)) {
        case 'session-over':
          return again('session-over');
        case 'refused':
          return go({ at: 'live', flow, challenge: undefined, trouble: 'refused' });
        case 'sitting-gone':
          return go({ at: 'recover', email: emailOf(flow), trouble: 'sitting-gone' });
        default:
          throw error;
      }
    }
  };

  const enrol = async (email: string): Promise<void> => {
    const flow: Flow = { kind: 'enrol', email };
    try {
      await arrive(flow, await begin(flow));
    } catch (error) {
      if (troubleOf(error) === 'not-confirmed') {
        return go({ at: 'code', email });
      }
      if (['sitting-gone', 'wrong-password'].includes(troubleOf(error) ?? '')) {
        client.sittings.forget();
        return go({ at: 'recover', email, trouble: 'sitting-gone' });
      }
      throw error;
    }
  };

  const signIn = async (credentials: Credentials): Promise<void> => {
    prepareCamera();
    const flow: Flow = { kind: 'sign-in', credentials };
    try {
      await arrive(flow, await begin(flow));
    } catch (error) {
      if (troubleOf(error) !== 'not-confirmed') {
        throw error;
      }
      await client.resendCode(credentials.email);
      go({ at: 'code', email: credentials.email });
    }
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
      client.sittings.forget();
    }
    if (client.sittings.of(email)) {
      return enrol(email);
    }
    // Nobody knows the password any more: a new one, by mail, is the other way to prove both.
    await client.forgotPassword(email);
    go({ at: 'reset', email });
  };

  const recover = async (email: string): Promise<void> => {
    if (client.sittings.of(email)) {
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
      go({ at: 'reset', email });
    }
  };

  // A reload in the middle of a sign-up goes on where it was.
  const resumed = useRef(false);
  useEffect(() => {
    const sitting = client.sittings.any();
    if (place.at !== 'resuming' || resumed.current || sitting === undefined) {
      return;
    }
    resumed.current = true;
    enrol(sitting.email).catch((error: unknown) =>
      go({ at: 'sign-in', email: sitting.email, trouble: troubleOf(error) ?? 'protocol' }),
    );
  });

  const toSignIn = (email: string, notice?: string) =>
    go({ at: 'sign-in', email, ...(notice ? { notice } : {}) });
  const toSignUp = (email: string) => go({ at: 'sign-up', person: { email, name: '' } });
  const toRecover = (email: string) => go({ at: 'recover', email });
  const choose = (yes: boolean) => {
    localStorage.setItem(AUTOMATIC, yes ? 'yes' : 'no');
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
            notice={place.notice}
            onBegin={signIn}
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
            task={task}
            trouble={undefined}
            busyWith={busyWith}
            automatic={automatic}
            onAutomatic={choose}
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
            onSend={(code) => confirm(place.email, code)}
            onAgain={() => client.resendCode(place.email)}
            onBack={() => toSignIn(place.email)}
          />
        );
      case 'recover':
        return (
          <RecoverForm
            client={client}
            email={place.email}
            trouble={place.trouble}
            onSend={recover}
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
            onSend={async (code, password) => {
              await client.setPassword(place.email, code, password);
              await enrol(place.email);
            }}
            onAgain={() => client.forgotPassword(place.email)}
            onBack={() => toSignIn(place.email)}
          />
        );
      case 'document':
        return place.challenge ? (
          <DocumentStep
            key={place.challenge.id}
            challenge={place.challenge}
            task={task}
            busyWith={busyWith}
            onAnswer={(given) => answer(place.flow, place.challenge, given)}
            onCancel={() => toSignIn(emailOf(place.flow))}
          />
        ) : null;
      case 'live':
        return (
          <LiveStep
            challenge={place.challenge}
            lead={
              data
                ? place.flow.kind === 'enrol' && place.challenge?.step === 'FACE_DATA'
                  ? text.live.second
                  : text.live.dataLead
                : place.flow.kind === 'enrol'
                  ? text.live.enrolLead
                  : text.live.lead
            }
            model={data ? faceDataModel : undefined}
            task={task}
            trouble={place.trouble}
            busyWith={busyWith}
            automatic={automatic}
            onAutomatic={choose}
            onAnswer={(given) => answer(place.flow, place.challenge, given)}
            onCancel={() => toSignIn(emailOf(place.flow))}
          />
        );
      case 'signed-in':
        return (
          <SignedIn
            client={client}
            person={place.person}
            onLeft={() => toSignIn(place.person.email, text.signedIn.left)}
          />
        );
    }
  };

  return (
    <>
      <header className="bar">
        <span className="brand">
          <Mark />
          {text.product}
        </span>
      </header>
      <main className="frame">{screen()}</main>
    </>
  );
}
