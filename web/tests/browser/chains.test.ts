// Policies of several chains: the page asks how to sign in.

import { describe, expect, it } from 'vitest';

import { open, person, type Visit } from './harness';
import { answered, numbers, picture, select, under, way, withPassword } from './played';

const narrow = { width: 360, height: 740 };
const password = 'correct horse battery';
const EITHER = 'FACE,PASSWORD+FACE_DATA';

const QUESTION = 'How do you want to sign in?';
const BY_FACE = 'With your face';
const BY_DATA = 'With your password and a face template computed on this device';

/** Begins to sign in with the password. */
async function beginWithPassword(page: Visit): Promise<void> {
  await way(page, BY_DATA).check();
  await page.page.getByLabel('E-mail').fill('ada@example.com');
  await page.page.getByLabel('Password', { exact: true }).fill(password);
  await page.button('Continue').click();
}

describe('a policy of one chain', () => {
  it.each(['FACE', 'PASSWORD+FACE'])('such as %s asks nobody how to sign in', async (policy) => {
    const page = await open('', 'nobody', narrow);
    await under(policy, page, []);
    expect(await page.page.getByRole('radio').count()).toBe(0);
    expect(await page.page.getByLabel('Password', { exact: true }).count()).toBe(policy === 'FACE' ? 0 : 1);
  });
});

describe('a policy of several chains', () => {
  for (const dark of [false, true]) {
    it(`asks how to sign in on a narrow screen, ${dark ? 'dark' : 'light'}, by the keyboard`, async () => {
      const page = await open('', 'live', { ...narrow, dark });
      await under(EITHER, page, [picture('FACE')]);
      await page.page.getByRole('group', { name: QUESTION }).waitFor();
      expect(await way(page, BY_FACE).isChecked()).toBe(true);
      expect(await page.page.getByLabel('Password', { exact: true }).count()).toBe(0);
      await page.accessible();
      // The group is one stop; the arrows pick in it.
      await page.page.keyboard.press('Tab');
      await page.page.keyboard.press('ArrowDown');
      expect(await way(page, BY_DATA).isChecked()).toBe(true);
      await page.page.getByLabel('Password', { exact: true }).waitFor();
      await page.accessible();
      await page.shot(`ways-${dark ? 'dark' : 'light'}`);
      await page.page.keyboard.press('ArrowUp');
      await page.page.keyboard.press('Tab');
      await page.page.keyboard.type('ada@example.com');
      await page.page.keyboard.press('Enter');
      await page.page.getByTestId('take').getByText('Take the picture').waitFor();
      expect(withPassword(page)).toBe(false);
      expect(answered(page)).toEqual([]);
    });
  }

  it('sends what was picked by itself where it is on offer', async () => {
    const page = await open('', 'live');
    await under(EITHER, page, [select(EITHER), numbers('FACE_DATA')]);
    await beginWithPassword(page);
    await page.page.getByTestId('take').getByText('Measure my face').waitFor();
    expect(withPassword(page)).toBe(true);
    expect(answered(page)).toEqual(['PASSWORD+FACE_DATA']);
  });

  it('remembers on this device what was picked', async () => {
    const page = await open('', 'live');
    await under(EITHER, page, [select(EITHER), numbers('FACE_DATA')]);
    await beginWithPassword(page);
    await page.page.getByTestId('take').waitFor();
    await page.button('Cancel').click();
    await page.heading('Sign in').waitFor();
    expect(await way(page, BY_DATA).isChecked()).toBe(true);
    await page.page.reload();
    await page.heading('Sign in').waitFor();
    expect(await way(page, BY_DATA).isChecked()).toBe(true);
  });

  it('asks among what is offered where that is something else, and again where it was refused', async () => {
    const page = await open('', 'live', narrow);
    const others = 'FACE,PASSWORD+FACE';
    await under(EITHER, page, [select(others), select('FACE', 'NOT_OFFERED'), picture('FACE')]);
    await beginWithPassword(page);
    await page.heading('One question first').waitFor();
    expect(answered(page)).toEqual([]);
    expect(await page.page.getByRole('radio').count()).toBe(2);
    await page.accessible();
    await page.shot('choose');
    await way(page, 'With your password and your face').check();
    await page.button('Continue').click();
    await page.problem().getByText('is not offered now').waitFor();
    await page.accessible();
    expect(await page.page.getByRole('radio').count()).toBe(1);
    await page.button('Continue').click();
    await page.page.getByTestId('take').getByText('Take the picture').waitFor();
    expect(answered(page)).toEqual(['PASSWORD+FACE', 'FACE']);
  });

  it('goes on with the same choice in a new session', async () => {
    const page = await open('', 'live');
    await under(EITHER, page, [
      select(EITHER),
      numbers('FACE_DATA', { reason: 'SUPERSEDED' }),
      select(EITHER),
      numbers('FACE_DATA'),
    ]);
    await beginWithPassword(page);
    await page.page.locator('[data-trouble=superseded]').waitFor();
    await page.take();
    await expect.poll(() => answered(page).length, { timeout: 60_000 }).toBe(3);
    expect(answered(page).slice(0, 2)).toEqual(['PASSWORD+FACE_DATA', 'PASSWORD+FACE_DATA']);
    expect(JSON.parse(String(answered(page)[2]))).toMatchObject({ model: 'descriptor-128' });
  });

  it('leads from one way that is locked to the other', async () => {
    const page = await open('', 'live', narrow);
    await under(EITHER, page, [
      select(EITHER),
      numbers('FACE_DATA', { reason: 'LOCKED' }),
      picture('FACE', { reason: 'LOCKED' }),
    ]);
    await beginWithPassword(page);
    await page.heading('Too many failed attempts').waitFor();
    await page.button('Sign in without a password').click();
    await page.page.getByText('Signing in without a password is locked.').waitFor();
    expect(withPassword(page)).toBe(false);
    await page.accessible();
    await page.button('Sign in with your password').click();
    await page.heading('Sign in').waitFor();
    expect(await way(page, BY_DATA).isChecked()).toBe(true);
  });

  it('is agreed to whole at the sign-up, which measures nothing; the first sign-in begins with the password', async () => {
    const page = await open('', 'live', narrow);
    await under(EITHER, page, [select(EITHER), picture('ENROL')]);
    await page.button('Create an account').click();
    await page.page.getByText('Where you sign in with your face').waitFor();
    await page.page.getByText('Where you sign in with a face template').waitFor();
    await page.accessible();
    await page.shot('ways-sign-up');
    const ada = person(password);
    await page.page.getByLabel('Name').fill(ada.name);
    await page.page.getByLabel('E-mail').fill(ada.email);
    await page.page.getByLabel('Password', { exact: true }).fill(password);
    await page.page.getByRole('checkbox').check();
    await page.button('Continue').click();
    await page.page.getByLabel('Code', { exact: true }).fill('123456');
    expect(page.calls('SignUp')[0]?.['ClientMetadata']).not.toHaveProperty('faceData');
    await page.button('Confirm').click();
    await page.heading('One question first').waitFor();
    await page.page.getByText('If your face is not on record yet, it is recorded next, for the way that you choose.').waitFor();
    expect(withPassword(page)).toBe(true);
    await way(page, BY_FACE).check();
    await page.button('Continue').click();
    await page.heading('Your ID photo').waitFor();
    expect(answered(page)).toEqual(['FACE']);
  });
});
