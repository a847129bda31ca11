// The page in a browser, face data instead of pictures.

import { describe, expect, it } from 'vitest';

import { open, outputs, person, type Person, Visit } from './harness';

/** Signs up: the face is measured before the form is sent, and once more to sign in. */
async function signUp(page: Visit, somebody: Person): Promise<void> {
  await page.fillSignUp(somebody);
  await page.heading('Look into the camera').waitFor();
  await page.accessible();
  await page.take();
  await page.enterCode();
  await page.page.getByText('Once more, to sign in.').waitFor();
  await page.take();
  await page.signedIn(somebody);
}

/** Nothing but numbers has left: no picture in any encoding, and nothing but calls of Cognito. */
function onlyNumbersLeft(page: Visit, model: string): void {
  const { CognitoEndpoint, WebUrl } = outputs(page.stack);
  let told = 0;
  for (const { url, body } of page.requests) {
    if (url.startsWith('blob:') || url.startsWith('data:')) {
      continue;
    }
    expect([WebUrl, CognitoEndpoint]).toContain(new URL(url).origin);
    // The beginnings of JPEG, PNG and WebP, as text and in Base64.
    expect(body).not.toMatch(/data:image|\/9j\/|iVBORw0KGgo|UklGR|JFIF|PNG\r\n/);
    for (const data of faceData(body)) {
      expect(data.model).toBe(model);
      expect(data.values.every((value) => typeof value === 'number')).toBe(true);
      told += 1;
    }
  }
  // At sign-up, at the enrolment and at the sign-in.
  expect(told).toBe(3);
}

/** The face data in a call of Cognito. */
function faceData(body: string): { model: string; values: number[] }[] {
  if (!body.includes('values')) {
    return [];
  }
  const call = JSON.parse(body);
  const texts = [call.ClientMetadata?.faceData, call.ChallengeResponses?.ANSWER];
  return texts.filter((text) => text?.startsWith('{')).map((text) => JSON.parse(text));
}

describe('with descriptors', () => {
  it('nothing but numbers leaves the page, from sign-up to signed in', async () => {
    const ada = person();
    const page = await open('data', 'live');
    await signUp(page, ada);
    expect(await page.page.getByTestId('steps').textContent()).toBe('password, enrolment, and face template');
    onlyNumbersLeft(page, 'descriptor-128');
    await page.end();

    const again = await open('data', 'live-again');
    await again.begin(ada);
    await again.take();
    await again.signedIn(ada);
    expect(await again.page.getByTestId('steps').textContent()).toBe('face template');
  });

  it('somebody else is refused', async () => {
    const ada = person();
    const page = await open('data', 'live');
    await signUp(page, ada);
    await page.end();

    const other = await open('data', 'impostor');
    await other.begin(ada);
    await other.take();
    await other.page.locator('[data-reason=NO_MATCH]').waitFor();
    await other.page.getByText('2 attempts are left.').waitFor();
  });

  it('an empty chair is not measured', async () => {
    const page = await open('data', 'nobody');
    await page.begin(person());
    await page.page.locator('.camera[data-advice="look"]').waitFor();
    await page.page.getByTestId('take').click();
    await page.problem().getByText('No face could be measured.').waitFor();
    expect(page.requests.filter(({ body }) => body.includes('values'))).toEqual([]);
  });

  it('a sign-up is taken up again by mail, with a new measure', async () => {
    const ada = person();
    const page = await open('data', 'live');
    await page.fillSignUp(ada);
    await page.take();
    await page.heading('Check your mail').waitFor();
    await page.page.evaluate(() => sessionStorage.clear());
    await page.page.reload();
    await page.button('Never finished signing up?').click();
    await page.page.getByLabel('E-mail').fill(ada.email);
    await page.button('Send the code').click();
    await page.enterCode();
    await page.heading('One more code').waitFor();
    await page.enterCode();
    await page.heading('Look into the camera').waitFor();
    await page.take();
    await page.page.getByText('Once more, to sign in.').waitFor();
    await page.take();
    await page.signedIn(ada);
  });
});

describe('with meshes', () => {
  it('the password comes first, and the page says what a mesh is worth', async () => {
    const ada = person('correct horse battery');
    const page = await open('mesh', 'live');
    await page.button('Create an account').click();
    await page.page.getByText('about as well as a coin does').waitFor();
    await page.button('I have an account').click();
    await signUp(page, ada);
    onlyNumbersLeft(page, 'mesh-468');
    await page.end();

    const again = await open('mesh', 'live-again');
    await again.begin(ada);
    await again.take();
    await again.signedIn(ada);
    expect(await again.page.getByTestId('steps').textContent()).toBe('password and face template');
  });
});
