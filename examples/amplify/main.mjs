// Opens an account, enrols with an ID photo and a live picture, and signs in by face alone.
//
//     node main.mjs OUTPUTS EMAIL ID_PHOTO LIVE ANOTHER_LIVE
//
// OUTPUTS is a JSON file with the stack's outputs: `.local/outputs.json` after `cargo xtask up`. The
// pictures are JPEGs of one person; no picture passes twice.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import {
  answerAll,
  beginByFace,
  beginWithPassword,
  confirmAccount,
  connect,
  openAccount,
  signOut,
  tokens,
} from './face-sign-in.mjs';
import { mailedCode } from './mailbox.mjs';

const [outputsFile, email, idPhoto, live, anotherLive] = process.argv.slice(2);
if (anotherLive === undefined) {
  console.error('usage: node main.mjs OUTPUTS EMAIL ID_PHOTO LIVE ANOTHER_LIVE');
  process.exit(2);
}
const outputs = JSON.parse(await readFile(outputsFile, 'utf8'));
connect(outputs);

// An app asks the user for a password, or generates one if people sign in by face alone.
const password = randomBytes(24).toString('base64url');

const bindingSecret = await openAccount(email, password, outputs.ConsentVersion ?? '1');
await confirmAccount(email, await mailedCode(outputs, email), bindingSecret);
console.log(`${email} has an account.`);

/** Answers each step with its picture, once. An app would show the reason and open the camera again. */
const pictures = (bySteps) => async ({ step, reason, attemptsLeft }) => {
  console.log(`${step} is due${reason ? ` after ${reason}` : ''}, ${attemptsLeft} attempts left.`);
  if (reason && reason !== 'PENDING') {
    throw new Error(`the picture for ${step} did not pass: ${reason}`);
  }
  const { file, upload } = bySteps[step];
  return { jpeg: await readFile(file), upload };
};

await answerAll(
  await beginWithPassword(email, password, bindingSecret),
  pictures({ ENROL: { file: idPhoto, upload: true }, FACE: { file: live } }),
);
console.log(`Signed in by ${(await tokens()).idToken.payload.signin_steps}.`);
await signOut();

if ((outputs.SignInChains ?? 'FACE') === 'FACE') {
  await answerAll(await beginByFace(email), pictures({ FACE: { file: anotherLive } }));
} else {
  await answerAll(
    await beginWithPassword(email, password),
    pictures({ FACE: { file: anotherLive } }),
  );
}
console.log(`Signed in by ${(await tokens()).idToken.payload.signin_steps}.`);
await signOut();
