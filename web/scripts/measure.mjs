// What somebody waits for in front of the page, on this machine. `cargo xtask bench` runs it.
//
// Prints a table: medians of several visits, each in a browser of its own with an empty cache.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const VISITS = 5;
/** How long frames are counted, in milliseconds. */
const COUNTED = 5000;

const {
  FACE_SIGNIN_BROWSER: executablePath,
  FACE_SIGNIN_CAMERAS: cameras,
  FACE_SIGNIN_OUTPUTS: outputs,
} = process.env;
if (!executablePath || !cameras || !outputs) {
  console.error('run: cargo xtask bench');
  process.exit(2);
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const read = (file) => JSON.parse(readFileSync(join(outputs, file), 'utf8'));

/** One visit: an account is opened, and signed in with. */
async function visit({ WebUrl: url, CognitoEndpoint, SecretAccessKey }, data) {
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${join(cameras, 'live.mjpeg')}`,
    ],
  });
  const context = await browser.newContext({ locale: 'en-US' });
  // No camera takes the same picture twice, and one that plays a file does.
  await context.addInitScript(() => {
    const drawn = CanvasRenderingContext2D.prototype.drawImage;
    CanvasRenderingContext2D.prototype.drawImage = function (...what) {
      Reflect.apply(drawn, this, what);
      if (what[0] instanceof HTMLVideoElement) {
        for (let count = 0; count < 60; count += 1) {
          this.fillStyle = `rgb(128 128 128 / ${Math.random() / 4})`;
          this.fillRect(Math.random() * this.canvas.width, Math.random() * this.canvas.height, 3, 3);
        }
      }
    };
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(url);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  const bytes = () =>
    page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .concat(performance.getEntriesByType('navigation'))
        .filter((entry) => new URL(entry.name).origin === location.origin)
        .reduce((sum, entry) => sum + entry.encodedBodySize, 0),
    );
  const before = await bytes();
  const opened = await page.evaluate(() => performance.now());

  // Where pictures are taken, an address that nobody has leads to the camera at once.
  const email = `measured-${crypto.randomUUID()}@example.com`;
  await page.getByRole('button', { name: 'Create an account' }).click();
  await page.getByLabel('Name').fill('Ada Example');
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  const take = async () => {
    await page.locator('.camera[data-advice="ready"]').waitFor();
    await page.getByTestId('take').click();
  };
  const code = async () => {
    const field = page.getByLabel('Code');
    await field.waitFor();
    const letters = await fetch(`${CognitoEndpoint}/_local/mailbox?to=${email}`, {
      headers: { authorization: `Bearer ${SecretAccessKey}` },
    });
    await field.fill((await letters.json())[0].code);
    await page.getByRole('button', { name: 'Confirm' }).click();
  };
  if (data) {
    await take();
    await code();
    await page.getByText('Once more, to sign in.').waitFor();
  } else {
    await code();
    await page.locator('input[type=file]').setInputFiles(join(cameras, 'document.jpg'));
    await page.getByRole('button', { name: 'Use this picture' }).click();
  }
  await page.locator('.camera[data-advice="ready"]').waitFor();
  await page.evaluate(() => performance.clearMarks('mesh'));
  await page.waitForTimeout(COUNTED);
  const frames = await page.evaluate(() => performance.getEntriesByName('mesh').length);
  const all = await bytes();
  await take();
  await page.getByText('You are signed in.').waitFor();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByText('You are signed out.').waitFor();

  // Somebody who comes back: the page is opened anew, with what the browser has kept.
  await page.reload();
  await page.getByLabel('E-mail').fill(email);
  const asked = await page.evaluate(() => performance.now());
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.locator('canvas[data-points="468"]').waitFor();
  const marks = await page.evaluate(() => ({
    playing: performance.getEntriesByName('camera-playing')[0]?.startTime,
    mesh: performance.getEntriesByName('mesh')[0]?.startTime,
  }));
  await take();
  await page.getByText('You are signed in.').waitFor();
  const tokens = await page.evaluate(() => {
    const at = (name) => performance.getEntriesByName(name).at(-1)?.startTime ?? Number.NaN;
    return at('answered') - at('pressed');
  });
  await browser.close();
  return {
    before,
    all,
    opened,
    mesh: marks.mesh - asked,
    first: marks.mesh - marks.playing,
    frames: frames / (COUNTED / 1000),
    tokens,
  };
}

const rows = [
  ['FACE', read('outputs.json'), false],
  ['FACE_DATA, descriptor-128', read('outputs-data.json'), true],
];
console.log('| | loaded before the camera | in all, models counted | page usable | "Continue" to first mesh | camera to first mesh | frames a second | press to tokens |');
console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
for (const [name, stack, data] of rows) {
  const visits = [];
  for (let number = 0; number < VISITS; number += 1) {
    visits.push(await visit(stack, data));
  }
  const middle = (field) => median(visits.map((one) => one[field]).filter(Number.isFinite));
  const kilobytes = (field) => `${Math.round(middle(field) / 1000)} KB`;
  const milliseconds = (field) => `${Math.round(middle(field))} ms`;
  console.log(
    `| ${name} | ${kilobytes('before')} | ${kilobytes('all')} | ${milliseconds('opened')} | ${milliseconds('mesh')} | ${milliseconds('first')} | ${middle('frames').toFixed(0)} | ${milliseconds('tokens')} |`,
  );
}
