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

import { SignInError, understood, unreachable } from './errors';
import type { FaceData } from './faceData';
import { asksForPassword, type Outputs } from './outputs';
import { fitsAnswer, inline, type Picture } from './picture';
import { type Challenge, readChallenge, type Upload } from './protocol';
import { randomHex, randomPassword, sha256, SittingStore } from './sitting';

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
export type Answer = Picture | FaceData;

/** What a sign-up takes. */
export interface SignUp {
  readonly email: string;
  readonly name: string;
  /** The user's own; without one the page keeps a random one for this sitting. */
  readonly password?: string;
  /** Where the stack compares face data. */
  readonly faceData?: FaceData;
}

/** How often a picture that is still being looked at is asked after. */
const PATIENCE = 5;

/** A client of one stack. */
export class FaceSignIn {
  private readonly listeners = new Set<(event: SignInEvent) => void>();

  constructor(
    readonly outputs: Outputs,
    readonly sittings: SittingStore = new SittingStore(),
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
  }

  /** Tells of what happens; the result ends it. */
  listen(listener: (event: SignInEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Opens an account. Cognito mails a code to the address. */
  async signUp({ email, name, password, faceData }: SignUp): Promise<void> {
    const sitting = {
      email,
      password: password ?? randomPassword(),
      bindingSecret: randomHex(32),
      ...(faceData ? { faceData } : {}),
    };
    const binding = await sha256(sitting.bindingSecret);
    await calling(() =>
      signUp({
        username: email,
        password: sitting.password,
        options: {
          userAttributes: { email, name },
          clientMetadata: {
            consent: this.outputs.consentVersion,
            binding,
            ...(faceData ? { faceData: JSON.stringify(faceData) } : {}),
          },
        },
      }),
    );
    this.sittings.keep(sitting);
  }

  /** Mails the code again. */
  async resendCode(email: string): Promise<void> {
    await calling(() => resendSignUpCode({ username: email }));
  }

  /** Confirms the address. With the sitting that signed up, the account may enrol afterwards; without
   * it, only after {@link setPassword}. */
  async confirm(email: string, code: string): Promise<void> {
    const secret = this.sittings.of(email)?.bindingSecret;
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

  /** Sets a new password, which proves mailbox and password: an account without a face may enrol. */
  async setPassword(email: string, code: string, password?: string): Promise<void> {
    const chosen = password ?? randomPassword();
    await calling(() =>
      confirmResetPassword({ username: email, confirmationCode: code, newPassword: chosen }),
    );
    this.sittings.keep({ email, password: chosen });
  }

  /** Begins an enrolment, or takes it up again: signs in with the sitting's password. */
  async enrol(email: string): Promise<Challenge> {
    const sitting = this.sittings.of(email);
    if (sitting === undefined) {
      throw new SignInError('sitting-gone');
    }
    return this.begin(email, sitting.password);
  }

  /** Begins a sign-in; with a password where the policy asks for one. */
  async signIn(email: string, password?: string): Promise<Challenge> {
    if (asksForPassword(this.outputs.policy) && !password) {
      throw new SignInError('wrong-password', 'this stack asks for a password');
    }
    return this.begin(email, asksForPassword(this.outputs.policy) ? password : undefined);
  }

  /** Answers a challenge with a picture or face data. */
  async answer(challenge: Challenge, answer: Answer): Promise<Progress> {
    let progress = await this.respond(await this.prepared(challenge, answer));
    for (let asked = 0; asked < PATIENCE && isPending(progress); asked += 1) {
      this.tell({ type: 'waiting' });
      // The picture lies where the upload would: whoever asks with this word asks after it.
      progress = await this.respond('uploaded');
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

  /** Signs out here, or wherever this user is signed in. */
  async signOut(everywhere = false): Promise<void> {
    await calling(() => signOut({ global: everywhere }));
  }

  private async begin(email: string, password: string | undefined): Promise<Challenge> {
    const { nextStep } = await calling(async () => {
      // A page that asks for a sign-in means somebody new.
      await signOut();
      return password === undefined
        ? signIn({ username: email, options: { authFlowType: 'CUSTOM_WITHOUT_SRP' } })
        : signIn({ username: email, password, options: { authFlowType: 'CUSTOM_WITH_SRP' } });
    }).catch((error: SignInError) => {
      // Before the first challenge only a password can have been refused.
      throw password !== undefined && error.trouble === 'refused'
        ? new SignInError('wrong-password', error.message, { cause: error })
        : error;
    });
    if (nextStep.signInStep === 'CONFIRM_SIGN_UP') {
      throw new SignInError('not-confirmed');
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

  private async respond(challengeResponse: string): Promise<Progress> {
    const { isSignedIn, nextStep } = await calling(() => confirmSignIn({ challengeResponse }));
    if (isSignedIn) {
      this.sittings.forget();
      const person = await this.current();
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
  const response = await fetch(upload.url, { method: 'POST', body: form }).catch((cause: unknown) => {
    throw unreachable(cause);
  });
  if (!response.ok) {
    throw new SignInError('upload-failed', `S3 answered ${response.status}`);
  }
}
