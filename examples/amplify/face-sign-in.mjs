// Signing up and signing in with a face, with aws-amplify 6: all that an app needs of the protocol
// (docs/protocol.md). It runs in Node.js as it does in a browser.

import { Amplify } from 'aws-amplify';
import {
  confirmSignIn,
  confirmSignUp,
  fetchAuthSession,
  fetchUserAttributes,
  signIn,
  signOut,
  signUp,
} from 'aws-amplify/auth';

export { signOut };

/** Points Amplify at a stack, by its outputs. `CognitoEndpoint` is for a stack that is not AWS. */
export function connect({ UserPoolId, UserPoolClientId, CognitoEndpoint }) {
  Amplify.configure({
    Auth: {
      Cognito: {
        userPoolId: UserPoolId,
        userPoolClientId: UserPoolClientId,
        ...(CognitoEndpoint ? { userPoolEndpoint: CognitoEndpoint } : {}),
      },
    },
  });
}

/**
 * Opens an account for somebody who has agreed to this version of the consent text. Returns the binding
 * secret, which must be sent with the mailed code and with each password until the face is enrolled: keep
 * it in memory, or in the tab's session storage.
 */
export async function openAccount(email, password, consent) {
  const bindingSecret = randomHex();
  await signUp({
    username: email,
    password,
    options: {
      userAttributes: { email },
      clientMetadata: { consent, binding: await sha256(bindingSecret) },
    },
  });
  return bindingSecret;
}

/** Confirms the address with the mailed code. */
export async function confirmAccount(email, confirmationCode, bindingSecret) {
  await confirmSignUp({
    username: email,
    confirmationCode,
    options: { clientMetadata: { bindingSecret } },
  });
}

/** Begins a sign-in with the password, which Amplify proves and does not send. */
export const beginWithPassword = (email, password, bindingSecret) =>
  signIn({
    username: email,
    password,
    options: {
      authFlowType: 'CUSTOM_WITH_SRP',
      ...(bindingSecret ? { clientMetadata: { bindingSecret } } : {}),
    },
  });

/** Begins a sign-in by face alone. */
export const beginByFace = (email) =>
  signIn({ username: email, options: { authFlowType: 'CUSTOM_WITHOUT_SRP' } });

/**
 * Answers challenge after challenge until the user is signed in. `take` receives the challenge (`step`,
 * and `reason` if the last answer did not pass) and returns the next picture: `{ jpeg }`, with
 * `upload: true` to upload it even if it fits into an answer.
 */
export async function answerAll({ isSignedIn, nextStep }, take) {
  // A new one for each sign-in: only requests that carry it get the tokens.
  const passNonce = randomHex();
  while (!isSignedIn) {
    if (nextStep.signInStep !== 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE') {
      throw new Error(`${nextStep.signInStep} is not a step of face sign-in`);
    }
    const challenge = nextStep.additionalInfo;
    const picture = await take(challenge);
    // PENDING: the picture has been uploaded, and the enrolment is still running.
    const challengeResponse =
      challenge.reason === 'PENDING' ? 'uploaded' : await answer(challenge, picture);
    ({ isSignedIn, nextStep } = await confirmSignIn({
      challengeResponse,
      options: { clientMetadata: { passNonce } },
    }));
  }
}

/** The tokens of the user who is signed in; undefined if nobody is. */
export const tokens = async () => (await fetchAuthSession()).tokens;

/** The account, read with the access token; null after a sign-in by face alone, which lacks the scope. */
export async function account() {
  try {
    const { sub, email } = await fetchUserAttributes();
    return { sub, email };
  } catch (error) {
    if (error.name !== 'NotAuthorizedException') {
      throw error;
    }
    return null;
  }
}

/** The text of an answer: the picture itself if it fits, otherwise `uploaded` after the upload. */
async function answer(challenge, { jpeg, upload = false }) {
  const inline = `data:image/jpeg;base64,${base64(jpeg)}`;
  if (!upload && inline.length <= 131_072) {
    return inline;
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(JSON.parse(challenge.uploadFields))) {
    form.append(name, value);
  }
  // The picture comes last.
  form.append('file', new Blob([jpeg]));
  const response = await fetch(challenge.uploadUrl, { method: 'POST', body: form });
  if (!response.ok) {
    throw new Error(`the upload was refused: ${response.status} ${await response.text()}`);
  }
  return 'uploaded';
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const randomHex = () => hex(crypto.getRandomValues(new Uint8Array(32)));

const sha256 = async (text) =>
  hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));

const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
