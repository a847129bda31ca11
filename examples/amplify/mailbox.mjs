// The mailed code: from the local stack's mailbox, or from the person at the terminal.

import { stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline/promises';

export async function mailedCode({ CognitoEndpoint, SecretAccessKey }, email) {
  if (!CognitoEndpoint) {
    const terminal = createInterface({ input: stdin, output: stdout });
    const code = await terminal.question(`The code that was mailed to ${email}: `);
    terminal.close();
    return code.trim();
  }
  const mailbox = await fetch(`${CognitoEndpoint}/_local/mailbox?to=${encodeURIComponent(email)}`, {
    headers: { authorization: `Bearer ${SecretAccessKey}` },
  });
  // The newest comes first.
  return (await mailbox.json())[0].code;
}
