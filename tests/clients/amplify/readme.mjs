// Runs the README's example for Amplify as it stands there.
//
//     node readme.mjs README OUTPUTS DOCUMENT LIVE LIVE_AGAIN
//
// What the example leaves to the reader is given to it: an address, a password, the code in the
// newest letter, three pictures, two small functions, and Amplify's own. The last line on stdout is
// where it ended; tests/tests/instructions.rs reads it.

import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import * as auth from 'aws-amplify/auth';

import { connect, mailedCode } from './stack.mjs';

const [readme, outputsFile, ...pictures] = process.argv.slice(2);
const outputs = await connect(outputsFile);

const email = `readme-${randomBytes(8).toString('hex')}@example.com`;
const encoded = await Promise.all(pictures.map((file) => readFile(file, 'base64')));
const given = {
  ...auth,
  email,
  password: `${randomBytes(18).toString('base64url')}-aA1`,
  idPhoto: encoded[0],
  selfie: encoded[1],
  anotherSelfie: encoded[2],
  hex: (bytes) => Buffer.from(bytes).toString('hex'),
  sha256Hex: async (text) => createHash('sha256').update(text).digest('hex'),
  mailedCode: () => mailedCode(outputs, email),
};

const [, example] = (await readFile(readme, 'utf8')).match(/```js\n(.*?)```/s);
const AsyncFunction = (async () => {}).constructor;
const run = new AsyncFunction(...Object.keys(given), `${example}\nreturn nextStep;`);
const { signInStep } = await run(...Object.values(given));
console.log(JSON.stringify({ email, signInStep }));
