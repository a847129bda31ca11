// What leads from a challenge to a screen.

import { describe, expect, it } from 'vitest';

import { type Challenge, faceData, readPolicy, type Reason, REASONS } from '../../src/client';
import { next, ofUse, onOffer, takesAnswer, takesPictures, waysAround, whyAnew } from '../../src/page/next';
import { TEXTS } from '../../src/text';

const upload = { url: 'https://bucket.s3.us-east-1.amazonaws.com/', fields: {} };
const challenge = (changed: Partial<Challenge>): Challenge => ({
  step: 'FACE',
  id: 'c1',
  attemptsLeft: 3,
  ...changed,
});
const measured = faceData('descriptor-128', Array(128).fill(0.5));
const model = 'descriptor-128';
const either = readPolicy('FACE,PASSWORD+FACE_DATA');
const [face, withPassword] = [readPolicy('FACE')[0], readPolicy('PASSWORD+FACE_DATA')[0]];

describe('a challenge', () => {
  it('leads to what it asks for', () => {
    expect(next(challenge({ step: 'SELECT', chains: either }), {})).toBe('choose');
    expect(next(challenge({ step: 'ENROL' }), {})).toBe('document');
    expect(next(challenge({ step: 'FACE' }), {})).toBe('live');
    expect(next(challenge({ step: 'ENROL', model }), {})).toBe('live');
    expect(next(challenge({ step: 'FACE_DATA', model }), {})).toBe('live');
    expect(next(challenge({ step: 'EMAIL_CODE' }), {})).toBe('live');
  });

  it('needs a camera where it has a place for a picture, or names what is measured', () => {
    for (const [changed, needs] of [
      [{ step: 'SELECT', chains: either }, false],
      [{ step: 'EMAIL_CODE' }, false],
      [{ step: 'FACE', upload }, true],
      [{ step: 'ENROL', upload }, true],
      [{ step: 'FACE_DATA', model }, true],
    ] as const) {
      expect(takesPictures(challenge(changed))).toBe(needs);
    }
  });

  it('for a code gets no answer that was meant for another session', () => {
    expect(takesAnswer(challenge({ step: 'EMAIL_CODE' }), {})).toBe(false);
  });

  it('sends what the sign-up measured, once', () => {
    expect(next(challenge({ step: 'ENROL', model }), { measured })).toBe('send-measured');
    const refused = challenge({ step: 'ENROL', model, reason: 'NO_MATCH' });
    expect(next(refused, { measured })).toBe('live');
    expect(next(challenge({ step: 'FACE_DATA', model }), { measured })).toBe('live');
    // A picture is asked for, whatever was measured.
    expect(next(challenge({ step: 'ENROL' }), { measured })).toBe('document');
  });

  it('asks for consent before anything of the person is sent', () => {
    const asked = challenge({ step: 'ENROL', upload, consent: '2' });
    for (const [one, known] of [
      [asked, {}],
      [{ ...asked, model }, {}],
      [{ ...asked, model }, { measured }],
    ] as const) {
      expect(next(one, known)).toBe('consent');
      expect(takesAnswer(one, known)).toBe(false);
      // To another version is not to this one.
      expect(next(one, { ...known, agreed: '1' })).toBe('consent');
    }
    expect(next(asked, { agreed: '2' })).toBe('document');
    expect(next({ ...asked, model }, { measured, agreed: '2' })).toBe('send-measured');
    const unheard = challenge({ step: 'ENROL', consent: '2', reason: 'CONSENT_NEEDED' });
    expect(next(unheard, { agreed: '2' })).toBe('consent');
  });

  it('that cannot be answered leads somewhere else, and no answer goes to it unseen', () => {
    for (const [reason, where] of [
      ['LOCKED', 'locked'],
      ['ENROLMENT_NEEDS_RESET', 'needs-reset'],
      ['SUPERSEDED', 'begin-anew'],
      ['TOO_MANY_PICTURES', 'begin-anew'],
    ] as const) {
      for (const step of ['FACE', 'FACE_DATA', 'EMAIL_CODE', 'ENROL'] as const) {
        const blocked = challenge({ step, reason, ...(step === 'EMAIL_CODE' ? {} : { upload }) });
        expect(next(blocked, {})).toBe(where);
        expect(takesAnswer(blocked, {})).toBe(false);
      }
    }
    expect(takesAnswer(challenge({ upload, retryAfter: 30 }), {})).toBe(false);
    expect(takesAnswer(challenge({ upload }), {})).toBe(true);
  });

  it('that begins anew says why', () => {
    expect(whyAnew(challenge({ reason: 'SUPERSEDED' }))).toBe('superseded');
    expect(whyAnew(challenge({ reason: 'TOO_MANY_PICTURES' }))).toBe('too-many-pictures');
  });

  it('with any other reason stays where it was', () => {
    const elsewhere: readonly Reason[] = [
      'LOCKED',
      'ENROLMENT_NEEDS_RESET',
      'SUPERSEDED',
      'TOO_MANY_PICTURES',
    ];
    for (const reason of REASONS.filter((one) => !elsewhere.includes(one))) {
      expect(next(challenge({ reason }), {})).toBe('live');
      expect(next(challenge({ step: 'ENROL', reason }), {})).toBe('document');
    }
  });
});

describe('a choice', () => {
  const asked = challenge({ step: 'SELECT', chains: either });

  it('that was made before is not asked for again where it is on offer', () => {
    expect(onOffer(asked, face)).toBe(either[0]);
    expect(onOffer(asked, withPassword)).toBe(either[1]);
  });

  it('is asked for where nothing was picked, or something else is on offer', () => {
    expect(onOffer(asked, undefined)).toBeUndefined();
    expect(onOffer({ ...asked, chains: readPolicy('FACE') }, withPassword)).toBeUndefined();
    expect(onOffer(asked, readPolicy('FACE_DATA')[0])).toBeUndefined();
  });

  it('that was refused is not sent again by itself', () => {
    for (const reason of REASONS) {
      expect(onOffer({ ...asked, reason }, face)).toBeUndefined();
    }
  });

  it('is no answer to another step, nor another answer to it', () => {
    expect(onOffer(challenge({}), face)).toBeUndefined();
    expect(takesAnswer(asked, {})).toBe(false);
  });
});

describe('a locked path', () => {
  it.each([
    ['open', 'FACE', ['mail']],
    ['password', 'FACE', ['open', 'mail']],
    ['password', 'PASSWORD+FACE', ['mail']],
    ['password', 'PASSWORD+FACE_DATA', ['mail']],
    ['open', 'FACE,PASSWORD+FACE_DATA', ['password', 'mail']],
    ['password', 'FACE,PASSWORD+FACE_DATA', ['open', 'mail']],
    ['password', 'PASSWORD+FACE,PASSWORD+FACE_DATA', ['mail']],
  ] as const)('%s leaves the other one where %s has it, and the mailbox always', (path, policy, ways) => {
    expect(waysAround(path, readPolicy(policy))).toEqual(ways);
  });
});

describe('whoever wants no face', () => {
  it('is led to no way that needs one, and anybody else to all of them', () => {
    const policy = readPolicy('FACE,PASSWORD+EMAIL_CODE');
    const [byFace, byMail] = policy;
    expect(waysAround('password', ofUse(policy, byMail))).toEqual(['mail']);
    for (const picked of [undefined, byFace]) {
      expect(waysAround('password', ofUse(policy, picked))).toEqual(['open', 'mail']);
    }
  });
});

describe('the words for a way to sign in', () => {
  it.each([
    ['FACE', 'With your face', 'Mit Ihrem Gesicht'],
    ['PASSWORD+FACE', 'With your password and your face', 'Mit Ihrem Passwort und Ihrem Gesicht'],
    [
      'PASSWORD+FACE_DATA',
      'With your password and a face template computed on this device',
      'Mit Ihrem Passwort und Gesichtsdaten von diesem Gerät',
    ],
    ['FACE_DATA', 'With a face template computed on this device', 'Mit Gesichtsdaten von diesem Gerät'],
    [
      'PASSWORD+EMAIL_CODE',
      'With your password and a code by mail',
      'Mit Ihrem Passwort und einem Code per E\u2011Mail',
    ],
  ])('%s are %s, or %s', (policy, english, german) => {
    const [chain] = readPolicy(policy);
    expect([TEXTS.en.choose.way(chain), TEXTS.de.choose.way(chain)]).toEqual([english, german]);
  });
});
