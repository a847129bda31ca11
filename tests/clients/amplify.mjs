// Signs up, enrols and signs in with the aws-amplify example, then tries to sign in as an impostor.
//
// Each picture is used once.
//
//     node amplify.mjs OUTPUTS ID_PHOTO LIVE LIVE_AGAIN IMPOSTOR...
//
// The last line on stdout is a JSON object with the results; tests/tests/clients.rs reads it.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import * as app from '../../examples/amplify/face-sign-in.mjs';
import { mailedCode } from '../../examples/amplify/mailbox.mjs';

// The version of the consent text that the user agrees to: the template's default.
const CONSENT = '1';

const [outputsFile, document, live, liveAgain, ...impostors] = process.argv.slice(2);
if (impostors.length === 0) {
  console.error('usage: node amplify.mjs OUTPUTS ID_PHOTO LIVE LIVE_AGAIN IMPOSTOR...');
  process.exit(2);
}
const outputs = JSON.parse(await readFile(outputsFile, 'utf8'));
app.connect(outputs);

const email = `amplify-${randomBytes(8).toString('hex')}@example.com`;
const password = randomBytes(24).toString('base64url');

const uploaded = async (file) => ({ jpeg: await readFile(file), upload: true });
const inline = async (file) => ({ jpeg: await readFile(file) });

// Returns the remaining pictures of a step, one for each challenge. Each challenge's step and reason are
// added to `rounds`.
const taking = (rounds, pictures) => ({ step, reason = null }) => {
  rounds.push({ step, reason });
  if (reason === 'PENDING') {
    return undefined;
  }
  const picture = pictures[step]?.shift();
  if (picture === undefined) {
    throw new Error(`there is no picture left for ${step} (last reason: ${reason})`);
  }
  return picture;
};

// What a completed sign-in shows: the library's tokens, and what they can read of the account.
async function signedIn(rounds) {
  const { idToken, accessToken } = await app.tokens();
  return {
    rounds,
    identityToken: idToken.toString(),
    accessToken: accessToken.toString(),
    account: await app.account(),
  };
}

const bindingSecret = await app.openAccount(email, password, CONSENT);
await app.confirmAccount(email, await mailedCode(outputs, email), bindingSecret);

let rounds = [];
await app.answerAll(
  await app.beginWithPassword(email, password, bindingSecret),
  taking(rounds, { ENROL: [uploaded(document)], FACE: [inline(live)] }),
);
const enrolment = await signedIn(rounds);
await app.signOut();
const signedOut = (await app.tokens()) === undefined;

rounds = [];
await app.answerAll(
  await app.beginByFace(email),
  taking(rounds, { FACE: [uploaded(liveAgain)] }),
);
const faceAlone = await signedIn(rounds);
await app.signOut();

const impostor = { rounds: [], refusal: null };
try {
  await app.answerAll(
    await app.beginByFace(email),
    taking(impostor.rounds, { FACE: impostors.map(inline) }),
  );
} catch (error) {
  if (error.name !== 'NotAuthorizedException') {
    throw error;
  }
  impostor.refusal = error.name;
}

console.log(JSON.stringify({ email, enrolment, signedOut, faceAlone, impostor }));
