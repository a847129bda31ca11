// What is done behind the page: the mailbox is read, and an operator acts with the stack's key.

import { createHash, createHmac } from 'node:crypto';

import { expect, vi } from 'vitest';

import { outputs, type Stack } from './harness';

/** A letter of the local mailbox. */
export interface Letter {
  readonly subject: string;
  readonly code: string;
  readonly sentAt: string;
}

/** The letters to an address, newest first. */
export async function letters(stack: Stack, email: string): Promise<readonly Letter[]> {
  const { CognitoEndpoint, SecretAccessKey } = outputs(stack);
  const answer = await fetch(
    `${CognitoEndpoint}/_local/mailbox?to=${encodeURIComponent(email.toLowerCase())}`,
    { headers: { authorization: `Bearer ${SecretAccessKey}` } },
  );
  expect(answer.status, 'the mailbox opens').toBe(200);
  return answer.json();
}

/** The newest code that came to an address; not this one, where one is named. */
export async function newestCode(stack: Stack, email: string, not?: string): Promise<string> {
  // Also before any test begins, where `expect.poll` may not be called.
  return vi.waitFor(
    async () => {
      // Letters that tell the owner something have none.
      const code = (await letters(stack, email)).map((letter) => letter.code).find(Boolean);
      if (code === undefined || code === not) {
        throw new Error(`expected a new letter to ${email}, found none`);
      }
      return code;
    },
    { timeout: 20_000 },
  );
}

/** A call of Cognito's that anybody may make; its status and answer. */
export async function cognito(
  stack: Stack,
  operation: string,
  request: object,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const { CognitoEndpoint, UserPoolClientId } = outputs(stack);
  const answer = await fetch(`${CognitoEndpoint}/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
    },
    body: JSON.stringify({ ClientId: UserPoolClientId, ...request }),
  });
  return { status: answer.status, json: await answer.json() };
}

/** The name that the pool and the table have for an account. */
export async function userName(stack: Stack, email: string): Promise<string> {
  const { UserPoolId } = outputs(stack);
  const answer = await administer(stack, 'AdminGetUser', { UserPoolId, Username: email });
  const user = answer as { Username?: unknown };
  return String(user.Username);
}

/** Makes an account as an operator does who invites somebody; nobody can reset its password yet. */
export async function invite(stack: Stack, { email, name }: { email: string; name: string }) {
  const { UserPoolId } = outputs(stack);
  await administer(stack, 'AdminCreateUser', {
    UserPoolId,
    Username: email,
    UserAttributes: [
      { Name: 'email', Value: email },
      { Name: 'email_verified', Value: 'true' },
      { Name: 'name', Value: name },
    ],
  });
}

/** Makes an invited account one whose password can be reset. */
export async function admit(stack: Stack, email: string) {
  const { UserPoolId } = outputs(stack);
  await administer(stack, 'AdminSetUserPassword', {
    UserPoolId,
    Username: email,
    Password: `${crypto.randomUUID()}-aA1`,
    Permanent: true,
  });
}

/** Leaves 25 failures on a path of an account, so that it is locked. */
export async function lock(stack: Stack, email: string, path: 'OPEN' | 'PASSWORD'): Promise<void> {
  const { UserTable, DynamoDbEndpoint } = outputs(stack);
  const user = await userName(stack, email);
  const now = Date.now();
  await signed(DynamoDbEndpoint, 'dynamodb', stack, 'DynamoDB_20120810.PutItem', {
    TableName: UserTable,
    Item: {
      PK: { S: `USER#${user}` },
      SK: { S: `TRIES#${path}#FACE` },
      slow: { N: '25' },
      slowSince: { N: String(now) },
      ttl: { N: String(Math.floor(now / 1000) + 400 * 86_400) },
    },
  });
}

function administer(stack: Stack, operation: string, request: object) {
  const target = `AWSCognitoIdentityProviderService.${operation}`;
  return signed(outputs(stack)['CognitoEndpoint'], 'cognito-idp', stack, target, request);
}

/** A request of the JSON protocols, signed with the stack's key (Signature Version 4). */
async function signed(
  endpoint: string | undefined,
  service: string,
  stack: Stack,
  target: string,
  request: object,
): Promise<unknown> {
  const { AccessKeyId, SecretAccessKey, Region = 'us-east-1' } = outputs(stack);
  const url = new URL('/', endpoint);
  const body = JSON.stringify(request);
  const at = `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const scope = `${at.slice(0, 8)}/${Region}/${service}/aws4_request`;
  const type = `application/x-amz-json-1.${service === 'dynamodb' ? 0 : 1}`;
  const headers = { 'content-type': type, host: url.host, 'x-amz-date': at, 'x-amz-target': target };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ['POST', '/', '', lines.join(''), names, sha256(body)].join('\n');
  const text = ['AWS4-HMAC-SHA256', at, scope, sha256(canonical)].join('\n');
  const key = scope
    .split('/')
    .reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${SecretAccessKey}`);
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      ...headers,
      authorization: `AWS4-HMAC-SHA256 Credential=${AccessKeyId}/${scope}, SignedHeaders=${names}, Signature=${hmac(key, text).toString('hex')}`,
    },
    body,
  });
  const said = await answer.text();
  expect(answer.status, `${target}: ${said}`).toBe(200);
  return said === '' ? undefined : JSON.parse(said);
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();
