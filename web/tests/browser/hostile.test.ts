// Somebody else's page, open in a browser while a stack is up. It gets nothing from any of the
// stack's servers: not across sites, not from another port of this machine, not by a name that
// leads here (DNS rebinding).

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { outputs } from './harness';

const stack = outputs('');
const endpoint = (name: string): string => stack[name] ?? '';
const servers = ['S3Endpoint', 'CognitoEndpoint', 'RekognitionEndpoint', 'WebUrl'].map(
  (name) => new URL(endpoint(name)),
);

let hostile: Server;
let browser: Browser;
let port: number;

beforeAll(async () => {
  hostile = createServer((_, answer) => {
    answer.setHeader('content-type', 'text/html');
    answer.end('<!doctype html><title>Kittens</title>');
  });
  await new Promise<void>((ready) => hostile.listen(0, '127.0.0.1', ready));
  port = (hostile.address() as AddressInfo).port;
  browser = await chromium.launch({
    executablePath: process.env['FACE_SIGNIN_BROWSER'] ?? '',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--host-resolver-rules=MAP evil.example 127.0.0.1',
    ],
  });
});

afterAll(async () => {
  await browser?.close();
  hostile?.close();
});

/** The statuses that the stack's servers answered a page with; none where the page has called none. */
function answers(page: Page): { url: string; status: number }[] {
  const heard: { url: string; status: number }[] = [];
  const ports = servers.map((server) => server.port);
  page.on('response', (response) => {
    if (ports.includes(new URL(response.url()).port)) {
      heard.push({ url: response.url(), status: response.status() });
    }
  });
  return heard;
}

/** Runs in the page: everything that needs no preflight, and reading where reading is allowed. */
async function attack(targets: string[]): Promise<string[]> {
  const read: string[] = [];
  const paths = [
    '/',
    '/_local/mailbox',
    '/_local/calls',
    '/_ministack/health',
    '/config.json',
    '/2015-03-31/functions',
  ];
  for (const target of targets) {
    for (const path of paths) {
      await fetch(target + path)
        .then((answer) => (answer.ok ? answer.text() : ''))
        .then((text) => text && read.push(`${target}${path}: ${text}`))
        .catch(() => undefined);
      await fetch(target + path, { mode: 'no-cors' }).catch(() => undefined);
    }
    for (const path of ['/_ministack/reset', '/_local/clock', '/2015-03-31/functions', '/']) {
      const body = '{"offsetSeconds": 86400}';
      await fetch(target + path, { method: 'POST', mode: 'no-cors', body }).catch(() => undefined);
    }
    await new Promise((done) => {
      const picture = new Image();
      picture.onload = picture.onerror = done;
      picture.src = `${target}/_ministack/health`;
    });
    const opened = await new Promise<boolean>((done) => {
      const socket = new WebSocket(target.replace('http', 'ws'));
      socket.onopen = () => done(true);
      socket.onerror = () => done(false);
    });
    if (opened) {
      read.push(`${target}: a socket`);
    }
  }
  return read;
}

/** The stack is as it was: its pool is deployed, and the key opens what no page opened. */
async function stillThere(): Promise<void> {
  const asked = await fetch(endpoint('CognitoEndpoint'), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityProviderService.ForgotPassword',
    },
    body: JSON.stringify({ ClientId: stack['UserPoolClientId'], Username: 'nobody@example.com' }),
  });
  expect(asked.status).toBe(200);
  const headers = { authorization: `Bearer ${stack['SecretAccessKey']}` };
  const mailbox = await fetch(`${endpoint('CognitoEndpoint')}/_local/mailbox`, { headers });
  expect(mailbox.status).toBe(200);
}

describe("somebody else's page", () => {
  for (const name of ['evil.example', 'localhost', '127.0.0.1']) {
    it(`at ${name} gets nothing`, async () => {
      const page = await browser.newPage();
      const heard = answers(page);
      await page.goto(`http://${name}:${port}/`);
      const read = await page.evaluate(
        attack,
        servers.map((server) => server.origin),
      );
      expect(read).toEqual([]);
      expect(heard.length).toBeGreaterThan(servers.length);
      expect(heard.filter(({ status }) => status < 400)).toEqual([]);
      await page.close();
      await stillThere();
    });
  }

  it('gets nothing by a name of its own that leads here', async () => {
    for (const server of servers) {
      const page = await browser.newPage();
      const heard = answers(page);
      const rebound = `http://evil.example:${server.port}`;
      await page.goto(`${rebound}/`);
      expect(await page.evaluate(attack, [rebound])).toEqual([]);
      expect(heard.length).toBeGreaterThan(1);
      expect(heard.filter(({ status }) => status < 400)).toEqual([]);
      await page.close();
    }
    await stillThere();
  });
});
