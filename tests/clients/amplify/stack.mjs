// A stack on this machine, as Amplify and its user reach it.

import { readFile } from 'node:fs/promises';

import { Amplify } from 'aws-amplify';

// A server that takes longer has failed.
const PATIENCE_IN_MILLISECONDS = 30_000;

// Points Amplify at the stack of a file of outputs, and returns these. Nothing is changed about the
// library: it is told the endpoint, and everything else comes from the outputs.
export async function connect(outputsFile) {
  const outputs = JSON.parse(await readFile(outputsFile, 'utf8'));
  Amplify.configure({
    Auth: {
      Cognito: {
        userPoolId: outputs.UserPoolId,
        userPoolClientId: outputs.UserPoolClientId,
        userPoolEndpoint: outputs.CognitoEndpoint,
      },
    },
  });
  return outputs;
}

// The code in the newest letter to an address; only the local machine has this mailbox.
export async function mailedCode(outputs, email) {
  const address = encodeURIComponent(email);
  const mailbox = await fetched(`${outputs.CognitoEndpoint}/_local/mailbox?to=${address}`, {
    headers: { authorization: `Bearer ${outputs.SecretAccessKey}` },
  });
  return (await mailbox.json())[0].code;
}

export async function fetched(url, options = {}) {
  const signal = AbortSignal.timeout(PATIENCE_IN_MILLISECONDS);
  const response = await fetch(url, { ...options, signal });
  if (!response.ok) {
    throw new Error(`${new URL(url).pathname} answered ${response.status}`);
  }
  return response;
}
