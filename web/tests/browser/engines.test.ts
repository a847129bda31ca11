// The page in Firefox and in WebKit, Safari's engine: from sign-up to signed in, and the camera.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { type Engine, firefox, type Preferences, webkit } from './engines';
import { file, outputs, person, type Person, SCREENSHOTS } from './harness';
import { newestCode } from './operator';

const FIREFOX = process.env['FACE_SIGNIN_FIREFOX'] ?? '';
const WEBKIT = {
  browser: process.env['FACE_SIGNIN_WEBKIT'] ?? '',
  driver: process.env['FACE_SIGNIN_WEBKIT_DRIVER'] ?? '',
  xvfb: process.env['FACE_SIGNIN_XVFB'] ?? '',
};

const button = (name: string) => `//button[normalize-space()="${name}"]`;
const heading = (name: string) => `//h1[normalize-space()="${name}"]`;
const field = (label: string) => `//input[@id=//label[normalize-space()="${label}"]/@for]`;
const text = (part: string) => `//*[contains(normalize-space(text()), "${part}")]`;
const SEEING = '//*[@class="camera mirrored" and @data-vision="running" and @data-advice]';
const OTHER_CAMERA =
  '[...document.querySelectorAll("option")].find((one) => !one.selected).value';
const FILE = '//input[@type="file"]';

let opened: Engine[] = [];

async function visit(engine: Promise<Engine>): Promise<Engine> {
  const page = await engine;
  opened.push(page);
  await page.goto(outputs('')['WebUrl'] ?? '');
  return page;
}

afterEach(async ({ task }) => {
  const pages = opened;
  opened = [];
  for (const page of pages) {
    if (task.result?.state === 'fail') {
      mkdirSync(SCREENSHOTS, { recursive: true });
      const name = `failed-${task.suite?.name}-${task.name}`.replace(/\W+/g, '-');
      await page.screenshot().then(
        (picture) => writeFileSync(join(SCREENSHOTS, `${name}.png`), picture),
        () => undefined,
      );
    }
    await page.close();
  }
});

/** From the first screen to the last, by files. */
async function signUp(page: Engine, ada: Person): Promise<void> {
  await page.click(button('Create an account'));
  await page.type(field('Name'), ada.name);
  await page.type(field('E-mail'), ada.email);
  await page.click('//input[@type="checkbox"]');
  await page.click(button('Continue'));
  await page.see(heading('Check your mail'));
  await page.type(field('Code'), await newestCode('', ada.email));
  await page.click(button('Confirm'));
  await page.see(heading('Your ID photo'));
  await page.choose(FILE, file('document.jpg'));
  await page.click(button('Use this picture'));
  await page.see(heading('Look into the camera'));
  await page.choose(FILE, file('large.jpg'));
  await page.see(heading(`Hello, ${ada.name}`));
}

const ENGINES = [
  { name: 'Firefox', there: FIREFOX !== '', cameras: 1, open: () => firefox(FIREFOX) },
  { name: 'WebKit', there: WEBKIT.browser !== '', cameras: 2, open: () => webkit(WEBKIT) },
];

for (const { name, there, cameras, open } of ENGINES) {
  describe.skipIf(!there)(name, () => {
    it('leads from sign-up to being signed in by files, and starts the camera', async () => {
      const ada = person();
      const page = await visit(open());
      await signUp(page, ada);
      await page.reload();
      await page.see(heading(`Hello, ${ada.name}`));
      await page.click(button('Sign out'));
      await page.see(text('You are signed out.'));
      await page.click(button('Deutsch'));
      await page.see(heading('Anmelden'));
      await page.see(text('Sie sind abgemeldet.'));
      expect(await page.evaluate('document.documentElement.lang')).toBe('de');
      await page.click(button('English'));

      await page.type(field('E-mail'), ada.email);
      await page.click(button('Continue'));
      await page.see(heading('Look into the camera'));
      // The mesh's models run, and find nobody in what the engine shows for a camera.
      await page.see(SEEING);
      expect(await page.evaluate('document.querySelector("video").videoWidth')).toBeGreaterThan(0);
      if (cameras > 1) {
        const running = () =>
          page.evaluate('document.querySelector("video").srcObject.getVideoTracks()[0].getSettings().deviceId');
        const before = await running();
        await page.click(`//option[@value="${await page.evaluate(OTHER_CAMERA)}"]`);
        await vi.waitFor(async () => expect(await running()).not.toBe(before), { timeout: 20_000 });
        await page.see(SEEING);
      }
      await page.click(button('Take the picture'));
      await page.see('//*[@data-reason="NO_FACE"]');
    });
  });
}

describe.skipIf(FIREFOX === '')('Firefox with cookies blocked', () => {
  const blocked: Preferences = { 'network.cookie.cookieBehavior': 2 };

  it('leads from sign-up to being signed in, and says what is not kept', async () => {
    const ada = person();
    const page = await visit(firefox(FIREFOX, blocked));
    expect(await page.evaluate('(() => { try { return localStorage && "kept" } catch { return "refused" } })()')).toBe('refused');
    await page.see('//*[@data-testid="not-kept"]');
    await signUp(page, ada);
    await page.reload();
    await page.see(heading('Sign in'));
  });
});

describe.skipIf(WEBKIT.browser === '')('WebKit without any use of cameras', () => {
  it('says so, and takes a picture', async () => {
    const page = await visit(webkit(WEBKIT, false));
    await page.type(field('E-mail'), person().email);
    await page.click(button('Continue'));
    await page.see('//*[@data-camera="unsupported"]');
    await page.choose(FILE, file('large.jpg'));
    await page.see('//*[@data-reason="NO_MATCH"]');
  });
});
