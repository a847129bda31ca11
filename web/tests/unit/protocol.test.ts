import { afterEach, describe, expect, it, vi } from 'vitest';

import { readPolicy } from '../../src/client';
import { readOutputs } from '../../src/client/outputs';
import { REASONS } from '../../src/client/names';
import { readChallenge } from '../../src/client/protocol';
import { understood } from '../../src/client/errors';
import { TEXTS } from '../../src/text';

const parameters = {
  step: 'FACE',
  challengeId: '00112233445566778899aabbccddeeff',
  uploadUrl: 'http://127.0.0.1:4566/bucket/',
  uploadFields: '{"key":"sign-in/1"}',
  expiresAt: '2026-11-21T08:00:00Z',
  attemptsLeft: '2',
};

describe('a challenge', () => {
  it('is read with everything that the functions say', () => {
    const challenge = readChallenge({ ...parameters, reason: 'TRY_LATER', retryAfter: '30' });
    expect(challenge).toEqual({
      said: expect.any(Object),
      step: 'FACE',
      id: parameters.challengeId,
      upload: { url: parameters.uploadUrl, fields: { key: 'sign-in/1' } },
      attemptsLeft: 2,
      reason: 'TRY_LATER',
      retryAfter: 30,
    });
  });

  it('asks for consent where none counts', () => {
    expect(readChallenge({ ...parameters, step: 'ENROL', consent: '2' }).consent).toBe('2');
    expect(readChallenge(parameters)).not.toHaveProperty('consent');
  });

  it('that lets the person choose names the chains on offer', () => {
    const { uploadUrl, uploadFields, ...select } = { ...parameters, step: 'SELECT' };
    expect(uploadUrl && uploadFields).toBeTruthy();
    const chains = 'FACE,PASSWORD+FACE_DATA';
    expect(readChallenge({ ...select, chains })).toEqual({
      said: expect.any(Object),
      step: 'SELECT',
      id: parameters.challengeId,
      chains: readPolicy(chains),
      attemptsLeft: 2,
    });
    const reason = 'NOT_OFFERED';
    expect(readChallenge({ ...select, chains, reason }).reason).toBe(reason);
    expect(readChallenge({ ...parameters, chains })).not.toHaveProperty('chains');
  });

  it('is refused where it is not one of ours', () => {
    for (const wrong of [
      { ...parameters, step: 'SELECT' },
      { ...parameters, step: 'SELECT', chains: '' },
      { ...parameters, step: 'SELECT', chains: 'FACE,SMILE' },
      undefined,
      {},
      { ...parameters, step: 'LIVENESS' },
      { ...parameters, attemptsLeft: 'many' },
      { ...parameters, uploadFields: '{' },
    ]) {
      expect(() => readChallenge(wrong)).toThrowError(expect.objectContaining({ trouble: 'protocol' }));
    }
  });

  it('names no time of the server for a device to compare its own clock with', () => {
    for (const expiresAt of ['2026-11-21T08:00:00Z', '1970-01-01T00:00:00Z']) {
      const texts = JSON.stringify(readChallenge({ ...parameters, expiresAt }));
      expect(texts).not.toContain('T08:00:00');
      expect(texts).not.toContain('1970');
    }
  });

  it('with a reason of a later version did not pass', () => {
    expect(readChallenge({ ...parameters, reason: 'SOMETHING_NEW' }).reason).toBe('NO_MATCH');
  });
});

describe('outputs', () => {
  const outputs = {
    UserPoolId: 'us-east-1_EXAMPLE',
    UserPoolClientId: 'example',
    SignInChains: 'PASSWORD+FACE',
    ConsentVersion: '1',
    KeepDocuments: 'false',
    FaceDataModel: 'descriptor-128',
  };

  it('are read as the template names them', () => {
    expect(readOutputs(outputs)).toEqual({
      userPoolId: 'us-east-1_EXAMPLE',
      userPoolClientId: 'example',
      policy: readPolicy('PASSWORD+FACE'),
      consentVersion: '1',
      keepsDocuments: false,
      faceDataModel: 'descriptor-128',
    });
  });

  it('may have a policy of several chains', () => {
    const SignInChains = 'FACE,PASSWORD+FACE_DATA';
    expect(readOutputs({ ...outputs, SignInChains }).policy).toEqual(readPolicy(SignInChains));
    expect(() => readOutputs({ ...outputs, SignInChains: 'FACE,SMILE' })).toThrowError(
      'SignInChains is “FACE,SMILE”, and should be one chain of steps, or several with commas between them, such as FACE or FACE,PASSWORD+FACE_DATA: in “SMILE”, “SMILE” is none of FACE, FACE_DATA',
    );
  });

  it('that are missing or not understood are named', () => {
    for (const name of Object.keys(outputs)) {
      expect(() => readOutputs({ ...outputs, [name]: '' })).toThrowError(name);
    }
    expect(readOutputs({ ...outputs, KeepDocuments: 'true' }).keepsDocuments).toBe(true);
    expect(() => readOutputs({ ...outputs, SignInChains: 'SMILE' })).toThrowError('PASSWORD+FACE');
    for (const wrong of [null, [], 'text']) {
      expect(() => readOutputs(wrong)).toThrowError('JSON object');
    }
  });

  it('are told of all at once', () => {
    const { UserPoolId, ConsentVersion, ...some } = outputs;
    expect([UserPoolId, ConsentVersion]).not.toContain(undefined);
    expect(() => readOutputs({ ...some, KeepDocuments: true, FaceDataModel: 'mesh' })).toThrowError(
      expect.objectContaining({
        name: 'OutputsError',
        problems: [
          { is: 'missing', output: 'UserPoolId' },
          { is: 'missing', output: 'ConsentVersion' },
          { is: 'no-text', output: 'KeepDocuments' },
          { is: 'unknown', output: 'FaceDataModel', value: 'mesh', known: ['descriptor-128', 'mesh-468'] },
        ],
        message:
          'UserPoolId is missing; ConsentVersion is missing; KeepDocuments is not a text; ' +
          'FaceDataModel is “mesh”, and should be one of descriptor-128, mesh-468',
      }),
    );
  });
});

describe('an error of Cognito', () => {
  const thrown = (name: string, message = '') => Object.assign(new Error(message), { name });

  it('is told apart where it has one name for several things', () => {
    const refused = (message: string) => understood(thrown('NotAuthorizedException', message)).trouble;
    expect(refused('Invalid session for the user.')).toBe('session-over');
    expect(refused('Invalid session for the user, session is expired.')).toBe('session-over');
    expect(refused('Incorrect username or password.')).toBe('refused');
    expect(refused('Password attempts exceeded')).toBe('too-often');
    expect(refused('User password cannot be reset in the current state.')).toBe('not-ready');
    const unverified =
      'Cannot reset password for the user as there is no registered/verified email or phone_number';
    expect(understood(thrown('InvalidParameterException', unverified)).trouble).toBe('not-ready');
    expect(understood(thrown('InvalidParameterException', 'other')).trouble).toBe('not-accepted');
  });

  it('that nobody has heard of is something unexpected', () => {
    expect(understood(thrown('SomethingNewException')).trouble).toBe('protocol');
    expect(understood('text').trouble).toBe('protocol');
  });
});

describe('a request that does not get through', () => {
  afterEach(() => vi.unstubAllGlobals());

  it.each([
    [false, 'offline'],
    [true, 'unreachable'],
  ] as const)('where the browser says that it is online: %s', (onLine, trouble) => {
    vi.stubGlobal('navigator', { onLine });
    const error = Object.assign(new Error('failed'), { name: 'NetworkError' });
    expect(understood(error).trouble).toBe(trouble);
  });
});

describe('a browser without room', () => {
  it('is told as that', () => {
    expect(understood(new DOMException('', 'QuotaExceededError')).trouble).toBe('storage-full');
  });
});

describe('every reason', () => {
  it.each(REASONS)('%s has a sentence that helps', (reason) => {
    for (const text of Object.values(TEXTS)) {
      expect(text.reasons[reason]).toMatch(/^[A-Z].*\.$/);
    }
  });
});
