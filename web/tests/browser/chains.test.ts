// Policies of several chains: the page asks how to sign in. Cognito is played here, so that a challenge
// comes as it is wanted, whatever the stack's policy.

import type { Route } from 'playwright-core';
import { describe, expect, it } from 'vitest';

import { open, outputs, person, type Visit } from './harness';

const narrow = { width: 360, height: 740 };
const password = 'correct horse battery';
const EITHER = 'FACE,PASSWORD+FACE_DATA';

const QUESTION = 'How do you want to sign in?';
const BY_FACE = 'With your face';
const BY_DATA = 'With your password and a face template computed on this device';

/** The public parameters of a challenge. */
type Parameters = Readonly<Record<string, string>>;

const select = (chains: string, reason?: string): Parameters => ({
  step: 'SELECT',
  chains,
  ...(reason ? { reason } : {}),
});
const picture = (step: 'ENROL' | 'FACE', more: Parameters = {}): Parameters => ({
  step,
  uploadUrl: 'http://localhost:9/bucket/',
  uploadFields: '{"key":"k"}',
  ...more,
});
const numbers = (step: 'ENROL' | 'FACE_DATA', more: Parameters = {}): Parameters => ({
  step,
  model: 'descriptor-128',
  ...more,
});

/** Plays Cognito for a page whose stack has a policy: each request for a challenge gets the next one. */
async function under(policy: string, page: Visit, challenges: readonly Parameters[]): Promise<void> {
  const { CognitoEndpoint } = outputs('');
  const script = [...challenges];
  let session = 0;
  const challenge = () => ({
    ChallengeName: 'CUSTOM_CHALLENGE',
    Session: `session-${(session += 1)}`,
    ChallengeParameters: {
      USERNAME: 'ada',
      challengeId: `${session}`.padStart(32, '0'),
      expiresAt: '2026-11-27T08:00:00Z',
      attemptsLeft: '3',
      ...script.shift(),
    },
  });
  const answers: Record<string, (asked: Record<string, never>) => unknown> = {
    InitiateAuth: ({ AuthParameters }) =>
      AuthParameters?.['SRP_A'] === undefined
        ? challenge()
        : {
            ChallengeName: 'PASSWORD_VERIFIER',
            Session: 'password',
            ChallengeParameters: {
              USERNAME: 'ada',
              USER_ID_FOR_SRP: 'ada',
              SALT: 'ab'.repeat(16),
              SRP_B: '7b'.repeat(384),
              SECRET_BLOCK: btoa('a block'),
            },
          },
    RespondToAuthChallenge: challenge,
    SignUp: () => ({ UserConfirmed: false, UserSub: 'ada' }),
    ConfirmSignUp: () => ({}),
  };
  await page.context.route(`${CognitoEndpoint}/`, async (route: Route) => {
    const operation = route.request().headers()['x-amz-target']?.split('.').at(-1) ?? '';
    const answer = answers[operation];
    await route.fulfill({
      status: 200,
      headers: { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' },
      contentType: 'application/x-amz-json-1.1',
      body: JSON.stringify(answer?.(route.request().postDataJSON()) ?? {}),
    });
  });
  await page.page.route('**/config.json', async (route) => {
    const json = await (await route.fetch()).json();
    await route.fulfill({ json: { ...json, SignInChains: policy } });
  });
  await page.page.reload();
  await page.heading('Sign in').waitFor();
}

/** What was answered to custom challenges so far. */
const answered = (page: Visit): unknown[] =>
  page
    .calls('RespondToAuthChallenge')
    .filter(({ ChallengeName }) => ChallengeName === 'CUSTOM_CHALLENGE')
    .map(({ ChallengeResponses }) => (ChallengeResponses as Record<string, string>)['ANSWER']);

/** Whether the latest sign-in began with the password. */
const withPassword = (page: Visit): boolean =>
  'SRP_A' in (page.calls('InitiateAuth').at(-1)?.['AuthParameters'] as object);

const way = (page: Visit, name: string) => page.page.getByRole('radio', { name, exact: true });

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
    await page.button('Sign in by face alone').click();
    await page.page.getByText('Signing in by face alone is locked.').waitFor();
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
    await page.page.getByText('Your face is recorded for the way that you choose.').waitFor();
    expect(withPassword(page)).toBe(true);
    await way(page, BY_FACE).check();
    await page.button('Continue').click();
    await page.heading('Your ID photo').waitFor();
    expect(answered(page)).toEqual(['FACE']);
  });
});
