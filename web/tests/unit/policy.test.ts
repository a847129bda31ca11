// Policies: chains of steps, of which one is enough.

import { describe, expect, it } from 'vitest';

import {
  asksForPassword,
  enrolsNothing,
  FACTORS,
  hasPassword,
  readPolicy,
  takesFaceData,
  waysWithoutFace,
} from '../../src/client';
import { TEXTS } from '../../src/text';

const read = (text: string) =>
  readPolicy(text).map(({ name, password, factors }) => ({ name, password, factors }));

describe('a policy', () => {
  it.each([
    ['FACE', false, 'FACE'],
    ['PASSWORD+FACE', true, 'FACE'],
    ['FACE_DATA', false, 'FACE_DATA'],
    ['PASSWORD+FACE_DATA', true, 'FACE_DATA'],
  ] as const)('of one chain, %s, is read as ever', (text, password, factor) => {
    expect(read(text)).toEqual([{ name: text, password, factors: [factor] }]);
    expect(asksForPassword(readPolicy(text))).toBe(password);
    expect(hasPassword(readPolicy(text))).toBe(password);
    expect(takesFaceData(readPolicy(text))).toBe(factor === 'FACE_DATA');
  });

  it('of several chains keeps their order, and counts one that comes twice once', () => {
    expect(read('FACE,PASSWORD+FACE_DATA,FACE')).toEqual([
      { name: 'FACE', password: false, factors: ['FACE'] },
      { name: 'PASSWORD+FACE_DATA', password: true, factors: ['FACE_DATA'] },
    ]);
  });

  it('may have several factors in a chain, in their order', () => {
    expect(read('PASSWORD+FACE_DATA+FACE')).toEqual([
      { name: 'PASSWORD+FACE_DATA+FACE', password: true, factors: ['FACE_DATA', 'FACE'] },
    ]);
  });

  it('asks for a password, and takes face data, where every chain does', () => {
    const either = readPolicy('FACE,PASSWORD+FACE_DATA');
    expect([asksForPassword(either), hasPassword(either), takesFaceData(either)]).toEqual([false, true, false]);
    const both = readPolicy('PASSWORD+FACE,PASSWORD+FACE_DATA');
    expect([asksForPassword(both), hasPassword(both), takesFaceData(both)]).toEqual([true, true, false]);
    const data = readPolicy('FACE_DATA+FACE,PASSWORD+FACE_DATA');
    expect([asksForPassword(data), hasPassword(data), takesFaceData(data)]).toEqual([false, true, true]);
  });

  it.each([
    ['FACE', []],
    ['PASSWORD+FACE_DATA', []],
    ['FACE,PASSWORD+EMAIL_CODE', ['PASSWORD+EMAIL_CODE']],
    ['PASSWORD+EMAIL_CODE', ['PASSWORD+EMAIL_CODE']],
    ['EMAIL_CODE,PASSWORD+EMAIL_CODE,FACE', ['EMAIL_CODE', 'PASSWORD+EMAIL_CODE']],
    // One factor that is enrolled is enough to need it.
    ['EMAIL_CODE+FACE_DATA,FACE+EMAIL_CODE', []],
  ])('%s has for whoever wants no face: %j', (policy, ways) => {
    expect(waysWithoutFace(readPolicy(policy)).map(({ name }) => name)).toEqual(ways);
  });

  it('takes nothing of anybody, as the consent text has it, by a factor that enrols nothing', () => {
    const withoutEnrolment = FACTORS.filter((factor) => enrolsNothing(readPolicy(factor)[0]));
    expect(withoutEnrolment).not.toEqual([]);
    for (const text of Object.values(TEXTS)) {
      expect(withoutEnrolment.map((factor) => text.consent.terms[factor])).toEqual(withoutEnrolment.map(() => null));
    }
  });

  it.each([
    ['', '“” is none of FACE, FACE_DATA'],
    ['SMILE', 'in “SMILE”, “SMILE” is none of FACE, FACE_DATA'],
    ['face', '“face” is none'],
    [' FACE', '“ FACE” is none'],
    ['FACE,', '“” is none'],
    ['FACE;PASSWORD+FACE', '“FACE;PASSWORD” is none'],
    ['FACE+', 'in “FACE+”, “” is none'],
    ['PASSWORD', 'PASSWORD should come first'],
    ['PASSWORD+', 'in “PASSWORD+”, “” is none'],
    ['FACE+PASSWORD', 'PASSWORD should come first'],
    ['PASSWORD+PASSWORD+FACE', 'PASSWORD should come first'],
    ['FACE,ENROL+FACE', 'in “ENROL+FACE”, “ENROL” is none'],
    ['SELECT', '“SELECT” is none'],
    ['FACE+FACE', 'FACE comes twice'],
  ])('%j is refused, with what was expected', (text, why) => {
    expect(() => readPolicy(text)).toThrowError(why);
    expect(() => readPolicy(text)).toThrowError('such as FACE or FACE,PASSWORD+FACE_DATA');
  });

  it('is bounded, and so is what is said of it', () => {
    expect(() => readPolicy('FACE,'.repeat(1000))).toThrowError('5000 characters, and 1024 are the most');
    const eleven = Array.from({ length: 11 }, (_, number) => `X${number}`).join(',');
    expect(() => readPolicy(eleven)).toThrowError('11 chains, and 10 are the most');
    const long = 'X'.repeat(1000);
    try {
      readPolicy(long);
      expect.unreachable('it is no policy');
    } catch (error) {
      expect(String(error).length).toBeLessThan(300);
    }
  });
});
