// A way in without a face: a code by mail.

import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { TEXTS } from '../../src/text';
import { open, person, type Person, Visit } from './harness';
import { letters, newestCode } from './operator';
import { answered, code, select, under, way } from './played';

const narrow = { width: 360, height: 740 };
const password = 'correct horse battery';
const another = `${password} staple`;
const hex = expect.stringMatching(/^[0-9a-f]{64}$/);

const CHAINS = 'FACE,PASSWORD+EMAIL_CODE';
const BY_CODE = 'With your password and a code by mail';
const ASKED = 'Enter the code from your e-mail';

const field = (page: Visit) => page.page.getByLabel('Code', { exact: true });

/** Signs up without a face; it ends signed in. */
async function signUp(page: Visit, ada: Person): Promise<void> {
  await page.fillSignUp(ada, true);
  await page.enterCode();
  await page.heading(ASKED).waitFor();
  await page.enterCode('Sign in');
  await page.signedIn(ada);
}

/** Somebody who signed up without a face in an earlier browser. */
async function withoutFace(): Promise<Person> {
  const ada = person(password);
  const earlier = await Visit.to('mailed', 'denied');
  await signUp(earlier, ada);
  await earlier.end();
  return ada;
}

/** Begins to sign in with the password and a code. */
async function begin(page: Visit, email: string): Promise<void> {
  await way(page, BY_CODE).check();
  await page.page.getByLabel('E-mail', { exact: true }).fill(email);
  await page.page.getByLabel('Password', { exact: true }).fill(password);
  await page.button('Continue').click();
}

/** The same, up to the code that is mailed for it. */
async function mailed(page: Visit, { email }: Person): Promise<string> {
  const before = await newestCode('mailed', email);
  await begin(page, email);
  await page.heading(ASKED).waitFor();
  return newestCode('mailed', email, before);
}

/** A code that is not this one. */
const other = (code: string): string => `${(Number(code) + 1) % 1_000_000}`.padStart(6, '0');

/** The metadata of every answer to a custom challenge so far. */
const metadata = (page: Visit): Record<string, string>[] =>
  page
    .calls('RespondToAuthChallenge')
    .filter(({ ChallengeName }) => ChallengeName === 'CUSTOM_CHALLENGE')
    .map(({ ClientMetadata }) => ClientMetadata as Record<string, string>);

/** Presses the Tab key until something has the focus. */
async function reach(page: Visit, target: Locator): Promise<void> {
  await target.waitFor();
  const there = () => target.evaluate((element) => element === document.activeElement);
  for (let stops = 0; stops < 30 && !(await there()); stops += 1) {
    await page.page.keyboard.press('Tab');
  }
  expect(await there(), 'the keyboard leads there').toBe(true);
}

describe('signing up without a face', () => {
  it('asks for no consent and no camera, and ends signed in by a code', async () => {
    const ada = person(password);
    const page = await open('mailed', 'denied', narrow);
    await signUp(page, ada);
    expect(await page.page.getByTestId('steps').textContent()).toBe('password and code by mail');
    expect(page.calls('SignUp').map(({ ClientMetadata }) => ClientMetadata)).toEqual([{ binding: hex }]);
    // What was chosen at the sign-up is not asked again.
    expect(answered(page)).toEqual(['PASSWORD+EMAIL_CODE', expect.stringMatching(/^[0-9]{6}$/)]);
    // Nothing of what looks at faces was loaded.
    expect(page.requests.filter(({ url }) => url.includes('/vendor/'))).toEqual([]);
    expect(await page.page.evaluate(() => sessionStorage.length)).toBe(0);
    await page.button('Sign out').click();
    await page.page.getByText('You are signed out.').waitFor();
    expect(await way(page, BY_CODE).isChecked()).toBe(true);
  });

  it('goes on after a reload, along the way that was chosen', async () => {
    const ada = person(password);
    const page = await open('mailed', 'denied');
    await page.fillSignUp(ada, true);
    await page.heading('Check your mail').waitFor();
    const confirmed = await newestCode('mailed', ada.email);
    await page.enterCode();
    await page.heading(ASKED).waitFor();
    const first = await newestCode('mailed', ada.email, confirmed);
    await page.page.reload();
    await page.heading(ASKED).waitFor();
    // Another session, another code.
    await field(page).fill(await newestCode('mailed', ada.email, first));
    await page.button('Sign in').click();
    await page.signedIn(ada);
    expect(answered(page).slice(0, 2)).toEqual(['PASSWORD+EMAIL_CODE', 'PASSWORD+EMAIL_CODE']);
  });

  it('is over for whoever leaves it, so that the next person at the device does not go on with it', async () => {
    const page = await open('mailed', 'denied');
    await page.fillSignUp(person(password), true);
    await page.heading('Check your mail').waitFor();
    await page.enterCode();
    await page.heading(ASKED).waitFor();
    await page.button('Cancel').click();
    await page.heading('Sign in').waitFor();
    // What could enrol: the password and the secret of the sign-up.
    expect(await page.page.evaluate(() => sessionStorage.getItem('face-sign-in.tab'))).toBeNull();
    await page.page.reload();
    await page.heading('Sign in').waitFor();
  });

  for (const dark of [false, true]) {
    it(`is a choice that nobody makes by doing nothing, ${dark ? 'dark' : 'light'}`, async () => {
      const page = await open('mailed', 'nobody', { ...narrow, dark });
      await page.button('Create an account').click();
      const [withFace, without] = [way(page, 'With my face'), way(page, 'Without my face')];
      const consent = page.page.getByRole('checkbox');
      expect([await withFace.isChecked(), await without.isChecked(), await consent.count()]).toEqual([false, false, 0]);
      const complaint = () => withFace.evaluate((input: HTMLInputElement) => input.validationMessage);
      expect(await complaint()).toBe('Choose one of these.');
      await page.accessible();
      await withFace.check();
      expect([await complaint(), await consent.isChecked()]).toEqual(['', false]);
      await page.page.getByText('Your face, and what happens to it').waitFor();
      await page.accessible();
      await page.shot(`choice-${dark ? 'dark' : 'light'}`);
      await without.check();
      expect(await consent.count()).toBe(0);
      await page.accessible();
    });
  }

  it('is not what somebody does who chooses the face: consent, then the ID photo', async () => {
    const page = await open('mailed', 'nobody');
    await page.fillSignUp(person(password));
    await page.enterCode();
    await page.heading('Your ID photo').waitFor();
    expect(page.calls('SignUp').map(({ ClientMetadata }) => ClientMetadata)).toEqual([{ consent: '1', binding: hex }]);
    expect(answered(page)).toEqual(['FACE']);
  });

  it('leaves it open to add a face later, which asks for consent', async () => {
    const ada = await withoutFace();
    const page = await open('mailed', 'live', narrow);
    await page.button('Invited, or never finished signing up?').click();
    await page.page.getByLabel('E-mail', { exact: true }).fill(ada.email);
    const before = await newestCode('mailed', ada.email);
    await page.button('Send the code').click();
    await page.heading('A new password').waitFor();
    expect(await page.page.getByRole('checkbox').count()).toBe(0);
    await page.page.locator('input[name=password]').fill(another);
    await field(page).fill(await newestCode('mailed', ada.email, before));
    await page.button('Set the password').click();
    await page.heading('One question first').waitFor();
    await way(page, 'With your face').check();
    await page.button('Continue').click();
    await page.heading('Before your face is recorded').waitFor();
    await page.page.getByRole('checkbox').check();
    await page.button('Continue').click();
    await page.sendDocument();
    await page.take();
    await page.signedIn(ada);
    expect(metadata(page)).toContainEqual(expect.objectContaining({ consent: '1' }));
  });
});

describe('a code by mail', () => {
  it('is taken with spaces, after one that was wrong', async () => {
    const ada = await withoutFace();
    const page = await open('mailed', 'denied', narrow);
    const right = await mailed(page, ada);
    const before = await letters('mailed', ada.email);
    await field(page).fill(other(right));
    await page.button('Sign in').click();
    await page.problem().getByText('That code is not correct.').waitFor();
    await page.problem().getByText('2 attempts are left.').waitFor();
    expect(await field(page).inputValue()).toBe('');
    await page.accessible();
    await page.shot('code-wrong');
    // The same code is asked for, and none is mailed.
    await field(page).fill(` ${right.slice(0, 3)} ${right.slice(3)} `);
    await page.button('Sign in').click();
    await page.signedIn(ada);
    const after = await letters('mailed', ada.email);
    const codes = after.slice(0, after.length - before.length).map((letter) => letter.code);
    expect(codes.filter(Boolean)).toEqual([]);
  });

  it('is another one where another is asked for, and then the first is worth nothing', async () => {
    const ada = await withoutFace();
    const page = await open('mailed', 'denied');
    const first = await mailed(page, ada);
    await page.button('Send another code').click();
    await page.page.getByText('A new code is on its way.').waitFor();
    const second = await newestCode('mailed', ada.email, first);
    await field(page).fill(first);
    await page.button('Sign in').click();
    await page.problem().getByText('That code is not correct.').waitFor();
    await field(page).fill(second);
    await page.button('Sign in').click();
    await page.signedIn(ada);
  });

  it('goes with what tells this browser from others, which is one for each of them', async () => {
    const ada = await withoutFace();
    const page = await open('mailed', 'denied');
    await field(page).fill(await mailed(page, ada));
    await page.button('Sign in').click();
    await page.signedIn(ada);
    await page.page.reload();
    await page.signedIn(ada);
    await page.button('Sign out').click();
    await mailed(page, ada);
    const other = await page.another();
    await mailed(other, ada);
    const [here, there] = [page, other].map((one) => [...new Set(metadata(one).map(({ browser }) => browser))]);
    expect([here, there]).toEqual([[hex], [hex]]);
    expect(here).not.toEqual(there);
  });

  it('that could not be mailed is told, and can be entered; one that is not mailed is waited for', async () => {
    const page = await open('', 'denied', narrow);
    await under(CHAINS, page, [
      select(CHAINS),
      code(),
      code({ reason: 'TRY_LATER' }),
      code({ reason: 'TRY_LATER', retryAfter: '90' }),
    ]);
    await begin(page, 'ada@example.com');
    await page.heading(ASKED).waitFor();
    const send = async () => {
      await field(page).fill('123456');
      await page.button('Sign in').click();
    };
    await send();
    await page.problem().getByText('The last code could not be mailed.').waitFor();
    expect(await page.problem().textContent()).not.toContain('left');
    await page.accessible();
    await send();
    await page.page.getByText('There is no code to enter right now.').waitFor();
    await page.page.getByText('The next attempt is possible in 2 min.').waitFor();
    expect(await field(page).count()).toBe(0);
    expect(await page.button('Send another code').getAttribute('aria-disabled')).toBe('true');
    await page.accessible();
    expect(answered(page)).toEqual(['PASSWORD+EMAIL_CODE', '123456', '123456']);
  });
});

describe('the keyboard alone', () => {
  for (const [language, dark] of [
    ['en', false],
    ['de', true],
  ] as const) {
    it(`leads through the choice to the code, ${dark ? 'dark' : 'light'}, first in ${language}`, async () => {
      const text = TEXTS[language];
      const ada = await withoutFace();
      const page = await open('mailed', 'denied', { ...narrow, dark, language });
      const { keyboard } = page.page;
      const labelled = (label: string) => page.page.getByLabel(label, { exact: true });
      let last = await newestCode('mailed', ada.email);
      const enter = async () => {
        last = await newestCode('mailed', ada.email, last);
        await reach(page, labelled(text.code.label));
        await keyboard.type(last);
      };

      // A reset is not told which way it is for.
      await reach(page, page.button(text.signIn.unfinished));
      await keyboard.press('Enter');
      await page.heading(text.finish.title).waitFor();
      await reach(page, labelled(text.finish.email));
      await keyboard.type(ada.email);
      await keyboard.press('Enter');
      await page.heading(text.forgot.title).waitFor();
      await page.accessible();
      await enter();
      await reach(page, labelled(text.forgot.password));
      await keyboard.type(another);
      await keyboard.press('Enter');

      await page.heading(text.choose.title).waitFor();
      await page.page.getByText(text.choose.enrolEitherLead).waitFor();
      await page.accessible();
      await page.shot(`select-${language}`);
      // The group is one stop; the arrows pick in it.
      const ways = page.page.getByRole('radio');
      await reach(page, ways.first());
      await keyboard.press('ArrowDown');
      expect(await ways.last().isChecked()).toBe(true);
      await keyboard.press('Enter');

      await page.heading(text.mailed.title).waitFor();
      await page.accessible();
      await page.shot(`code-${language}`);
      await enter();
      await keyboard.press('Enter');
      await page.heading(text.signedIn.title(ada.name)).waitFor();
      await page.accessible();
      expect(answered(page)).toEqual(['PASSWORD+EMAIL_CODE', last]);
    });
  }
});

describe('screenshots', () => {
  for (const language of ['en', 'de'] as const) {
    it(`of the choice and of the code, in ${language}`, async () => {
      const text = TEXTS[language];
      const page = await open('', 'nobody', { width: 760, height: 560, language });
      // Something else is offered than what was picked; so it is asked.
      await under('PASSWORD+FACE', page, [select(CHAINS), code()]);
      await page.page.getByLabel(text.signIn.email, { exact: true }).fill('ada@example.com');
      await page.page.getByLabel(text.signIn.password, { exact: true }).fill(password);
      await page.button(text.signIn.go).click();
      await page.heading(text.choose.title).waitFor();
      await page.page.getByRole('radio').last().check();
      await page.shot(`select-${language}`);
      await page.button(text.choose.go).click();
      await page.heading(text.mailed.title).waitFor();
      // What only a stack on this machine says.
      await page.page.locator('.local').evaluate((shown) => shown.remove());
      await page.shot(`code-${language}`);
    });
  }
});
