// The plain HTML page of `examples/html`, as its README has it built and served.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';

import { file, named } from './harness';
import { newestCode } from './operator';

const WEB = resolve(import.meta.dirname, '../..');
const PORT = () => named('FACE_SIGNIN_EXAMPLE_PORT');

/** Builds the client and serves the page. */
async function served(): Promise<ChildProcess> {
  execFileSync('npm', ['run', 'client'], { cwd: WEB, stdio: 'pipe' });
  const outputs = join(named('FACE_SIGNIN_OUTPUTS'), 'outputs.json');
  const server = spawn(
    process.execPath,
    [resolve(WEB, '../examples/html/serve.mjs'), outputs, PORT()],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(server.stdout, 'data');
  return server;
}

/** A frame that a camera shows, as somebody's telephone would keep it. */
function frame(number: number) {
  const film = readFileSync(join(named('FACE_SIGNIN_CAMERAS'), 'live.mjpeg'));
  const begins = Buffer.from([0xff, 0xd8, 0xff]);
  let start = 0;
  for (let passed = 0; passed < number; passed += 1) {
    start = film.indexOf(begins, start + begins.length);
  }
  const buffer = film.subarray(start, film.indexOf(begins, start + begins.length));
  return { name: 'face.jpg', mimeType: 'image/jpeg', buffer };
}

it('the plain page signs up, enrols, signs out and signs in', async () => {
  const server = await served();
  const browser = await chromium.launch({
    executablePath: named('FACE_SIGNIN_BROWSER'),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage();
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(String(error)));
    const origin = `http://localhost:${PORT()}`;
    await page.goto(origin);
    // The key of the stack is no page's business.
    const config = await page.evaluate(async () => (await fetch('config.json')).text());
    expect(config).not.toContain('SecretAccessKey');

    const send = async (picture: string | ReturnType<typeof frame>) => {
      await page.locator('#picture input').setInputFiles(picture);
      await page.getByRole('button', { name: 'Send' }).click();
    };
    const said = page.getByRole('status');

    const email = `plain-${crypto.randomUUID()}@example.com`;
    const signUp = page.locator('#sign-up');
    await signUp.getByLabel('Name').fill('Ada');
    await signUp.getByLabel('E-mail').fill(email);
    await signUp.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Open an account' }).click();
    await page.locator('#confirm').waitFor();
    await page.getByLabel('The code').fill(await newestCode('', email));
    await page.getByRole('button', { name: 'Confirm' }).click();
    // Too large for an answer: the page uploads it.
    await page.getByText('A photo of an ID document').waitFor();
    const uploaded = page.waitForResponse((response) => response.status() === 204);
    await send(file('large.jpg'));
    await uploaded;
    await page.getByText('A picture of your face').waitFor();
    await send(frame(0));
    await expect.poll(() => said.textContent()).toBe(`Signed in as ${email} by PASSWORD+ENROL+FACE.`);

    await page.reload();
    await expect.poll(() => said.textContent()).toContain(`Signed in as ${email}`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('#sign-in').getByLabel('E-mail').fill(email);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('A picture of your face').waitFor();
    // The picture that has passed is refused; another one is not.
    await send(frame(0));
    await expect.poll(() => said.textContent()).toContain('NO_MATCH. 2 attempts left.');
    await send(frame(1));
    await expect.poll(() => said.textContent()).toBe(`Signed in as ${email} by FACE.`);
    expect(wrong).toEqual([]);
  } finally {
    await browser.close();
    server.kill();
  }
});
