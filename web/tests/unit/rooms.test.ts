// Each factor has its screen and its words, and each reason its sentence; and nothing else has.

import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';

import { FACTORS, REASONS } from '../../src/client/names';
import { roomOf, rooms, type StepProps } from '../../src/page/rooms';
import { TEXTS } from '../../src/text';

const given: StepProps = {
  challenge: undefined,
  enrols: false,
  model: 'descriptor-128',
  path: 'password',
  task: { busy: false, trouble: undefined, run: () => undefined, fail: () => undefined },
  trouble: undefined,
  busyWith: '',
  automatic: false,
  onAutomatic: () => undefined,
  onAnswer: async () => undefined,
  onCancel: () => undefined,
};

/** The names of what has a text that is not empty. */
const named = (texts: Readonly<Record<string, string>>): string[] =>
  Object.keys(texts)
    .filter((name) => texts[name]?.trim())
    .sort();

it('no file is a screen of anything but a factor', () => {
  expect([...rooms.keys()].sort()).toEqual([...FACTORS].sort());
});

describe.each(FACTORS)('%s', (factor) => {
  it('has a screen with a title, whatever it is asked with', () => {
    const asked = { step: factor, id: 'c1', attemptsLeft: 2, reason: 'NO_MATCH' } as const;
    for (const props of [given, { ...given, challenge: asked }, { ...given, challenge: asked, enrols: true }]) {
      expect(renderToStaticMarkup(createElement(roomOf(factor), props))).toMatch(/<h1[^>]*>[^<]+<\/h1>/);
    }
  });

  it.each(Object.entries(TEXTS))('has words in %s for the way to sign in, alone and after the password', (_, text) => {
    const way = (password: boolean) => text.choose.way({ name: factor, password, factors: [factor] });
    for (const words of [way(false), way(true)]) {
      expect(words).toMatch(/^[A-Z][a-z]+ \S/);
      expect(words).not.toContain('undefined');
    }
    // Nobody can pick between two ways of one name.
    const others = FACTORS.filter((other) => other !== factor);
    const words = others.map((other) => text.choose.way({ name: other, password: false, factors: [other] }));
    expect(words).not.toContain(way(false));
  });
});

describe.each(Object.entries(TEXTS))('the words in %s', (_, text) => {
  it('for what has passed are those of the factors, the password and the enrolment', () => {
    expect(named(text.signedIn.step)).toEqual([...FACTORS, 'PASSWORD', 'ENROL'].sort());
  });

  it('of the consent text are said of each factor, or said to be none', () => {
    expect(Object.keys(text.consent.terms).sort()).toEqual([...FACTORS].sort());
  });

  it('for reasons are those of the reasons', () => {
    expect(named(text.reasons)).toEqual([...REASONS].sort());
    expect(REASONS).toEqual(expect.arrayContaining(named(text.documentReasons)));
  });
});
