// Each factor has its screen and its words, and each reason its sentence; and nothing else has.

import { describe, expect, it } from 'vitest';

import { FACTORS, REASONS } from '../../src/client/names';
import { rooms } from '../../src/page/rooms';
import { en } from '../../src/text/en';

describe('what the rules know', () => {
  it('has a screen for each factor', () => {
    expect([...rooms.keys()].sort()).toEqual([...FACTORS].sort());
  });

  it('has words for each factor', () => {
    for (const factor of FACTORS) {
      expect(en.signedIn.step[factor], factor).toBeTruthy();
      expect(en.choose.way({ name: factor, password: false, factors: [factor] }), factor).not.toContain('undefined');
    }
  });

  it('has a sentence for each reason', () => {
    expect(Object.keys(en.reasons).sort()).toEqual([...REASONS].sort());
  });
});
