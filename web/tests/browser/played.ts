// Cognito, played, so that a challenge comes as it is wanted, whatever the stack's policy.

import type { Route } from 'playwright-core';

import { outputs, type Visit } from './harness';

/** The public parameters of a challenge. */
export type Parameters = Readonly<Record<string, string>>;

export const select = (chains: string, reason?: string): Parameters => ({
  step: 'SELECT',
  chains,
  ...(reason ? { reason } : {}),
});
export const picture = (step: 'ENROL' | 'FACE', more: Parameters = {}): Parameters => ({
  step,
  uploadUrl: 'http://localhost:9/bucket/',
  uploadFields: '{"key":"k"}',
  ...more,
});
export const numbers = (step: 'ENROL' | 'FACE_DATA', more: Parameters = {}): Parameters => ({
  step,
  model: 'descriptor-128',
  ...more,
});
export const code = (more: Parameters = {}): Parameters => ({ step: 'EMAIL_CODE', ...more });

/** Plays Cognito for a page whose stack has a policy: each request for a challenge gets the next one. */
export async function under(policy: string, page: Visit, challenges: readonly Parameters[]): Promise<void> {
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
  // The first screen, in whatever language.
  await page.page.locator('input[name=email]').waitFor();
}

/** What was answered to custom challenges so far. */
export const answered = (page: Visit): unknown[] =>
  page
    .calls('RespondToAuthChallenge')
    .filter(({ ChallengeName }) => ChallengeName === 'CUSTOM_CHALLENGE')
    .map(({ ChallengeResponses }) => (ChallengeResponses as Record<string, string>)['ANSWER']);

/** Whether the latest sign-in began with the password. */
export const withPassword = (page: Visit): boolean =>
  'SRP_A' in (page.calls('InitiateAuth').at(-1)?.['AuthParameters'] as object);

/** What is picked to sign in in this way. */
export const way = (page: Visit, name: string) => page.page.getByRole('radio', { name, exact: true });
