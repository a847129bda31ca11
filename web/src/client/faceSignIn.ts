// Signing up and signing in with a face, for any page: no framework, no element of a page. It goes
// through aws-amplify, so that whatever else of Amplify a page uses finds the user signed in.

import { Amplify } from 'aws-amplify';
import {
  confirmResetPassword,
  confirmSignIn,
  confirmSignUp,
  fetchAuthSession,
  resendSignUpCode,
  resetPassword,
  signIn,
  signOut,
  signUp,
} from 'aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';
import type { KeyValueStorageInterface } from 'aws-amplify/utils';

import { browserSecret } from './browser';
import { SignInError, understood, unreachable } from './errors';
import type { FaceData } from './faceData';
import type { Outputs } from './outputs';
import { fitsAnswer, inline, type Picture } from './picture';
import { asksForPassword, type Chain, hasPassword } from './policy';
import { type Challenge, readChallenge, type Upload } from './protocol';
import { localStore, sessionStore, type Store } from './storage';
import { randomHex, randomPassword, sha256, TabStore } from './tab';

/** Somebody who is signed in. */
export interface Person {
  readonly email: string;
  readonly name?: string;
  /** What they showed, as the id token says it; none after the tokens were refreshed. */
  readonly steps?: string;
  /** When the tokens end; they are refreshed before that. */
  readonly expiresAt: Date;
}

/** How far a sign-in has come. */
export type Progress =
  | { readonly kind: 'challenge'; readonly challenge: Challenge }
  | { readonly kind: 'signed-in'; readonly person: Person };

/** What a page may show while something happens. */
export type SignInEvent =
  /** A step is due; with a reason where the last try did not pass. */
  | { readonly type: 'step'; readonly challenge: Challenge }
  /** An answer is on its way. */
  | { readonly type: 'sending'; readonly way: 'inline' | 'upload' | 'numbers' }
  /** The picture is still being looked at; the client asks again by itself. */
  | { readonly type: 'waiting' }
  | { readonly type: 'signed-in'; readonly person: Person };

/** What answers a challenge. */
export type Answer = Picture | FaceData | Words;

/** What a person typed or chose, word for word. */
export interface Words {
  readonly words: string;
}

/** What a sign-up takes. */
export interface SignUp {
  readonly email: string;
  readonly name: string;
  /** The user's own; without one the tab keeps a random one until the face is enrolled. */
  readonly password?: string;
  /** Where the stack compares face data at every sign-in (`takesFaceData`), and nowhere else. */
  readonly faceData?: FaceData;
  /** Whether the person wants no face on record, which needs a chain that enrols nothing
   * (`waysWithoutFace`). They consent to nothing; if they choose to enrol later, `ENROL` asks for it. */
  readonly withoutFace?: boolean;
}

/** What a password reset takes. */
export interface NewPassword {
  readonly email: string;
  /** The code that was mailed. */
  readonly code: string;
  /** The user's own; without one the tab keeps a random one until the face is enrolled. */
  readonly password?: string;
  /** The version of the consent text that the person has just agreed to, if they were asked. Where
   * none that counts is on record, `ENROL` asks for it. */
  readonly consent?: string;
}

/** How often a picture that is still being looked at is asked after. */
const PATIENCE = 5;

/** A client of one stack. */
export class FaceSignIn {
  /** Random for each sign-in, and sent with each answer: only this client gets the tokens. */
  private passNonce = '';
  /** What outlasts the page, if anything does: the origin's storage or, where that is refused, the tab's. */
  private readonly kept: Store;
  /** The secret of this browser, once an answer has needed it. */
  private browser: string | undefined;
  private readonly listeners = new Set<(event: SignInEvent) => void>();
  /** Whether the browser keeps who is signed in, and what a sign-up needs, over a reload. */
  readonly lasting: boolean;

  constructor(
    readonly outputs: Outputs,
    readonly tab: TabStore = new TabStore(),
  ) {
    Amplify.configure({
      Auth: {
        Cognito: {
          userPoolId: outputs.userPoolId,
          userPoolClientId: outputs.userPoolClientId,
          ...(outputs.cognitoEndpoint ? { userPoolEndpoint: outputs.cognitoEndpoint } : {}),
        },
      },
    });
    const [origins, tabs] = [localStore(), sessionStore()];
    if (!origins.lasts) {
      cognitoUserPoolsTokenProvider.setKeyValueStorage(forAmplify(origins.store));
    }
    this.kept = (origins.lasts ? origins : tabs).store;
    this.lasting = origins.lasts && tabs.lasts;
  }

  /** Tells of what happens; the result ends it. */
  listen(listener: (event: SignInEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Opens an account for somebody who has agreed to the stack's version of the consent text, or wants no
   * face on record. Cognito mails a code to the address. */
  async signUp({ email, name, password, faceData, withoutFace }: SignUp): Promise<void> {
    const record = {
      email,
      password: password ?? randomPassword(),
      bindingSecret: randomHex(32),
      ...(faceData ? { faceData } : {}),
      ...(withoutFace ? { withoutFace } : {}),
    };
    const binding = await sha256(record.bindingSecret);
    await calling(() =>
      signUp({
        username: email,
        password: record.password,
        options: {
          userAttributes: { email, name },
          clientMetadata: {
            ...(withoutFace ? {} : { consent: this.outputs.consentVersion }),
            binding,
            ...(faceData ? { faceData: JSON.stringify(faceData) } : {}),
          },
        },
      }),
    );
    await calling(async () => this.tab.keep(record));
  }

  /** Mails the code again. */
  async resendCode(email: string): Promise<void> {
    await calling(() => resendSignUpCode({ username: email }));
  }

  /** Confirms the address. In the tab that signed up, the account may enrol afterwards; in another
   * one, only after {@link setPassword}. */
  async confirm(email: string, code: string): Promise<void> {
    const secret = this.tab.of(email)?.bindingSecret;
    await calling(() =>
      confirmSignUp({
        username: email,
        confirmationCode: code,
        ...(secret ? { options: { clientMetadata: { bindingSecret: secret } } } : {}),
      }),
    );
  }

  /** Mails a code for a new password. */
  async forgotPassword(email: string): Promise<void> {
    await calling(() => resetPassword({ username: email }));
  }

  /** Sets a new password. With the tab's new binding secret, an account without a face may enrol
   * afterwards, whoever opened it; a face that is active stays what it is. */
  async setPassword({ email, code, password, consent }: NewPassword): Promise<void> {
    const record = {
      email,
      password: password ?? randomPassword(),
      bindingSecret: randomHex(32),
    };
    const binding = await sha256(record.bindingSecret);
    await calling(() =>
      confirmResetPassword({
        username: email,
        confirmationCode: code,
        newPassword: record.password,
        options: { clientMetadata: { binding, ...(consent ? { consent } : {}) } },
      }),
    );
    await calling(async () => this.tab.keep({ ...record, reset: true }));
  }

  /** Goes on with what this tab's sign-up or reset has begun: signs in with the password and the binding
   * secret that the tab keeps. An account that is to have a face, and has none, is asked for `ENROL`. */
  async enrol(email: string): Promise<Challenge> {
    const record = this.tab.unfinished(email);
    if (record === undefined) {
      throw new SignInError('not-in-this-tab');
    }
    return this.begin(email, record.password);
  }

  /** Begins a sign-in; with a password where the chain that the person wants asks for one. The tab's
   * binding secret goes with it, where it has one for the address. Where the policy has several chains
   * that are open to the session (with a password all of them, without one those without), the challenge
   * is `SELECT`: {@link choose} answers it. */
  async signIn(email: string, password?: string): Promise<Challenge> {
    const { policy } = this.outputs;
    if (asksForPassword(policy) && !password) {
      throw new SignInError('wrong-password', 'this stack asks for a password');
    }
    return this.begin(email, hasPassword(policy) ? password || undefined : undefined);
  }

  /** Answers `SELECT` with one of the chains on offer: its first step comes next. */
  async choose(challenge: Challenge, chain: Chain): Promise<Progress> {
    if (challenge.step !== 'SELECT') {
      throw new SignInError('protocol', `${challenge.step} takes no chain`);
    }
    return this.respond(await this.prepared(challenge, { words: chain.name }));
  }

  /** Answers a challenge with a picture, face data or the code that was mailed and, where it asks for
   * consent, with the version of the text that the person agreed to. */
  async answer(challenge: Challenge, answer: Answer, consent?: string): Promise<Progress> {
    if (challenge.step === 'SELECT') {
      throw new SignInError('protocol', 'SELECT takes a chain: choose one of those on offer');
    }
    const agreed = challenge.consent === undefined ? undefined : consent;
    let progress = await this.respond(await this.prepared(challenge, answer), agreed);
    for (let asked = 0; asked < PATIENCE && isPending(progress); asked += 1) {
      this.tell({ type: 'waiting' });
      // The picture lies where the upload would: whoever asks with this word asks after it.
      progress = await this.respond('uploaded', agreed);
    }
    return progress;
  }

  /** Who is signed in, if anybody is. */
  async current(): Promise<Person | undefined> {
    const session = await fetchAuthSession().catch(() => undefined);
    const claims = session?.tokens?.idToken?.payload;
    if (claims === undefined) {
      return undefined;
    }
    const text = (name: string) => (typeof claims[name] === 'string' ? claims[name] : undefined);
    const name = text('name');
    const steps = text('signin_steps');
    return {
      email: text('email') ?? '',
      ...(name ? { name } : {}),
      ...(steps ? { steps } : {}),
      expiresAt: new Date((claims.exp ?? 0) * 1000),
    };
  }

  /** Signs out: revokes the refresh token. That needs no right of the access token, which after a
   * sign-in by face alone has none over the account. */
  async signOut(): Promise<void> {
    await calling(() => signOut());
  }

  private async begin(email: string, password: string | undefined): Promise<Challenge> {
    this.passNonce = randomHex(32);
    const bindingSecret = this.tab.of(email)?.bindingSecret;
    const { nextStep } = await calling(async () => {
      // A page that asks for a sign-in means somebody new.
      await signOut();
      return password === undefined
        ? signIn({ username: email, options: { authFlowType: 'CUSTOM_WITHOUT_SRP' } })
        : signIn({
            username: email,
            password,
            options: {
              authFlowType: 'CUSTOM_WITH_SRP',
              ...(bindingSecret ? { clientMetadata: { bindingSecret } } : {}),
            },
          });
    }).catch((error: SignInError) => {
      // Before the first challenge only a password can have been refused.
      throw password !== undefined && error.trouble === 'refused'
        ? new SignInError('wrong-password', error.message, { cause: error })
        : error;
    });
    if (nextStep.signInStep === 'CONFIRM_SIGN_UP') {
      throw new SignInError('not-confirmed');
    }
    if (nextStep.signInStep === 'RESET_PASSWORD') {
      throw new SignInError('reset-required');
    }
    if (nextStep.signInStep !== 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE') {
      throw new SignInError('protocol', `${nextStep.signInStep} does not belong to face sign-in`);
    }
    const challenge = readChallenge(nextStep.additionalInfo);
    this.tell({ type: 'step', challenge });
    return challenge;
  }

  /** The text of an answer; what does not fit into one is uploaded first. */
  private async prepared(challenge: Challenge, answer: Answer): Promise<string> {
    if ('words' in answer) {
      return answer.words;
    }
    if ('model' in answer) {
      this.tell({ type: 'sending', way: 'numbers' });
      return JSON.stringify(answer);
    }
    if (fitsAnswer(answer.jpeg)) {
      this.tell({ type: 'sending', way: 'inline' });
      return inline(answer.jpeg);
    }
    if (challenge.upload === undefined) {
      throw new SignInError('protocol', 'this challenge takes no picture');
    }
    this.tell({ type: 'sending', way: 'upload' });
    await post(challenge.upload, answer.jpeg);
    return 'uploaded';
  }

  private async respond(challengeResponse: string, consent?: string): Promise<Progress> {
    this.browser ??= browserSecret(this.kept);
    const clientMetadata = {
      passNonce: this.passNonce,
      browser: this.browser,
      ...(consent ? { consent } : {}),
    };
    const { isSignedIn, nextStep } = await calling(() =>
      confirmSignIn({ challengeResponse, options: { clientMetadata } }),
    );
    if (isSignedIn) {
      const person = await this.current();
      this.tab.finished(person?.email);
      if (person === undefined) {
        throw new SignInError('protocol', 'there are no tokens after a sign-in');
      }
      this.tell({ type: 'signed-in', person });
      return { kind: 'signed-in', person };
    }
    if (nextStep.signInStep !== 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE') {
      throw new SignInError('protocol', `${nextStep.signInStep} does not belong to face sign-in`);
    }
    const challenge = readChallenge(nextStep.additionalInfo);
    this.tell({ type: 'step', challenge });
    return { kind: 'challenge', challenge };
  }

  private tell(event: SignInEvent): void {
    for (const listener of this.listeners) {
      listener(event);
    }
  }
}

const isPending = (progress: Progress): boolean =>
  progress.kind === 'challenge' && progress.challenge.reason === 'PENDING';

/** Calls Amplify; what it throws is understood. */
async function calling<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw understood(error);
  }
}

/** Posts a picture with an upload form. */
async function post(upload: Upload, jpeg: Blob): Promise<void> {
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) {
    form.append(name, value);
  }
  form.append('file', jpeg);
  const { host } = new URL(upload.url);
  const response = await fetch(upload.url, { method: 'POST', body: form }).catch((cause: unknown) => {
    const { trouble } = unreachable(cause);
    throw new SignInError(
      trouble === 'offline' ? trouble : 'upload-failed',
      `nothing that this page may read came back from ${host}. Is ${globalThis.location?.origin} among ` +
        `the stack's AllowedOrigins (CORS), and ${host} in this page's Content-Security-Policy?`,
      { cause },
    );
  });
  if (!response.ok) {
    // The form ends with its challenge, by the server's clock.
    const over = /expired/i.test(await response.text());
    throw new SignInError(
      over ? 'session-over' : 'upload-failed',
      `${host} answered ${response.status}${over ? ': the upload form has expired' : ''}`,
    );
  }
}

/** A store as Amplify wants it. */
const forAmplify = (store: Store): KeyValueStorageInterface => ({
  getItem: async (key) => store.getItem(key),
  setItem: async (key, value) => store.setItem(key, value),
  removeItem: async (key) => store.removeItem(key),
  // Nobody else has anything in it.
  clear: async () => undefined,
});
