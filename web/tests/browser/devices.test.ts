// What people's devices are like: a clock that is wrong, more cameras than one, storage that is
// refused, an address without https.

import { createReadStream, existsSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';

import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { type Device, open, outputs, person, SCREENSHOTS, type Visit } from './harness';

const narrow = { width: 360, height: 740 };

describe('a clock', () => {
  /** Runs in the page: the device's clock is wrong by so many milliseconds. */
  function wrong(by: number): void {
    const Right = Date;
    globalThis.Date = class extends Right {
      constructor(...parts: unknown[]) {
        super(...((parts.length === 0 ? [Right.now() + by] : parts) as []));
      }

      static override now(): number {
        return Right.now() + by;
      }
    } as DateConstructor;
  }

  for (const [words, minutes] of [
    ['a day behind', -24 * 60],
    ['a quarter of an hour behind', -15],
    ['a quarter of an hour ahead', 15],
    ['a day ahead', 24 * 60],
  ] as const) {
    it(`that is ${words} keeps nobody from signing up and in`, async () => {
      const password = 'correct horse battery';
      const ada = person(password);
      const device: Device = { script: wrong, argument: minutes * 60_000 };
      const page = await open('password', 'live', { device });
      const off = await page.page.evaluate(() => Date.now());
      expect(Math.round((off - Date.now()) / 60_000)).toBe(minutes);
      await page.signUp(ada);
      // One document, one face: nothing is asked for twice.
      expect(page.calls('RespondToAuthChallenge')).toHaveLength(3);
      await page.page.reload();
      await page.signedIn(ada);
      await page.button('Sign out').click();
      await page.page.getByText('You are signed out.').waitFor();
      // Nothing of theirs is left for the next person.
      const email = page.page.getByLabel('E-mail', { exact: true });
      expect(await email.inputValue()).toBe('');
      await email.fill(ada.email);
      await page.page.getByLabel('Password').fill(password);
      await page.button('Continue').click();
      await page.take();
      await page.signedIn(ada);
    });
  }
});

describe('an upload form', () => {
  it('that has expired by the clock of S3 begins the session anew, and the picture goes to that', async () => {
    const ada = person();
    const page = await open('', 'live');
    await page.fillSignUp(ada);
    await page.enterCode();
    await page.heading('Your ID photo').waitFor();
    const { DocumentBucket, S3Endpoint } = outputs('');
    let refused = 0;
    await page.context.route(`${S3Endpoint}/${DocumentBucket}/`, (route) => {
      refused += 1;
      return refused > 1
        ? route.continue()
        : route.fulfill({
            status: 403,
            headers: { 'access-control-allow-origin': '*' },
            contentType: 'application/xml',
            body: '<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>',
          });
    });
    await page.sendDocument('large.jpg');
    await page.take();
    await page.signedIn(ada);
    expect(refused).toBe(2);
  });
});

describe('a page without https', () => {
  it('says that it needs https, before anything is tried', async () => {
    const asked: string[] = [];
    const dist = resolve(import.meta.dirname, '../../dist');
    const types: Record<string, string> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };
    const server = createServer((request, answer) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      asked.push(path);
      const name = join(dist, path === '/' ? 'index.html' : path);
      if (!name.startsWith(dist) || !existsSync(name)) {
        answer.writeHead(404).end();
        return;
      }
      answer.setHeader('content-type', types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream');
      createReadStream(name).pipe(answer);
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const { port } = server.address() as AddressInfo;
    const browser = await chromium.launch({
      executablePath: process.env['FACE_SIGNIN_BROWSER'] ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP face.example 127.0.0.1'],
    });
    try {
      const page = await browser.newPage({ locale: 'en-US', viewport: narrow, colorScheme: 'dark' });
      await page.goto(`http://face.example:${port}/`);
      await page.getByRole('heading', { name: 'This page needs https' }).waitFor();
      await page.getByText('an address that begins with https').waitFor();
      expect(await page.getByRole('textbox').count()).toBe(0);
      await page.screenshot({ path: join(SCREENSHOTS, 'insecure.png') });
      await page.getByRole('button', { name: 'Deutsch' }).click();
      await page.getByRole('heading', { name: 'Diese Seite braucht https' }).waitFor();
      expect(asked).not.toContain('/config.json');
      // The same page, where the browser trusts it, goes on to look for its stack.
      await page.goto(`http://localhost:${port}/`);
      await page.getByText('There is no file config.json beside this page').waitFor();
      expect(asked).toContain('/config.json');
    } finally {
      await browser.close();
      server.close();
    }
  });
});

describe('a config.json', () => {
  it('that is not whole is told by the names of what it lacks', async () => {
    const page = await open('', 'nobody', narrow);
    await page.page.route('**/config.json', async (route) => {
      const { UserPoolClientId, ...json } = await (await route.fetch()).json();
      expect(UserPoolClientId).toBeTruthy();
      await route.fulfill({ json: { ...json, SignInChains: 'SMILE' } });
    });
    await page.page.reload();
    await page.heading('This page is not configured').waitFor();
    await page.page.getByText('UserPoolClientId is missing').waitFor();
    await page.page.getByText('SignInChains is “SMILE”, and should be one chain of steps, or several').waitFor();
    await page.accessible();
    await page.shot('config');
  });
});

describe('cameras', () => {
  const running = (page: Visit) =>
    page.page.evaluate(() => {
      const stream = document.querySelector('video')?.srcObject as MediaStream | null;
      return stream?.getVideoTracks()[0]?.getSettings().deviceId;
    });
  const playing = (page: Visit) => page.page.locator('.camera[data-vision="running"]').waitFor();

  it('are not asked after where there is one', async () => {
    const page = await open('', 'live-again');
    await page.begin(person());
    await page.mesh();
    expect(await page.page.getByRole('combobox').count()).toBe(0);
  });

  it('can be chosen where there are two, with the keyboard; the choice is remembered', async () => {
    const page = await open('', 'two-cameras', narrow);
    const ada = person();
    await page.begin(ada);
    await playing(page);
    const choice = page.page.getByLabel('Camera', { exact: true });
    const ids = await choice.locator('option').evaluateAll((all) =>
      all.map((one) => (one as HTMLOptionElement).value),
    );
    expect(ids).toHaveLength(2);
    expect(await choice.inputValue()).toBe(await running(page));
    const [first, second] = ids[0] === (await running(page)) ? ids : [...ids].reverse();
    await page.accessible();
    await page.shot('cameras-light');

    await page.page.keyboard.press('Tab');
    await page.page.keyboard.press(ids[0] === first ? 'ArrowDown' : 'ArrowUp');
    await expect.poll(() => running(page)).toBe(second);
    await playing(page);
    expect(await choice.inputValue()).toBe(second);
    // Asked again in another visit, the same one is taken.
    await page.page.reload();
    await page.begin(ada);
    await expect.poll(() => running(page)).toBe(second);
    expect(await choice.inputValue()).toBe(second);
  });

  it('that are gone are no longer waited for', async () => {
    const page = await open('', 'two-cameras', { ...narrow, dark: true });
    await page.page.evaluate(() => localStorage.setItem('face-sign-in.camera.face', 'unplugged'));
    await page.page.reload();
    await page.begin(person());
    await playing(page);
    expect(await page.page.getByRole('combobox').inputValue()).toBe(await running(page));
    await page.accessible();
    await page.shot('cameras-dark');
  });

  it('that are in use can be left for another', async () => {
    const page = await open('', 'two-cameras', narrow);
    // The usual camera is busy; one that is asked for by its id is not.
    await page.page.evaluate(() => {
      const asked = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = (constraints) =>
        typeof constraints?.video === 'object' && constraints.video.deviceId
          ? asked(constraints)
          : asked(constraints).then((stream) => {
              stream.getTracks().forEach((track) => track.stop());
              throw new DOMException('', 'NotReadableError');
            });
    });
    await page.begin(person());
    await page.page.locator('[data-camera=busy]').waitFor();
    await page.accessible();
    await page.shot('camera-busy');
    await page.page.getByLabel('Camera', { exact: true }).selectOption({ index: 1 });
    await playing(page);
  });
});

describe('storage', () => {
  /** Runs in the page: how browsers refuse to keep anything. */
  function refusing(how: 'throws' | 'is null' | 'is full'): void {
    if (how === 'is full') {
      Storage.prototype.setItem = () => {
        throw new DOMException('', 'QuotaExceededError');
      };
      return;
    }
    for (const name of ['localStorage', 'sessionStorage']) {
      Object.defineProperty(window, name, {
        get: () => {
          if (how === 'throws') {
            throw new DOMException('', 'SecurityError');
          }
          return null;
        },
      });
    }
  }

  const refused = async (how: 'throws' | 'is null' | 'is full') => {
    const page = await open('', 'live', { ...narrow, device: { script: refusing, argument: how } });
    await page.page.getByText('This browser does not let this page store anything.').waitFor();
    return page;
  };

  it('that throws keeps nobody from signing up and in, and is spoken of', async () => {
    const ada = person();
    const page = await refused('throws');
    await page.accessible();
    await page.shot('not-kept');
    await page.signUp(ada);
    await page.button('Sign out').click();
    await page.page.getByText('You are signed out.').waitFor();
    await page.begin(ada);
    await page.page.getByLabel('Take it automatically when I hold still').check();
    await page.signedIn(ada);
    await page.page.reload();
    await page.heading('Sign in').waitFor();
  });

  it('that is not there keeps nobody from the camera', async () => {
    const page = await refused('is null');
    await page.begin(person());
    await page.mesh();
  });

  it('that is full is named', async () => {
    const page = await refused('is full');
    await page.page.getByLabel('E-mail').fill(person().email);
    await page.button('Continue').click();
    await page.problem().getByText('no room left').waitFor();
  });

  it('that works is not spoken of', async () => {
    const page = await open('', 'nobody');
    await page.heading('Sign in').waitFor();
    expect(await page.page.getByTestId('not-kept').count()).toBe(0);
    expect(await page.page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0);
  });
});

describe('a page at 127.0.0.1', () => {
  it('works as at localhost, uploads and all', async () => {
    const ada = person();
    const page = await open('', 'live', { host: '127.0.0.1' });
    await page.fillSignUp(ada);
    await page.enterCode();
    await page.sendDocument('large.jpg');
    await page.take();
    await page.signedIn(ada);
  });
});

describe('pages elsewhere', () => {
  /** What a server says to a page of an origin that asks whether it may post. */
  const asked = (url: string, origin: string) =>
    new Promise<string | undefined>((done, failed) => {
      const headers = { origin, 'access-control-request-method': 'POST' };
      const call = request(url, { method: 'OPTIONS', headers }, (answer) => {
        answer.resume();
        done(answer.headers['access-control-allow-origin']);
      });
      call.on('error', failed).end();
    });

  it('call Cognito and upload where AllowedOrigins names them, an app among them', async () => {
    const { CognitoEndpoint, S3Endpoint, DocumentBucket, SignInBucket, WebUrl = '' } = outputs('');
    const named = ['https://app.example.com', 'capacitor://localhost', WebUrl];
    const others = ['https://evil.example', 'capacitor://evil', 'http://app.example.com'];
    for (const path of ['', `/${DocumentBucket}/`, `/${SignInBucket}/`]) {
      const url = path === '' ? `${CognitoEndpoint}/` : `${S3Endpoint}${path}`;
      for (const origin of named) {
        expect(await asked(url, origin), `${origin} at ${url}`).toBe(origin);
      }
      for (const origin of others) {
        expect(await asked(url, origin), `${origin} at ${url}`).toBeUndefined();
      }
    }
  });
});

describe('what is injected into the page', () => {
  it("sends pictures to nobody's bucket but the stack's two", async () => {
    const page = await open('', 'nobody');
    await page.heading('Sign in').waitFor();
    const { S3Endpoint, DocumentBucket, SignInBucket } = outputs('');
    const refused = await page.page.evaluate(async (addresses) => {
      const refused: string[] = [];
      addEventListener('securitypolicyviolation', (violation) => refused.push(violation.blockedURI));
      for (const address of addresses) {
        await fetch(address, { method: 'POST', body: 'a picture' }).catch(() => undefined);
      }
      return refused;
    }, [`${S3Endpoint}/somebody-else/`, `${S3Endpoint}/`, `${S3Endpoint}/${DocumentBucket}/`, `${S3Endpoint}/${SignInBucket}/`]);
    expect(refused).toEqual([`${S3Endpoint}/somebody-else/`, `${S3Endpoint}/`]);
    page.forgiven();
  });
});
