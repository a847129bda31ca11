// Each factor has its screen and its words, and each reason its sentence; and nothing else has.

import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';

import { FACTORS, REASONS } from '../../src/client/names';
import { roomOf, rooms, type StepProps } from '../../src/page/rooms';
import { TEXTS } from '../../src/text';

const given: StepProps = {
  challenge: undefined,
  email: 'ada@example.com',
  local: false,
  enrols: false,
  model: 'descriptor-128',
  path: 'password',
  task: { busy: false, trouble: undefined, run: () => undefined, fail: () => undefined },
  trouble: undefined,
  busyWith: '',
  automatic: false,
  onAutomatic: () => undefined,
  onAnswer: async () => undefined,
  onAgain: async () => undefined,
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

describe('EMAIL_CODE', () => {
  const shown = (changed: Partial<StepProps>): string =>
    renderToStaticMarkup(createElement(roomOf('EMAIL_CODE'), { ...given, ...changed }));
  const asked = { step: 'EMAIL_CODE', id: 'c1', attemptsLeft: 2 } as const;
  const { codeReasons, mailed, code, reasons } = TEXTS.en;
  const FIELD = 'name="code"';

  it('says where the code goes, and where to read it if no mail is sent', () => {
    const sent = shown({ challenge: asked });
    expect(sent).toContain(mailed.lead('ada@example.com'));
    expect(sent).toContain(FIELD);
    expect(sent).not.toContain(code.local);
    expect(shown({ challenge: asked, local: true })).toContain('cargo xtask mail ada@example.com');
  });

  it.each([
    ['NO_MATCH', codeReasons.NO_MATCH, true],
    ['EXPIRED', codeReasons.EXPIRED, true],
    ['NOT_A_CODE', reasons.NOT_A_CODE, true],
    // Nothing was refused: the code before this one did not get through.
    ['TRY_LATER', codeReasons.TRY_LATER, false],
  ] as const)('says of %s what is to be done, and takes the code', (reason, words, counts) => {
    const again = shown({ challenge: { ...asked, reason } });
    expect(again).toContain(words);
    expect(again).toContain(FIELD);
    expect(again.includes(TEXTS.en.attemptsLeft(2))).toBe(counts);
  });

  it('takes none where none was mailed: a wait is due, or the session has ended', () => {
    const waiting = { ...asked, reason: 'TRY_LATER', retryAfter: 30 } as const;
    for (const challenge of [waiting, undefined]) {
      const none = shown({ challenge, local: true });
      expect(none).toContain(mailed.none);
      expect(none).not.toContain(codeReasons.TRY_LATER);
      expect(none).not.toContain(FIELD);
      expect(none).not.toContain(code.local);
    }
  });

  it('says of a session that was over that its code is not good any more', () => {
    const anew = shown({ challenge: asked, trouble: 'session-over' });
    expect(anew).toContain(codeReasons.EXPIRED);
    expect(anew).toContain(FIELD);
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
    for (const own of [text.documentReasons, text.codeReasons]) {
      expect(REASONS).toEqual(expect.arrayContaining(named(own)));
    }
  });
});
