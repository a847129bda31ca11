// What a host of the page needs to know of a stack: writes `config.json` into a folder, and prints
// the Content-Security-Policy that goes with every file.
//
//     aws cloudformation describe-stacks --stack-name NAME --query 'Stacks[0].Outputs' --output json |
//       node scripts/host.mjs FOLDER

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the page reads, by the outputs' names. */
const CONFIG = [
  'UserPoolId',
  'UserPoolClientId',
  'SignInChains',
  'ConsentVersion',
  'KeepDocuments',
  'FaceDataModel',
];

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node scripts/host.mjs FOLDER, with the outputs of a stack on stdin');
  process.exit(2);
}

const listed = JSON.parse(readFileSync(0, 'utf8'));
const outputs = new Map(listed.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
const output = (name) => {
  const value = outputs.get(name);
  if (!value) {
    console.error(`the stack has no output ${name}; is it a stack of face sign-in?`);
    process.exit(1);
  }
  return value;
};

const config = Object.fromEntries(CONFIG.map((name) => [name, output(name)]));
writeFileSync(join(folder, 'config.json'), `${JSON.stringify(config, undefined, 2)}\n`);

const region = output('Region');
const buckets = ['DocumentBucket', 'SignInBucket'].map(
  (name) => `https://${output(name)}.s3.${region}.amazonaws.com`,
);
console.log(
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "media-src 'self' blob:",
    `connect-src 'self' https://cognito-idp.${region}.amazonaws.com ${buckets.join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
);
