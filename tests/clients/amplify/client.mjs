// Signs up, enrols and signs in with aws-amplify, and tries an impostor.
//
// Each picture is used once.
//
//     node client.mjs OUTPUTS DOCUMENT LIVE LIVE_AGAIN IMPOSTOR...
//
// The last line on stdout is a JSON object with what was seen; tests/tests/clients.rs reads it.

import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import {
  confirmSignIn,
  confirmSignUp,
  fetchAuthSession,
  fetchUserAttributes,
  signIn,
  signOut,
  signUp,
} from 'aws-amplify/auth';

import { connect, fetched, mailedCode } from './stack.mjs';

// The version of the consent text that the user agrees to: the template's default.
const CONSENT = '1';

const CUSTOM_CHALLENGE = 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE';

const [outputsFile, document, live, liveAgain, ...impostors] = process.argv.slice(2);
if (impostors.length === 0) {
  console.error('usage: node client.mjs OUTPUTS DOCUMENT LIVE LIVE_AGAIN IMPOSTOR...');
  process.exit(2);
}
const outputs = await connect(outputsFile);

const email = `amplify-${randomBytes(8).toString('hex')}@example.com`;
// The end is for the pool's password policy.
const password = `${randomBytes(18).toString('base64url')}-aA1`;

// Sent with the code and with each password: whoever controls the mailbox also chose the password.
const bindingSecret = randomBytes(32).toString('hex');

async function register() {
  const binding = createHash('sha256').update(bindingSecret).digest('hex');
  await signUp({
    username: email,
    password,
    options: { clientMetadata: { consent: CONSENT, binding } },
  });
  await confirmSignUp({
    username: email,
    confirmationCode: await mailedCode(outputs, email),
    options: { clientMetadata: { bindingSecret } },
  });
}

// The answer that puts a picture where the challenge wants it.
function uploaded(picture) {
  return async ({ uploadUrl, uploadFields }) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(JSON.parse(uploadFields))) {
      form.append(name, value);
    }
    form.append('file', new Blob([await readFile(picture)]));
    await fetched(uploadUrl, { method: 'POST', body: form });
    return 'uploaded';
  };
}

// The answer that is the picture itself.
function inline(picture) {
  return async () => `data:image/jpeg;base64,${await readFile(picture, 'base64')}`;
}

// Answers challenge after challenge, until the user is signed in. `answers` holds for each step
// the answers that are left to give, each a function of the challenge's parameters. What was asked
// for is added to `rounds`, and why once more.
async function carryOn(begun, rounds, answers) {
  // Only this sign-in gets the tokens.
  const passNonce = randomBytes(32).toString('hex');
  let { isSignedIn, nextStep } = begun;
  while (!isSignedIn) {
    if (nextStep.signInStep !== CUSTOM_CHALLENGE) {
      throw new Error(`${nextStep.signInStep} does not belong here`);
    }
    const parameters = nextStep.additionalInfo;
    const { step, reason = null } = parameters;
    rounds.push({ step, reason });
    let challengeResponse;
    if (reason === 'PENDING') {
      // The picture lies there and is still being looked at.
      challengeResponse = 'uploaded';
    } else {
      const answer = answers[step]?.shift();
      if (answer === undefined) {
        throw new Error(`there is no picture left for ${step} (last reason: ${reason})`);
      }
      challengeResponse = await answer(parameters);
    }
    ({ isSignedIn, nextStep } = await confirmSignIn({
      challengeResponse,
      options: { clientMetadata: { passNonce } },
    }));
  }
}

// What a completed sign-in shows: the library's session, and what that may ask about the account.
async function signedIn(rounds) {
  const { tokens } = await fetchAuthSession();
  return {
    rounds,
    identityToken: tokens.idToken.toString(),
    accessToken: tokens.accessToken.toString(),
    account: await account(),
  };
}

// The account, asked with the access token; null where the token does not open it.
async function account() {
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

const withPassword = () =>
  signIn({
    username: email,
    password,
    options: { authFlowType: 'CUSTOM_WITH_SRP', clientMetadata: { bindingSecret } },
  });
const withoutPassword = () =>
  signIn({ username: email, options: { authFlowType: 'CUSTOM_WITHOUT_SRP' } });

await register();

let rounds = [];
await carryOn(await withPassword(), rounds, {
  ENROL: [uploaded(document)],
  FACE: [inline(live)],
});
const enrolment = await signedIn(rounds);
await signOut();
const signedOut = (await fetchAuthSession()).tokens === undefined;

rounds = [];
await carryOn(await withoutPassword(), rounds, { FACE: [uploaded(liveAgain)] });
const faceAlone = await signedIn(rounds);
await signOut();

const impostor = { rounds: [], refusal: null };
try {
  await carryOn(await withoutPassword(), impostor.rounds, { FACE: impostors.map(inline) });
} catch (error) {
  if (error.name !== 'NotAuthorizedException') {
    throw error;
  }
  impostor.refusal = error.name;
}

console.log(JSON.stringify({ email, enrolment, signedOut, faceAlone, impostor }));
