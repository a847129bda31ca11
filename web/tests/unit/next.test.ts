// What leads from a challenge to a screen.

import { describe, expect, it } from 'vitest';

import { type Challenge, faceData, type Reason, REASONS } from '../../src/client';
import { next, takesAnswer, waysAround, whyAnew } from '../../src/page/next';

const challenge = (changed: Partial<Challenge>): Challenge => ({
  step: 'FACE',
  id: 'c1',
  attemptsLeft: 3,
  ...changed,
});
const measured = faceData('descriptor-128', Array(128).fill(0.5));
const pictures = { policy: 'FACE' } as const;
const data = { policy: 'FACE_DATA' } as const;

describe('a challenge', () => {
  it('leads to what it asks for', () => {
    expect(next(challenge({ step: 'ENROL' }), pictures)).toBe('document');
    expect(next(challenge({ step: 'FACE' }), pictures)).toBe('live');
    expect(next(challenge({ step: 'ENROL' }), data)).toBe('live');
    expect(next(challenge({ step: 'FACE_DATA' }), data)).toBe('live');
  });

  it('sends what the sign-up measured, once', () => {
    expect(next(challenge({ step: 'ENROL' }), { ...data, measured })).toBe('send-measured');
    const refused = challenge({ step: 'ENROL', reason: 'NO_MATCH' });
    expect(next(refused, { ...data, measured })).toBe('live');
    expect(next(challenge({ step: 'FACE_DATA' }), { ...data, measured })).toBe('live');
  });

  it('asks for consent before anything of the person is sent', () => {
    const asked = challenge({ step: 'ENROL', consent: '2' });
    for (const known of [pictures, data, { ...data, measured }]) {
      expect(next(asked, known)).toBe('consent');
      expect(takesAnswer(asked, known)).toBe(false);
      // To another version is not to this one.
      expect(next(asked, { ...known, agreed: '1' })).toBe('consent');
    }
    expect(next(asked, { ...pictures, agreed: '2' })).toBe('document');
    expect(next(asked, { ...data, measured, agreed: '2' })).toBe('send-measured');
    const unheard = challenge({ step: 'ENROL', consent: '2', reason: 'CONSENT_NEEDED' });
    expect(next(unheard, { ...pictures, agreed: '2' })).toBe('consent');
  });

  it('that cannot be answered leads somewhere else, and no answer goes to it unseen', () => {
    for (const [reason, where] of [
      ['LOCKED', 'locked'],
      ['ENROLMENT_NEEDS_RESET', 'needs-reset'],
      ['SUPERSEDED', 'begin-anew'],
      ['TOO_MANY_PICTURES', 'begin-anew'],
    ] as const) {
      for (const step of ['FACE', 'FACE_DATA', 'ENROL'] as const) {
        const blocked = challenge({ step, reason });
        expect(next(blocked, pictures)).toBe(where);
        expect(takesAnswer(blocked, pictures)).toBe(false);
      }
    }
    expect(takesAnswer(challenge({ retryAfter: 30 }), pictures)).toBe(false);
    expect(takesAnswer(challenge({}), pictures)).toBe(true);
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
      expect(next(challenge({ reason }), pictures)).toBe('live');
      expect(next(challenge({ step: 'ENROL', reason }), pictures)).toBe('document');
    }
  });
});

describe('a locked path', () => {
  it('leaves the other one where the policy has it, and the mailbox always', () => {
    expect(waysAround('face-alone', 'FACE')).toEqual(['mail']);
    expect(waysAround('password', 'FACE')).toEqual(['face-alone', 'mail']);
    expect(waysAround('password', 'PASSWORD+FACE')).toEqual(['mail']);
    expect(waysAround('password', 'PASSWORD+FACE_DATA')).toEqual(['mail']);
  });
});
