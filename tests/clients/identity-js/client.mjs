// Signs up, enrols and signs in with amazon-cognito-identity-js, then tries to sign in as an impostor.
//
// The library is used unmodified: it is given the endpoint, and everything else comes from the
// stack's outputs. Each picture is used once.
//
//     node client.mjs OUTPUTS ID_PHOTO LIVE LIVE_AGAIN IMPOSTOR...
//
// The last line on stdout is a JSON object with the results; tests/tests/clients.rs reads it.

import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserAttribute,
  CognitoUserPool,
} from 'amazon-cognito-identity-js';

// The version of the consent text that the user agrees to: the template's default.
const CONSENT = '1';

// A server that takes longer counts as failed.
const PATIENCE_IN_MILLISECONDS = 30_000;

const [outputsFile, document, live, liveAgain, ...impostors] = process.argv.slice(2);
if (impostors.length === 0) {
  console.error('usage: node client.mjs OUTPUTS ID_PHOTO LIVE LIVE_AGAIN IMPOSTOR...');
  process.exit(2);
}
const outputs = JSON.parse(await readFile(outputsFile, 'utf8'));

// Where the library keeps its session; it needs no more than this.
class Memory {
  #items = new Map();
  setItem = (key, value) => this.#items.set(key, value);
  getItem = (key) => this.#items.get(key) ?? null;
  removeItem = (key) => this.#items.delete(key);
  clear = () => this.#items.clear();
}
const Storage = new Memory();

const pool = new CognitoUserPool({
  UserPoolId: outputs.UserPoolId,
  ClientId: outputs.UserPoolClientId,
  endpoint: outputs.CognitoEndpoint,
  Storage,
});

const email = `identity-js-${randomBytes(8).toString('hex')}@example.com`;
// The suffix is for the pool's password policy.
const password = `${randomBytes(18).toString('base64url')}-aA1`;

// Turns a call of the library that takes a callback into a promise.
const called = (call) =>
  new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(error) : resolve(result)));
  });

function somebody() {
  const user = new CognitoUser({ Username: email, Pool: pool, Storage });
  user.setAuthenticationFlowType('CUSTOM_AUTH');
  return user;
}

// Sent with the code and with each password: it proves that whoever set the password controls the mailbox.
const bindingSecret = randomBytes(32).toString('hex');

async function register() {
  const binding = createHash('sha256').update(bindingSecret).digest('hex');
  const attributes = [new CognitoUserAttribute({ Name: 'email', Value: email })];
  const metadata = { consent: CONSENT, binding };
  await called((done) => pool.signUp(email, password, attributes, [], done, metadata));
  const code = await mailedCode();
  await called((done) => somebody().confirmRegistration(code, false, done, { bindingSecret }));
}

// The code in the newest mail; only a local stack has this mailbox.
async function mailedCode() {
  const address = encodeURIComponent(email);
  const mailbox = await fetched(`${outputs.CognitoEndpoint}/_local/mailbox?to=${address}`, {
    headers: { authorization: `Bearer ${outputs.SecretAccessKey}` },
  });
  return (await mailbox.json())[0].code;
}

// The answer that uploads the picture by the challenge's presigned POST.
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

async function fetched(url, options = {}) {
  const signal = AbortSignal.timeout(PATIENCE_IN_MILLISECONDS);
  const response = await fetch(url, { ...options, signal });
  if (!response.ok) {
    throw new Error(`${new URL(url).pathname} answered ${response.status}`);
  }
  return response;
}

// Signs in, with or without the password, and answers challenge after challenge. `answers` holds the
// remaining answers of each step, each a function of the challenge parameters. Each challenge's step
// and reason are added to `rounds`.
function signIn(withPassword, rounds, answers) {
  const user = somebody();
  const details = new AuthenticationDetails(
    withPassword
      ? { Username: email, Password: password, ClientMetadata: { bindingSecret } }
      : { Username: email },
  );
  // Only requests that carry this nonce get the tokens.
  const passNonce = randomBytes(32).toString('hex');
  return new Promise((resolve, reject) => {
    const steps = {
      onSuccess: (session) => resolve({ user, session }),
      onFailure: reject,
      customChallenge: async (parameters) => {
        const { step, reason = null } = parameters;
        rounds.push({ step, reason });
        try {
          let answer = 'uploaded';
          if (reason !== 'PENDING') {
            const next = answers[step]?.shift();
            if (next === undefined) {
              throw new Error(`there is no picture left for ${step} (last reason: ${reason})`);
            }
            answer = await next(parameters);
          }
          user.sendCustomChallengeAnswer(answer, steps, { passNonce });
        } catch (error) {
          reject(error);
        }
      },
    };
    if (withPassword) {
      user.authenticateUser(details, steps);
    } else {
      user.initiateAuth(details, steps);
    }
  });
}

// What a completed sign-in shows: its tokens, and what they can read of the account.
async function signedIn({ user, session }, rounds) {
  return {
    rounds,
    identityToken: session.getIdToken().getJwtToken(),
    accessToken: session.getAccessToken().getJwtToken(),
    account: await account(user),
  };
}

// The account, read with the access token; null if the token lacks the scope.
async function account(user) {
  try {
    const attributes = await called((done) => user.getUserAttributes(done));
    const { sub, email } = Object.fromEntries(attributes.map(({ Name, Value }) => [Name, Value]));
    return { sub, email };
  } catch (error) {
    if (error.code !== 'NotAuthorizedException') {
      throw error;
    }
    return null;
  }
}

await register();

let rounds = [];
let session = await signIn(true, rounds, { ENROL: [uploaded(document)], FACE: [inline(live)] });
const enrolment = await signedIn(session, rounds);
await called((done) => session.user.signOut(() => done(null)));
const signedOut = pool.getCurrentUser() === null;

rounds = [];
session = await signIn(false, rounds, { FACE: [uploaded(liveAgain)] });
const faceAlone = await signedIn(session, rounds);
await called((done) => session.user.signOut(() => done(null)));

const impostor = { rounds: [], refusal: null };
try {
  await signIn(false, impostor.rounds, { FACE: impostors.map(inline) });
} catch (error) {
  if (error.code !== 'NotAuthorizedException') {
    throw error;
  }
  impostor.refusal = error.code;
}

console.log(JSON.stringify({ email, enrolment, signedOut, faceAlone, impostor }));
