// Where a sign-in or an enrolment cannot go on, the page says what to do and leads there.

import { describe, expect, it } from 'vitest';

import { enrolled, open, outputs, person, type Person, Visit } from './harness';
import { admit, cognito, invite, letters, lock } from './operator';

/** A narrow window: what fits here fits everywhere. */
const narrow = { width: 360, height: 740 };
const password = 'correct horse battery';
const another = `${password} staple`;

/** Signs in with a password, wherever that leads. */
async function submit(page: Visit, { email, password }: Person): Promise<void> {
  await page.page.getByLabel('E-mail').fill(email);
  if (password) {
    await page.page.getByLabel('Password').fill(password);
  }
  await page.button('Continue').click();
}

/** Sets a new password with the code that was mailed. */
async function setPassword(page: Visit, password: string): Promise<void> {
  await page.heading('A new password').waitFor();
  await page.page.locator('input[name=password]').fill(password);
  await page.accessible();
  await page.enterCode('Set the password');
}

const secrets = (page: Visit): unknown[] =>
  page
    .calls('RespondToAuthChallenge')
    .filter(({ ChallengeName }) => ChallengeName === 'PASSWORD_VERIFIER')
    .map(({ ClientMetadata }) => (ClientMetadata as Record<string, string>)?.['bindingSecret']);

describe('consent', () => {
  it('is asked for before the document where nobody who counts has agreed', async () => {
    const ada = person(password);
    const page = await open('password', 'live', narrow);
    await page.fillSignUp(ada);
    await page.heading('Check your mail').waitFor();
    // The tab that agreed is gone; the code comes from somebody else for all that is known.
    await page.page.evaluate(() => sessionStorage.clear());
    await page.page.reload();
    await submit(page, ada);
    await page.enterCode();
    await page.heading('A new password').waitFor();
    await page.button('Back to signing in').click();
    // Who forgot a password is not asked at the reset, since most have a face on record.
    await page.button('Forgot your password?').click();
    await page.button('Send the code').click();
    await setPassword(page, another);
    await page.heading('Before your face is recorded').waitFor();
    await page.accessible();
    await page.shot('consent');
    const box = page.page.getByRole('checkbox');
    expect(await box.isChecked()).toBe(false);
    await box.check();
    await page.button('Continue').click();
    await page.sendDocument();
    await page.take();
    await page.signedIn(ada);
    const answers = page.calls('RespondToAuthChallenge').map(({ ClientMetadata }) => ClientMetadata);
    const secret = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(answers).toContainEqual({ consent: '1', passNonce: secret, browser: secret });
  });

  it('to another version than the page has is not asked for', async () => {
    const ada = person();
    const page = await open('', 'live', narrow);
    await page.fillSignUp(ada);
    const cognito = `${outputs('')['CognitoEndpoint']}/`;
    await page.context.route(cognito, async (route) => {
      if (!route.request().headers()['x-amz-target']?.endsWith('RespondToAuthChallenge')) {
        return route.continue();
      }
      const answer = await route.fetch();
      const json = await answer.json();
      json.ChallengeParameters = { ...json.ChallengeParameters, consent: '2' };
      return route.fulfill({ response: answer, json });
    });
    await page.enterCode();
    await page.heading('Before your face is recorded').waitFor();
    await page.page.getByText('the service asks for version 2').waitFor();
    expect(await page.page.getByRole('checkbox').count()).toBe(0);
    await page.accessible();
    await page.button('Back to signing in').click();
    await page.heading('Sign in').waitFor();
  });
});

describe('two windows', () => {
  it('that enrol at once: the one that was overtaken begins anew, and says why', async () => {
    const ada = person();
    const page = await open('', 'live', narrow);
    await page.fillSignUp(ada);
    await page.enterCode();
    await page.sendDocument();
    await page.heading('Look into the camera').waitFor();
    const other = await page.duplicate();
    await other.sendDocument();
    await other.heading('Look into the camera').waitFor();

    await page.take();
    await page.heading('Your ID photo').waitFor();
    await page.page.locator('[data-trouble=superseded]').waitFor();
    await page.problem().getByText('This was continued in another window').waitFor();
    await page.accessible();
    await page.sendDocument();
    await page.take();
    await page.signedIn(ada);
  });

  it('with one password: only the one that set it enrols, the other is led to the reset', async () => {
    const ada = person(password);
    const page = await open('password', 'live', narrow);
    await page.fillSignUp(ada);
    await page.enterCode();
    await page.heading('Your ID photo').waitFor();

    const other = await page.another();
    await submit(other, ada);
    await other.heading('First, a code by mail').waitFor();
    expect(secrets(other)).toEqual([undefined]);
    await other.accessible();
    await other.shot('needs-reset');
    await other.button('Send the code').click();
    await setPassword(other, another);
    await other.sendDocument();
    await other.take();
    await other.signedIn(ada);
    expect(secrets(other).at(-1)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('one of which has set a new password: the other is told when it may sign in', async () => {
    const ada = await enrolled('password', password);
    const page = await open('password', 'live-again', narrow);
    await page.button('Forgot your password?').click();
    await page.page.getByLabel('E-mail').fill(ada.email);
    await page.button('Send the code').click();
    await setPassword(page, another);
    await page.heading('Look into the camera').waitFor();

    const other = await page.another();
    await submit(other, { ...ada, password: another });
    await other.page.locator('[data-reason=TRY_LATER]').waitFor();
    await other.page.getByText('the password was set in another window just now').waitFor();
    await other.page.getByText(/possible in 1[56] min/).waitFor();
    expect(await other.page.getByTestId('take').getAttribute('aria-disabled')).toBe('true');
    await other.accessible();

    // The window that set it does not wait, now or when it comes back.
    await page.take();
    await page.signedIn(ada);
    await page.button('Sign out').click();
    await page.page.getByText('You are signed out.').waitFor();
    await submit(page, { ...ada, password: another });
    await page.take();
    await page.signedIn(ada);
  });
});

describe('a path that is locked', () => {
  it('without a password leads through the mailbox, and is open again afterwards', async () => {
    const ada = await enrolled('');
    await lock('', ada.email, 'OPEN');
    const page = await open('', 'live-again', narrow);
    await submit(page, ada);
    await page.heading('Too many failed attempts').waitFor();
    await page.page.getByText('Signing in without a password is locked.').waitFor();
    await page.accessible();
    await page.shot('locked');
    await page.button('Send the code').click();
    await page.enterCode();
    await page.heading('Look into the camera').waitFor();
    await page.take();
    await page.signedIn(ada);
    expect(await page.page.getByTestId('steps').textContent()).toBe('password and face');
    await page.button('Sign out').click();
    await page.page.getByText('You are signed out.').waitFor();
    await page.begin(ada);
    await page.take();
    await page.signedIn(ada);
    expect(await page.page.getByTestId('steps').textContent()).toBe('face');
  });

  it('with a password leads to a new one', async () => {
    const ada = await enrolled('password', password);
    await lock('password', ada.email, 'PASSWORD');
    const page = await open('password', 'live-again', narrow);
    await submit(page, ada);
    await page.page.getByText('Signing in with this password is locked.').waitFor();
    await page.accessible();
    await page.button('Send the code').click();
    await setPassword(page, another);
    await page.heading('Look into the camera').waitFor();
    await page.take();
    await page.signedIn(ada);
  });
});

describe('somebody who was invited', () => {
  for (const [stack, chosen] of [
    ['', undefined],
    ['password', another],
  ] as const) {
    it(`is led from the invitation to being signed in${chosen ? ', with a password' : ''}`, async () => {
      const ada = person();
      await invite(stack, ada);
      const page = await open(stack, 'live', narrow);
      const ask = async () => {
        await page.button('Invited, or never finished signing up?').click();
        await page.page.getByLabel('E-mail').fill(ada.email);
        await page.button('Send the code').click();
      };
      // Not before the operator has let them in.
      await ask();
      await page.problem().getByText('This account is not ready yet.').waitFor();
      await page.accessible();
      await admit(stack, ada.email);
      await page.button('Back to signing in').click();
      await ask();
      if (chosen) {
        await setPassword(page, chosen);
      } else {
        await page.enterCode();
      }
      await page.sendDocument();
      await page.take();
      await page.signedIn(ada);
      const [reset] = page.calls('ConfirmForgotPassword');
      expect(reset?.['ClientMetadata']).toMatchObject({ consent: '1' });
    });
  }
});

describe('signing out', () => {
  it('ends the refresh token, with an access token that has no rights over the account', async () => {
    const ada = await enrolled('');
    const page = await open('', 'live-again');
    await page.begin(ada);
    await page.take();
    await page.signedIn(ada);
    const kept = await page.page.evaluate(() => {
      const named = (end: string) =>
        Object.entries(localStorage).find(([name]) => name.endsWith(`.${end}`))?.[1] ?? '';
      return { access: named('accessToken'), refresh: named('refreshToken') };
    });
    const claims = JSON.parse(Buffer.from(kept.access.split('.')[1] ?? '', 'base64url').toString());
    expect(String(claims.scope ?? '')).not.toContain('aws.cognito.signin.user.admin');
    const refresh = () =>
      cognito('', 'InitiateAuth', {
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        AuthParameters: { REFRESH_TOKEN: kept.refresh },
      });
    expect((await refresh()).status, 'the token is good before').toBe(200);

    await page.button('Sign out').click();
    await page.page.getByText('You are signed out.').waitFor();
    expect(page.calls('RevokeToken')).toEqual([expect.objectContaining({ Token: kept.refresh })]);
    for (const operation of ['GlobalSignOut', 'GetUser']) {
      expect(page.calls(operation)).toEqual([]);
    }
    expect((await refresh()).json['__type']).toBe('NotAuthorizedException');
  });
});

describe('a letter', () => {
  it('is never read by the page', async () => {
    const ada = person();
    const page = await open('', 'nobody');
    await page.fillSignUp(ada);
    await page.page.getByLabel('Code', { exact: true }).waitFor();
    expect(await letters('', ada.email)).toHaveLength(1);
    expect(page.requests.filter(({ url }) => url.includes('/_local/'))).toEqual([]);
    const read = await page.page.evaluate(
      (url) => fetch(url).then(() => 'read', () => 'refused'),
      `${outputs('')['CognitoEndpoint']}/_local/mailbox?to=${ada.email}`,
    );
    expect(read).toBe('refused');
  });
});
