// What the client sends to Cognito beside names and answers.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const auth = vi.hoisted(() => ({
  confirmResetPassword: vi.fn(),
  confirmSignIn: vi.fn(),
  confirmSignUp: vi.fn(),
  fetchAuthSession: vi.fn(),
  resendSignUpCode: vi.fn(),
  resetPassword: vi.fn(),
  signIn: vi.fn(),
  signOut: vi.fn(),
  signUp: vi.fn(),
}));
vi.mock('aws-amplify/auth', () => auth);
vi.mock('aws-amplify', () => ({ Amplify: { configure: vi.fn() } }));
const cognito = vi.hoisted(() => ({ setKeyValueStorage: vi.fn() }));
vi.mock('aws-amplify/auth/cognito', () => ({ cognitoUserPoolsTokenProvider: cognito }));

import { type Challenge, faceData, FaceSignIn, type Outputs, readPolicy, TabStore } from '../../src/client';
import { sha256 } from '../../src/client/tab';

const outputs: Outputs = {
  userPoolId: 'us-east-1_EXAMPLE',
  userPoolClientId: 'example',
  policy: readPolicy('PASSWORD+FACE_DATA'),
  consentVersion: '1',
  keepsDocuments: false,
  faceDataModel: 'descriptor-128',
};
/** A random secret or nonce. */
const hex = expect.stringMatching(/^[0-9a-f]{64}$/);
const ada = { email: 'ada@example.com', name: 'Ada', password: 'correct horse battery' };
const data = faceData('descriptor-128', Array(128).fill(0.5));

const asked = (changed: Record<string, string> = {}) => ({
  nextStep: {
    signInStep: 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE',
    additionalInfo: {
      step: 'FACE_DATA',
      challengeId: 'c1',
      expiresAt: '2026-11-26T20:00:00Z',
      attemptsLeft: '3',
      model: 'descriptor-128',
      ...changed,
    },
  },
});

/** The metadata of a function's latest call. */
const metadata = (call: keyof typeof auth): Record<string, string> | undefined =>
  auth[call].mock.lastCall?.[0]?.options?.clientMetadata;

let client: FaceSignIn;

const clientOf = (policy: string): FaceSignIn => {
  const kept = new Map<string, string>();
  return new FaceSignIn(
    { ...outputs, policy: readPolicy(policy) },
    new TabStore({
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    }),
  );
};

beforeEach(() => {
  client = clientOf('PASSWORD+FACE_DATA');
  auth.signIn.mockResolvedValue(asked());
  auth.confirmSignIn.mockResolvedValue(asked());
});

afterEach(() => {
  vi.resetAllMocks();
});

const signedIn = (email: string) => {
  auth.confirmSignIn.mockResolvedValue({ isSignedIn: true, nextStep: { signInStep: 'DONE' } });
  auth.fetchAuthSession.mockResolvedValue({ tokens: { idToken: { payload: { email } } } });
};

describe('the binding secret', () => {
  it('goes as its digest with the sign-up, and itself with the code and each password', async () => {
    await client.signUp(ada);
    const secret = client.tab.of(ada.email)?.bindingSecret ?? '';
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(metadata('signUp')).toEqual({ consent: '1', binding: await sha256(secret) });
    await client.confirm(ada.email, '123456');
    expect(metadata('confirmSignUp')).toEqual({ bindingSecret: secret });
    await client.enrol(ada.email);
    expect(metadata('signIn')).toEqual({ bindingSecret: secret });
    await client.signIn(ada.email, ada.password);
    expect(metadata('signIn')).toEqual({ bindingSecret: secret });
  });

  it('is new with each reset, which sends its digest and the consent that was given', async () => {
    await client.signUp(ada);
    const secrets = new Set([client.tab.of(ada.email)?.bindingSecret]);
    for (const consent of [undefined, '1']) {
      await client.setPassword({ ...ada, code: '123456', ...(consent ? { consent } : {}) });
      const secret = client.tab.of(ada.email)?.bindingSecret ?? '';
      expect(secrets.has(secret)).toBe(false);
      secrets.add(secret);
      const binding = await sha256(secret);
      expect(metadata('confirmResetPassword')).toEqual(consent ? { binding, consent } : { binding });
      await client.enrol(ada.email);
      expect(metadata('signIn')).toEqual({ bindingSecret: secret });
    }
  });

  it('is kept from a reset that failed, and sent for nobody else', async () => {
    await client.signUp(ada);
    const before = client.tab.of(ada.email);
    auth.confirmResetPassword.mockRejectedValue(
      Object.assign(new Error('no'), { name: 'CodeMismatchException' }),
    );
    await expect(client.setPassword({ ...ada, code: '000000' })).rejects.toMatchObject({
      trouble: 'wrong-code',
    });
    expect(client.tab.of(ada.email)).toEqual(before);
    await client.signIn('bob@example.com', 'another password');
    expect(metadata('signIn')).toBeUndefined();
    await client.confirm('bob@example.com', '123456');
    expect(metadata('confirmSignUp')).toBeUndefined();
  });

  it('is forgotten when the face is active', async () => {
    await client.signUp(ada);
    const challenge = await client.enrol(ada.email);
    signedIn(ada.email);
    await client.answer(challenge, data);
    expect(client.tab.of(ada.email)).toBeUndefined();
  });
});

describe('an answer', () => {
  it('carries the nonce of its sign-in, which no other has', async () => {
    const nonces = new Set<string | undefined>();
    for (let count = 0; count < 3; count += 1) {
      const challenge = await client.signIn(ada.email, ada.password);
      await client.answer(challenge, data);
      const nonce = metadata('confirmSignIn')?.['passNonce'];
      expect(nonce).toEqual(hex);
      await client.answer(challenge, data);
      expect(metadata('confirmSignIn')).toEqual({ passNonce: nonce, browser: hex });
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(3);
  });

  it('carries consent where the challenge asks for it and the person agreed, and nowhere else', async () => {
    const challenge = async (consent?: string): Promise<Challenge> => {
      auth.signIn.mockResolvedValue(asked({ step: 'ENROL', ...(consent ? { consent } : {}) }));
      return client.signIn(ada.email, ada.password);
    };
    await client.answer(await challenge('1'), data, '1');
    expect(metadata('confirmSignIn')?.['consent']).toBe('1');
    await client.answer(await challenge('1'), data);
    expect(metadata('confirmSignIn')).not.toHaveProperty('consent');
    await client.answer(await challenge(), data, '1');
    expect(metadata('confirmSignIn')).not.toHaveProperty('consent');
  });

  it('carries them again where a picture is still being looked at', async () => {
    auth.signIn.mockResolvedValue(asked({ step: 'ENROL', consent: '1' }));
    const challenge = await client.signIn(ada.email, ada.password);
    auth.confirmSignIn.mockResolvedValueOnce(asked({ step: 'ENROL', consent: '1', reason: 'PENDING' }));
    await client.answer(challenge, data, '1');
    expect(auth.confirmSignIn).toHaveBeenCalledTimes(2);
    const [first, second] = auth.confirmSignIn.mock.calls.map(([call]) => call.options.clientMetadata);
    expect(second).toEqual(first);
  });
});

describe('a sign-up without a face', () => {
  it('agrees to nothing, and is remembered until somebody is signed in', async () => {
    const either = clientOf('FACE,PASSWORD+EMAIL_CODE');
    await either.signUp({ ...ada, withoutFace: false });
    expect(metadata('signUp')).toEqual({ consent: '1', binding: hex });
    expect(either.tab.of(ada.email)).not.toHaveProperty('withoutFace');
    await either.signUp({ ...ada, withoutFace: true });
    expect(metadata('signUp')).toEqual({ binding: hex });
    expect(either.tab.of(ada.email)?.withoutFace).toBe(true);

    auth.signIn.mockResolvedValue(asked({ step: 'EMAIL_CODE' }));
    const challenge = await either.enrol(ada.email);
    signedIn(ada.email);
    await either.answer(challenge, { words: ' 123 456 ' });
    // What people put between the digits is the stack's to read.
    expect(auth.confirmSignIn.mock.lastCall?.[0]).toMatchObject({ challengeResponse: ' 123 456 ' });
    expect(either.tab.of(ada.email)).toBeUndefined();
  });
});

describe('the secret of a browser', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** A browser's storage, which may be refused. */
  const stored = (name: 'localStorage' | 'sessionStorage', refused = false): Map<string, string> => {
    const kept = new Map<string, string>();
    vi.stubGlobal(name, {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => {
        if (refused) {
          throw new DOMException('', 'QuotaExceededError');
        }
        kept.set(key, value);
      },
      removeItem: (key: string) => void kept.delete(key),
    });
    return kept;
  };

  /** What a page that was just loaded says of its browser. */
  const said = async (): Promise<string | undefined> => {
    const page = new FaceSignIn(outputs);
    await page.answer(await page.signIn(ada.email, ada.password), data);
    return metadata('confirmSignIn')?.['browser'];
  };

  it('goes with each answer, the choice of a chain among them, and with nothing else', async () => {
    const either = clientOf('FACE,PASSWORD+FACE_DATA');
    await either.signUp(ada);
    await either.confirm(ada.email, '123456');
    auth.signIn.mockResolvedValue(asked({ step: 'SELECT', chains: 'FACE,PASSWORD+FACE_DATA' }));
    const challenge = await either.enrol(ada.email);
    for (const call of ['signUp', 'confirmSignUp', 'signIn'] as const) {
      expect(metadata(call)).not.toHaveProperty('browser');
    }
    await either.choose(challenge, readPolicy('FACE')[0]);
    const chosen = metadata('confirmSignIn')?.['browser'];
    expect(chosen).toEqual(hex);
    auth.signIn.mockResolvedValue(asked());
    await either.answer(await either.signIn('bob@example.com', 'another password'), data);
    expect(metadata('confirmSignIn')?.['browser']).toBe(chosen);
  });

  it('is the same after a reload, and in every tab, as long as the browser keeps it', async () => {
    const kept = stored('localStorage');
    stored('sessionStorage');
    const first = await said();
    stored('sessionStorage');
    expect(await said()).toBe(first);
    kept.clear();
    expect(await said()).not.toBe(first);
  });

  it('is one for each tab where the browser keeps nothing for longer', async () => {
    stored('localStorage', true);
    stored('sessionStorage');
    const first = await said();
    expect(first).toEqual(hex);
    expect(await said(), 'after a reload').toBe(first);
    stored('sessionStorage');
    expect(await said(), 'in another tab').not.toBe(first);
  });

  it('is one for each visit where it keeps nothing at all', async () => {
    stored('localStorage', true);
    stored('sessionStorage', true);
    const page = new FaceSignIn(outputs);
    const challenge = await page.signIn(ada.email, ada.password);
    const each = new Set<string | undefined>();
    for (let count = 0; count < 2; count += 1) {
      await page.answer(challenge, data);
      each.add(metadata('confirmSignIn')?.['browser']);
    }
    expect([...each]).toEqual([hex]);
  });
});

describe('a policy of several chains', () => {
  const EITHER = 'FACE,PASSWORD+FACE_DATA';
  const offered = (changed: Record<string, string> = {}) => asked({ step: 'SELECT', chains: EITHER, ...changed });

  it('begins with the password where one is given, and without it otherwise', async () => {
    const either = clientOf(EITHER);
    await either.signIn(ada.email, ada.password);
    expect(auth.signIn.mock.lastCall?.[0]).toMatchObject({
      password: ada.password,
      options: { authFlowType: 'CUSTOM_WITH_SRP' },
    });
    for (const none of [undefined, '']) {
      await either.signIn(ada.email, none);
      expect(auth.signIn.mock.lastCall?.[0]).toEqual({
        username: ada.email,
        options: { authFlowType: 'CUSTOM_WITHOUT_SRP' },
      });
    }
  });

  it('that all ask for the password begins with it, and one that never does never', async () => {
    const both = clientOf('PASSWORD+FACE,PASSWORD+FACE_DATA');
    await expect(both.signIn(ada.email)).rejects.toMatchObject({ trouble: 'wrong-password' });
    await clientOf('FACE,FACE_DATA').signIn(ada.email, ada.password);
    expect(auth.signIn.mock.lastCall?.[0]).not.toHaveProperty('password');
  });

  it('is asked which, and the answer is one chain as it was offered', async () => {
    auth.signIn.mockResolvedValue(offered());
    const either = clientOf(EITHER);
    const challenge = await either.signIn(ada.email, ada.password);
    expect(challenge).toMatchObject({ step: 'SELECT', chains: readPolicy(EITHER) });
    const [, second = readPolicy('FACE')[0]] = challenge.chains ?? [];
    const progress = await either.choose(challenge, second);
    expect(auth.confirmSignIn.mock.lastCall?.[0]).toMatchObject({ challengeResponse: 'PASSWORD+FACE_DATA' });
    expect(metadata('confirmSignIn')?.['passNonce']).toMatch(/^[0-9a-f]{64}$/);
    expect(progress).toMatchObject({ kind: 'challenge', challenge: { step: 'FACE_DATA' } });
    const chosen = metadata('confirmSignIn');
    if (progress.kind === 'challenge') {
      await either.answer(progress.challenge, data);
    }
    // The same sign-in, the same nonce.
    expect(auth.confirmSignIn).toHaveBeenCalledTimes(2);
    expect(metadata('confirmSignIn')).toEqual(chosen);
  });

  it('asks again where the answer was not on offer', async () => {
    auth.signIn.mockResolvedValue(offered());
    auth.confirmSignIn.mockResolvedValue(offered({ reason: 'NOT_OFFERED', chains: 'FACE' }));
    const either = clientOf(EITHER);
    const challenge = await either.signIn(ada.email, ada.password);
    const progress = await either.choose(challenge, readPolicy('PASSWORD+FACE_DATA')[0]);
    expect(progress).toMatchObject({
      kind: 'challenge',
      challenge: { step: 'SELECT', reason: 'NOT_OFFERED', chains: readPolicy('FACE') },
    });
  });

  it('sends no chain to another step, and nothing else to this one', async () => {
    const either = clientOf(EITHER);
    const [face] = readPolicy('FACE');
    const challenge = await either.signIn(ada.email, ada.password);
    await expect(either.choose(challenge, face)).rejects.toMatchObject({ trouble: 'protocol' });
    auth.signIn.mockResolvedValue(offered());
    const select = await either.signIn(ada.email, ada.password);
    await expect(either.answer(select, data)).rejects.toMatchObject({ trouble: 'protocol' });
    expect(auth.confirmSignIn).not.toHaveBeenCalled();
  });
});

describe('an upload', () => {
  const upload = {
    uploadUrl: 'https://bucket.s3.us-east-1.amazonaws.com/',
    uploadFields: '{"key":"k"}',
  };
  const picture = { jpeg: new Blob([new Uint8Array(200_000)]) };

  afterEach(() => vi.unstubAllGlobals());

  const failed = async (answer: () => Promise<unknown>, onLine = true) => {
    vi.stubGlobal('navigator', { onLine });
    vi.stubGlobal('location', { origin: 'https://app.example.com' });
    vi.stubGlobal('fetch', vi.fn(answer));
    auth.signIn.mockResolvedValue(asked({ step: 'FACE', ...upload }));
    const challenge = await client.signIn(ada.email, ada.password);
    return client.answer(challenge, picture).then(
      () => expect.unreachable('it cannot have passed'),
      (error: unknown) => error,
    );
  };

  it('that no answer may be read of names the host, the origin and AllowedOrigins', async () => {
    const error = await failed(() => Promise.reject(new TypeError('Failed to fetch')));
    expect(error).toMatchObject({ trouble: 'upload-failed' });
    for (const name of [
      'bucket.s3.us-east-1.amazonaws.com',
      'https://app.example.com',
      'AllowedOrigins',
      'CORS',
      'Content-Security-Policy',
    ]) {
      expect(String(error)).toContain(name);
    }
    const offline = await failed(() => Promise.reject(new TypeError('Failed to fetch')), false);
    expect(offline).toMatchObject({ trouble: 'offline' });
  });

  it.each([
    [403, 'Invalid according to Policy: Policy expired.', 'session-over'],
    [400, '<Code>ExpiredToken</Code>', 'session-over'],
    [403, '<Code>AccessDenied</Code>', 'upload-failed'],
    [503, 'SlowDown', 'upload-failed'],
  ])('answered with %i %s is told as %s', async (status, text, trouble) => {
    const error = await failed(async () => new Response(text, { status }));
    expect(error).toMatchObject({ trouble });
  });
});

describe('a browser that keeps nothing', () => {
  afterEach(() => vi.unstubAllGlobals());

  const kept = (how: 'well' | 'throws' | 'null' | 'full') => {
    const texts = new Map<string, string>();
    const storage = {
      getItem: (key: string) => texts.get(key) ?? null,
      setItem: (key: string, value: string) => {
        if (how === 'full') {
          throw new DOMException('', 'QuotaExceededError');
        }
        texts.set(key, value);
      },
      removeItem: (key: string) => void texts.delete(key),
    };
    for (const name of ['localStorage', 'sessionStorage']) {
      Object.defineProperty(globalThis, name, {
        configurable: true,
        get: () => {
          if (how === 'throws') {
            throw new DOMException('', 'SecurityError');
          }
          return how === 'null' ? null : storage;
        },
      });
    }
    return texts;
  };

  afterEach(() => {
    Reflect.deleteProperty(globalThis, 'localStorage');
    Reflect.deleteProperty(globalThis, 'sessionStorage');
  });

  it.each(['throws', 'null', 'full'] as const)('and %s: memory serves the client and Amplify', async (how) => {
    kept(how);
    const here = new FaceSignIn(outputs);
    expect(here.lasting).toBe(false);
    await here.signUp(ada);
    expect(here.tab.of(ada.email)?.password).toBe(ada.password);
    const [store] = cognito.setKeyValueStorage.mock.lastCall ?? [];
    await store.setItem('token', '1');
    expect(await store.getItem('token')).toBe('1');
    await store.removeItem('token');
    expect(await store.getItem('token')).toBeNull();
  });

  it('is told from one that does, which Amplify uses by itself', async () => {
    const texts = kept('well');
    cognito.setKeyValueStorage.mockClear();
    const here = new FaceSignIn(outputs);
    expect(here.lasting).toBe(true);
    expect(cognito.setKeyValueStorage).not.toHaveBeenCalled();
    expect(texts.size, 'the probe is gone again').toBe(0);
    await here.signUp(ada);
    expect(new TabStore().of(ada.email)?.password).toBe(ada.password);
  });
});

describe('a page without https', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('is told that it needs it, before anything is sent', async () => {
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    await expect(client.signUp(ada)).rejects.toMatchObject({ trouble: 'insecure' });
    expect(auth.signUp).not.toHaveBeenCalled();
  });
});

describe('signing out', () => {
  it('asks for nothing that an access token without rights cannot have', async () => {
    await client.signOut();
    expect(auth.signOut.mock.calls).toEqual([[]]);
  });
});

describe('before the first challenge', () => {
  it.each([
    ['CONFIRM_SIGN_UP', 'not-confirmed'],
    ['RESET_PASSWORD', 'reset-required'],
    ['CONTINUE_SIGN_IN_WITH_TOTP_SETUP', 'protocol'],
  ])('%s is told as %s', async (signInStep, trouble) => {
    auth.signIn.mockResolvedValue({ nextStep: { signInStep } });
    await expect(client.signIn(ada.email, ada.password)).rejects.toMatchObject({ trouble });
  });

  it('an enrolment that this tab knows nothing of is not begun', async () => {
    await expect(client.enrol(ada.email)).rejects.toMatchObject({ trouble: 'not-in-this-tab' });
    expect(auth.signIn).not.toHaveBeenCalled();
  });
});
