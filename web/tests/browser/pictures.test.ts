// The page in a browser, photo against photo.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { enrolled, file, open, outputs, person, type Person } from './harness';
import { newestCode } from './operator';

describe('signing up', () => {
  it('leads from the form to being signed in, in one browser tab', async () => {
    const ada = person();
    const page = await open('', 'live');
    await page.heading('Sign in').waitFor();
    await page.accessible();
    await page.button('Create an account').click();
    // Nobody agrees by doing nothing.
    expect(await page.page.getByRole('checkbox').isChecked()).toBe(false);
    await page.accessible();
    await page.button('I have an account').click();

    await page.fillSignUp(ada);
    await page.heading('Check your mail').waitFor();
    await page.page.getByText(`cargo xtask mail ${ada.email}`).waitFor();
    await page.accessible();
    // A wrong code, then one that is sent again.
    await page.page.getByLabel('Code', { exact: true }).fill('000000');
    await page.button('Confirm').click();
    await page.problem().getByText('This code is wrong.').waitFor();
    const first = await newestCode('', ada.email);
    await page.button('Send the code again').click();
    await page.page.getByText('A new code is on its way.').waitFor();
    expect(await newestCode('', ada.email, first)).not.toBe(first);
    await page.enterCode();

    await page.heading('Your ID photo').waitFor();
    await page.accessible();
    await page.page.locator('input[type=file]').setInputFiles(file('document.jpg'));
    await page.page.getByAltText('The ID photo you took or chose').waitFor();
    await page.accessible();
    await page.button('Use this picture').click();

    await page.heading('Look into the camera').waitFor();
    await page.mesh();
    await page.accessible();
    await page.take();
    await page.signedIn(ada);
    await page.accessible();
    expect(await page.page.getByTestId('steps').textContent()).toBe('password, ID photo, and face');
    expect(await page.page.evaluate(() => sessionStorage.length)).toBe(0);
  });

  it('asks for consent to what happens on this stack, and to no text that is not shown', async () => {
    const page = await open('', 'nobody');
    const configured = async (changed: Record<string, string>) => {
      await page.page.route('**/config.json', async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ json: { ...(await answer.json()), ...changed } });
      });
      await page.page.reload();
    };
    await page.button('Create an account').click();
    await page.page.getByText('A picture is deleted when it has been compared').waitFor();
    await configured({ KeepDocuments: 'true' });
    await page.button('Create an account').click();
    await page.page.getByText('The picture of your document and a mathematical').waitFor();
    // Who has an account may sign in all the same.
    await configured({ ConsentVersion: '2' });
    await page.button('Create an account').click();
    await page.page.getByText('the service asks for version 2').waitFor();
    expect(await page.page.getByRole('textbox').count()).toBe(0);
    expect(await page.page.getByRole('checkbox').count()).toBe(0);
    await page.accessible();
    await page.button('I have an account').click();
    await page.heading('Sign in').waitFor();
  });

  it('uploads what is too large to be an answer', async () => {
    const ada = person();
    const page = await open('', 'live');
    await page.fillSignUp(ada);
    await page.enterCode();
    await page.sendDocument('large.jpg');
    await page.take();
    await page.signedIn(ada);
    const { DocumentBucket, S3Endpoint } = outputs('');
    const uploads = page.requests.filter(({ url }) => url.startsWith(`${S3Endpoint}/${DocumentBucket}`));
    expect(uploads).toHaveLength(1);
  });

  it('takes the document with the camera, where somebody wants that', async () => {
    const page = await open('', 'nobody');
    await page.fillSignUp(person());
    await page.enterCode();
    await page.button('Use the camera').click();
    await page.page.locator('video').waitFor();
    await page.page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
    await page.button('Take the picture').click();
    await page.button('Use this picture').click();
    await page.problem().getByText('No portrait could be found').waitFor();
    // And again, with a file.
    await page.page.locator('input[type=file]').setInputFiles(file('document.jpg'));
    await page.button('Use this picture').waitFor();
  });

  it('takes a document that is dropped, and turns it as its EXIF says', async () => {
    const ada = person();
    const page = await open('', 'live');
    await page.fillSignUp(ada);
    await page.enterCode();
    await page.heading('Your ID photo').waitFor();
    const encoded = readFileSync(file('sideways.jpg')).toString('base64');
    const dropped = await page.page.evaluateHandle((base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], 'sideways.jpg', { type: 'image/jpeg' }));
      return transfer;
    }, encoded);
    await page.page.locator('.drop').dispatchEvent('drop', { dataTransfer: dropped });
    const shown = page.page.getByAltText('The ID photo you took or chose');
    await shown.waitFor();
    const size = await shown.evaluate(async (image: HTMLImageElement) => {
      await image.decode();
      return [image.naturalWidth, image.naturalHeight];
    });
    // It lies 600 wide and 440 high in the file.
    expect(size).toEqual([440, 600]);
    await page.button('Use this picture').click();
    await page.take();
    await page.signedIn(ada);
  });

  it('says so where a file is no picture', async () => {
    const page = await open('', 'live');
    await page.fillSignUp(person());
    await page.enterCode();
    await page.heading('Your ID photo').waitFor();
    await page.page
      .locator('input[type=file]')
      .setInputFiles({ name: 'picture.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no') });
    await page.problem().getByText('not a picture that can be read').waitFor();
  });

  it('goes on after a reload where it was', async () => {
    const ada = person();
    const page = await open('', 'live');
    await page.fillSignUp(ada);
    await page.heading('Check your mail').waitFor();
    await page.page.reload();
    await page.heading('Check your mail').waitFor();
    await page.enterCode();
    await page.heading('Your ID photo').waitFor();
    await page.page.reload();
    await page.sendDocument();
    await page.heading('Look into the camera').waitFor();
    // An enrolment that is broken off here begins again with the document.
    await page.page.reload();
    await page.sendDocument();
    await page.take();
    await page.signedIn(ada);
  });

  it('is taken up again by mail when the tab and its secrets are gone', async () => {
    const ada = person();
    const page = await open('', 'live');
    await page.fillSignUp(ada);
    await page.heading('Check your mail').waitFor();
    await page.page.evaluate(() => sessionStorage.clear());
    await page.page.reload();
    await page.button('Never finished signing up?').click();
    await page.page.getByLabel('E-mail').fill(ada.email);
    await page.button('Send the code').click();
    // The address first, then the password that nobody remembers; and whoever proves the mailbox is
    // asked for consent.
    await page.enterCode();
    await page.heading('One more code').waitFor();
    await page.page.getByText('A picture is deleted when it has been compared').waitFor();
    await page.accessible();
    await page.enterCode();
    await page.sendDocument();
    const [reset] = page.calls('ConfirmForgotPassword');
    expect(reset?.['ClientMetadata']).toEqual({
      binding: expect.stringMatching(/^[0-9a-f]{64}$/),
      consent: '1',
    });
    await page.take();
    await page.signedIn(ada);
    expect(await page.page.getByTestId('steps').textContent()).toBe('password, ID photo, and face');
  });

  it('with an address that has an account leads to signing in', async () => {
    const ada = await enrolled();
    const page = await open('', 'live-again');
    await page.fillSignUp(ada);
    await page.problem().getByText('An account with this address already exists').waitFor();
    await page.button('I have an account').click();
    expect(await page.page.getByLabel('E-mail').inputValue()).toBe(ada.email);
  });
});

describe('signing in', () => {
  let ada: Person;

  beforeAll(async () => {
    ada = await enrolled();
  });

  it('takes an address and a look into the camera', async () => {
    const page = await open('', 'live-again');
    await page.begin(ada);
    await page.take();
    await page.signedIn(ada);
    expect(await page.page.getByTestId('steps').textContent()).toBe('face');
    // Signed in after a reload as well, and out when asked.
    await page.page.reload();
    await page.signedIn(ada);
    await page.button('Sign out').click();
    await page.page.getByText('You are signed out.').waitFor();
    await page.page.reload();
    await page.heading('Sign in').waitFor();
  });

  it('takes the picture by itself where somebody chose so', async () => {
    const page = await open('', 'live-again');
    await page.begin(ada);
    await page.page.getByLabel('Take it automatically when I hold still').check();
    await page.signedIn(ada);
  });

  it('takes no second picture by itself, and so burns no tries', async () => {
    const page = await open('', 'impostor');
    await page.begin(ada);
    await page.page.getByLabel('Take it automatically when I hold still').check();
    await page.page.getByText('2 attempts are left.').waitFor();
    // Long enough for all to be well once more, counted in frames.
    await page.page.evaluate(() => performance.clearMarks('mesh'));
    await page.page.waitForFunction(() => performance.getEntriesByName('mesh').length > 80);
    await page.page.locator('.camera[data-advice="ready"]').waitFor();
    expect(await page.page.getByText('2 attempts are left.').isVisible()).toBe(true);
    expect(page.requests.filter(({ body }) => body.includes('ANSWER'))).toHaveLength(1);
  });

  it('can be done with the keyboard alone', async () => {
    const page = await open('', 'live-again');
    await page.heading('Sign in').waitFor();
    const focused = () => page.page.evaluate(() => document.activeElement?.textContent ?? '');
    expect(await focused()).toBe('Sign in');
    await page.page.keyboard.press('Tab');
    await page.page.keyboard.type(ada.email);
    await page.page.keyboard.press('Enter');
    await page.heading('Look into the camera').waitFor();
    expect(await focused()).toBe('Look into the camera');
    await page.page.locator('.camera[data-advice="ready"]').waitFor();
    await page.page.keyboard.press('Tab');
    expect(await focused()).toBe('Take the picture');
    await page.page.keyboard.press('Enter');
    await page.signedIn(ada);
    expect(await focused()).toBe(`Hello, ${ada.name}`);
  });

  it('refuses an impostor, counts, and says how long to wait', async () => {
    const victim = await enrolled();
    const page = await open('', 'impostor');
    await page.begin(victim);
    await page.take();
    await page.page.locator('[data-reason=NO_MATCH]').waitFor();
    await page.page.getByText('2 attempts are left.').waitFor();
    await page.accessible();
    await page.take();
    await page.page.getByText('One attempt is left.').waitFor();
    await page.take();
    await page.page.locator('[data-trouble=refused]').waitFor();
    // The next press begins a new session, and the fifth failure a wait.
    await page.take();
    await page.page.getByText('2 attempts are left.').waitFor();
    await page.take();
    await page.page.locator('.countdown').waitFor();
    expect(await page.page.getByTestId('take').getAttribute('aria-disabled')).toBe('true');
    await page.accessible();
    await page.shot('wait');
  });

  it('says who is in the picture too many, and takes none of it', async () => {
    const page = await open('', 'two-people');
    await page.begin(ada);
    await page.page.locator('.camera[data-advice="one-person"]').waitFor();
    await page.page.getByText('Only one person, please.').waitFor();
    await page.page.getByTestId('take').click();
    await page.page.locator('[data-reason=MANY_FACES]').waitFor();
  });

  it('says so where nobody is there', async () => {
    const page = await open('', 'nobody');
    await page.begin(ada);
    await page.page.locator('.camera[data-advice="look"]').waitFor();
    await page.page.getByTestId('take').click();
    await page.page.locator('[data-reason=NO_FACE]').waitFor();
  });

  it('asks for more light', async () => {
    const page = await open('', 'dark');
    await page.begin(ada);
    await page.page.locator('.camera[data-advice="light"]').waitFor();
  });

  it('says what to do where the camera is not allowed, and takes a file', async () => {
    const page = await open('', 'denied');
    await page.begin(ada);
    await page.page.locator('[data-camera=denied]').waitFor();
    await page.problem().getByText('Allow it in the address bar').waitFor();
    await page.accessible();
    await page.page.locator('input[type=file]').setInputFiles(file('large.jpg'));
    // It is the person of the document, in another size: another picture.
    await page.signedIn(ada);
  });

  it('says so where the camera is pulled out, and goes on when it is back', async () => {
    const page = await open('', 'live-again');
    await page.begin(ada);
    await page.mesh();
    await page.page.evaluate(() => {
      const stream = document.querySelector('video')?.srcObject as MediaStream;
      stream.getVideoTracks()[0]?.dispatchEvent(new Event('ended'));
    });
    await page.page.locator('[data-camera=lost]').waitFor();
    await page.button('Start the camera again').click();
    await page.take();
    await page.signedIn(ada);
  });

  it('says so where the camera is missing or busy', async () => {
    for (const [error, trouble] of [
      ['NotFoundError', 'missing'],
      ['NotReadableError', 'busy'],
    ] as const) {
      const page = await open('', 'live-again');
      await page.page.evaluate((name) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name));
      }, error);
      await page.begin(ada);
      await page.page.locator(`[data-camera=${trouble}]`).waitFor();
    }
  });

  it('goes on when a server that stopped in the middle is back', async () => {
    const page = await open('', 'live-again');
    await page.begin(ada);
    const cognito = `${outputs('')['CognitoEndpoint']}/`;
    await page.context.route(cognito, (route) => route.abort('connectionrefused'));
    await page.take();
    await page.page.locator('[data-trouble=unreachable]').waitFor();
    await page.accessible();
    await page.context.unroute(cognito);
    await page.context.setOffline(true);
    await page.take();
    await page.page.locator('[data-trouble=offline]').waitFor();
    await page.context.setOffline(false);
    await page.take();
    await page.signedIn(ada);
  });

  it('begins anew where the session is over, and loses nothing', async () => {
    const page = await open('', 'live-again');
    await page.begin(ada);
    const cognito = `${outputs('')['CognitoEndpoint']}/`;
    let asked = 0;
    await page.context.route(cognito, (route) => {
      const answering = route.request().headers()['x-amz-target']?.endsWith('RespondToAuthChallenge');
      asked += answering ? 1 : 0;
      return answering && asked === 1
        ? route.fulfill({
            status: 400,
            headers: { 'access-control-allow-origin': '*' },
            json: { __type: 'NotAuthorizedException', message: 'Invalid session for the user.' },
          })
        : route.continue();
    });
    await page.take();
    await page.signedIn(ada);
    expect(asked).toBe(2);
  });

  it('works without the mesh where WebAssembly does not load', async () => {
    const page = await open('', 'live-again');
    await page.context.route('**/vendor/**', (route) => route.abort());
    await page.begin(ada);
    await page.page.locator('.camera[data-vision="missing"]').waitFor();
    await page.page.getByTestId('take').click();
    await page.signedIn(ada);
  });
});

describe('with a password', () => {
  const password = 'correct horse battery';

  it('the password comes first, and a new one is set by mail', async () => {
    const ada = await enrolled('password', password);
    const page = await open('password', 'live-again');
    await page.page.getByLabel('E-mail').fill(ada.email);
    await page.page.getByLabel('Password').fill('not the password');
    await page.button('Continue').click();
    await page.problem().getByText('The e-mail address or the password is wrong.').waitFor();
    expect(await page.page.getByLabel('E-mail').inputValue()).toBe(ada.email);

    await page.button('Forgot your password?').click();
    await page.button('Send the code').click();
    await page.heading('A new password').waitFor();
    // Who only forgot the password agrees to nothing anew.
    expect(await page.page.getByRole('checkbox').count()).toBe(0);
    await page.page.locator('input[name=password]').fill(`${password} staple`);
    await page.enterCode('Set the password');
    // The face stays what it was.
    await page.heading('Look into the camera').waitFor();
    await page.take();
    await page.signedIn(ada);
    expect(await page.page.getByTestId('steps').textContent()).toBe('password and face');
  });
});

describe('the page', () => {
  it('loads little before the camera is wanted, and nothing from elsewhere', async () => {
    const page = await open('', 'live-again');
    await page.heading('Sign in').waitFor();
    const bytes = () =>
      page.page.evaluate(() =>
        performance
          .getEntriesByType('resource')
          .concat(performance.getEntriesByType('navigation'))
          .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).encodedBodySize, 0),
      );
    expect(await bytes()).toBeLessThan(250_000);
  });

  for (const dark of [false, true]) {
    it(`fits a narrow screen, ${dark ? 'dark' : 'light'}`, async () => {
      const theme = dark ? 'dark' : 'light';
      const ada = person();
      const page = await open('', 'live', { dark, width: 360, height: 740 });
      await page.heading('Sign in').waitFor();
      await page.accessible();
      await page.shot(`narrow-sign-in-${theme}`);
      await page.fillSignUp(ada);
      await page.page.getByLabel('Code', { exact: true }).waitFor();
      await page.accessible();
      await page.enterCode();
      await page.heading('Your ID photo').waitFor();
      await page.accessible();
      await page.sendDocument();
      await page.mesh();
      await page.accessible();
      await page.shot(`narrow-mesh-${theme}`);
      await page.take();
      await page.signedIn(ada);
      await page.accessible();
    });
  }
});

describe('screenshots', () => {
  const size = { width: 760, height: 900 };

  /** The face of nobody, which the project draws itself: it looks straight ahead, and anybody may show it. */
  const DRAWN = resolve(import.meta.dirname, '../../../functions/create-collection/drawn-face.jpg');

  /** Runs in the page: the camera shows a portrait, before a wall of its own colour. */
  function portrayed(portrait: string): void {
    navigator.mediaDevices.getUserMedia = async () => {
      const bytes = Uint8Array.from(atob(portrait), (letter) => letter.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes]));
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [640, 480];
      const context = canvas.getContext('2d');
      const scale = 0.5;
      const [width, height] = [image.width * scale, image.height * scale];
      const [left, top] = [(canvas.width - width) / 2, (canvas.height - height) / 2];
      const draw = () => {
        context?.drawImage(image, 0, 0, 1, image.height, 0, top, canvas.width, height);
        context?.drawImage(image, left, top, width, height);
      };
      draw();
      setInterval(draw, 50);
      return canvas.captureStream();
    };
  }

  it('of the mesh, over the face of nobody', async () => {
    const device = { script: portrayed, argument: readFileSync(DRAWN).toString('base64') };
    const page = await open('', 'nobody', { ...size, device });
    await page.begin(person());
    await page.page.locator('.camera[data-advice="ready"]').waitFor();
    // Dimmed, so that the mesh can be seen in a small picture, and without the drawing's grain, which
    // would make a large file of it.
    await page.page.locator('video').evaluate((video) => {
      video.style.opacity = '0.5';
      video.style.filter = 'blur(2px)';
    });
    await page.shot('mesh');
  });

  it('of sign-up and signed-in', async () => {
    const ada = person();
    const page = await open('', 'live', size);
    await page.button('Create an account').click();
    await page.page.getByLabel('Name').fill(ada.name);
    await page.page.getByLabel('E-mail').fill('ada@example.com');
    await page.shot('sign-up');
    await page.button('I have an account').click();
    await page.fillSignUp(ada);
    await page.enterCode();
    await page.sendDocument();
    await page.take();
    await page.signedIn(ada);
    // Another address every time would be another picture every time.
    await page.page.getByText(ada.email).evaluate((shown) => {
      shown.textContent = 'ada@example.com';
    });
    await page.page.locator('time').evaluate((shown) => {
      shown.textContent = '10:00:00 AM';
    });
    await page.shot('signed-in');
  });
});
