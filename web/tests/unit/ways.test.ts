// The way in which somebody signs in: what a sign-up has decided on.

import { describe, expect, it } from 'vitest';

import { readPolicy, type TabRecord } from '../../src/client';
import { decided } from '../../src/page/ways';

const record: TabRecord = { email: 'ada@example.com', password: 'secret', bindingSecret: 'b1' };
const withoutFace: TabRecord = { ...record, withoutFace: true };

describe('a sign-up', () => {
  it.each([
    ['FACE', 'FACE', undefined],
    ['FACE,PASSWORD+EMAIL_CODE', 'FACE', 'PASSWORD+EMAIL_CODE'],
    // Which of the faces is asked.
    ['FACE,PASSWORD+FACE_DATA', undefined, undefined],
    ['FACE,PASSWORD+FACE,PASSWORD+EMAIL_CODE', undefined, 'PASSWORD+EMAIL_CODE'],
    ['EMAIL_CODE,PASSWORD+EMAIL_CODE,FACE', 'FACE', 'EMAIL_CODE'],
    ['PASSWORD+EMAIL_CODE', undefined, 'PASSWORD+EMAIL_CODE'],
  ])('under %s has decided on %s with a face, and on %s without', (policy, face, none) => {
    const chains = readPolicy(policy);
    expect(decided(chains, record)?.name).toBe(face);
    expect(decided(chains, withoutFace)?.name).toBe(none);
  });

  it('has decided nothing for a reset, or where there was none', () => {
    const chains = readPolicy('FACE,PASSWORD+EMAIL_CODE');
    expect(decided(chains, { ...record, reset: true })).toBeUndefined();
    expect(decided(chains, undefined)).toBeUndefined();
  });
});
