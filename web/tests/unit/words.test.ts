// What the page says, in each of its languages and in no other, and that it stands in the texts only.

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

import { FACTORS, type OutputProblem, type PolicyFlaw } from '../../src/client';
import { type Language, LANGUAGES, preferred, regional, type Text, TEXTS } from '../../src/text';
import { SAME } from '../sameWords';

const flaws: readonly PolicyFlaw[] = [
  { is: 'too-long', found: 2000, most: 1024 },
  { is: 'too-many-chains', found: 11, most: 10 },
  { is: 'password-not-first', chain: 'FACE+PASSWORD' },
  { is: 'unknown-step', chain: 'SMILE', step: 'SMILE' },
  { is: 'repeated-step', chain: 'FACE+FACE', step: 'FACE' },
];
const problems: readonly OutputProblem[] = [
  { is: 'no-object' },
  { is: 'missing', output: 'UserPoolId' },
  { is: 'no-text', output: 'UserPoolId' },
  { is: 'unknown', output: 'FaceDataModel', value: 'mesh', known: ['descriptor-128', 'mesh-468'] },
  ...flaws.map((flaw): OutputProblem => ({ is: 'no-policy', output: 'SignInChains', value: 'SMILE', flaw })),
];
const versions = [['2', '1']];
const email = [['ada@example.com']];

/** What the texts that depend on something are given, one list of arguments for each call. */
const GIVEN: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  attemptsLeft: [[1], [2]],
  waitFor: [[30], [90]],
  'choose.way': FACTORS.flatMap((factor) =>
    [false, true].map((password) => [{ name: '', password, factors: [factor] }]),
  ),
  'agree.other': versions,
  'consent.versionIs': [['1']],
  'consent.other': versions,
  'code.lead': email,
  'code.proofLead': email,
  'live.unnamed': [[2]],
  'mailed.lead': email,
  'signedIn.title': [['Ada Example']],
  'signedIn.list': [[['1', '2', '3']]],
  'setup.wrong': problems.map((problem) => [[problem]]),
};

/** Everything that a text says, each under its name. */
function said(text: unknown, name = ''): [name: string, words: string][] {
  if (typeof text === 'string') {
    return [[name, text]];
  }
  // The terms of a factor that takes nothing of anybody.
  if (text === null) {
    return [];
  }
  if (typeof text === 'function') {
    const calls = GIVEN[name];
    expect(calls, `what ${name} is given`).toBeDefined();
    return (calls ?? []).map((given, at) => [`${name} ${at}`, String(text(...given))]);
  }
  return Object.entries(text as object).flatMap(([part, value]) =>
    said(value, name === '' ? part : `${name}.${part}`),
  );
}

const all = Object.fromEntries(LANGUAGES.map((language) => [language, said(TEXTS[language])])) as Record<
  Language,
  [string, string][]
>;

/** Words that one language has in nearly every sentence, and the other never. */
const TELLING: Readonly<Record<Language, RegExp>> = {
  en: /\b(the|and|you|your|is|are|of|with|not|to|this|for|from)\b/i,
  de: /\b(der|das|und|sie|ihr|ihre|nicht|ist|ein|eine|mit|von|oder|wird|kein)\b|[äöüß„]/i,
};

describe.each(LANGUAGES)('%s', (language) => {
  it('says something everywhere, in whole words', () => {
    for (const [name, words] of all[language]) {
      expect(words.trim(), name).not.toBe('');
      expect(words, name).not.toMatch(/undefined|null|NaN|\[object|["'`]|\.\.\.| {2}|\s$/);
    }
  });

  it('has no word of another language', () => {
    for (const other of LANGUAGES.filter((one) => one !== language)) {
      for (const [name, words] of all[language]) {
        expect(words, name).not.toMatch(TELLING[other]);
      }
    }
  });

  it('names itself, and is told apart by its words', () => {
    expect(new Intl.DisplayNames(language, { type: 'language' }).of(language)).toBe(TEXTS[language].language);
    expect(all[language].filter(([, words]) => TELLING[language].test(words)).length).toBeGreaterThan(100);
  });
});

describe('two languages', () => {
  it('say the same things', () => {
    const names = (language: Language) => all[language].map(([name]) => name).sort();
    for (const language of LANGUAGES) {
      expect(names(language)).toEqual(names('en'));
    }
  });

  it('say nothing in the same words, but for those that are listed', () => {
    const english = new Map(all.en);
    for (const language of LANGUAGES.filter((one) => one !== 'en')) {
      const same = all[language].filter(([name, words]) => english.get(name) === words);
      expect([...new Set(same.map(([, words]) => words))].sort()).toEqual(Object.keys(SAME).sort());
    }
  });

  it('have the same figures, dates and names in what somebody agrees to', () => {
    const facts = (text: Text) =>
      said(text.consent.terms).map(([name, words]) => [name, words.match(/\d+|Amazon \w+/g)]);
    for (const language of LANGUAGES) {
      expect(facts(TEXTS[language])).toEqual(facts(TEXTS.en));
    }
  });

  it('are held to the same shape by the compiler, down to the words that few need', () => {
    const { NO_FACE: _, ...reasons } = TEXTS.de.documentReasons;
    const { howLongKept: __, ...terms } = TEXTS.de.consent.terms.FACE;
    // @ts-expect-error: a reason is missing.
    const withoutReason: Text['documentReasons'] = reasons;
    // @ts-expect-error: a part of the consent text is missing.
    const withoutTerms: Text['consent']['terms']['FACE'] = terms;
    expect([withoutReason, withoutTerms]).toHaveLength(2);
  });
});

describe('German', () => {
  it('is polite, and has one word for one thing', () => {
    for (const [name, words] of all.de) {
      expect(words, name).not.toMatch(/\b(du|dich|dir|dein\w*|euch|euer)\b/i);
      expect(words, name).not.toMatch(/Kennwort|Login|einloggen|Account|\bE-?mail/);
      expect(words, name).not.toMatch(/\b(ihr|ihre|ihren|ihrem|ihrer|ihnen) (Gesicht|Konto|Passwort|Adresse|Kamera)/);
    }
  });
});

describe('the language', () => {
  it.each([
    [['de'], 'de'],
    [['de-AT', 'en'], 'de'],
    [['DE-ch'], 'de'],
    [['en-GB', 'de'], 'en'],
    [['fr', 'de-DE', 'en'], 'de'],
    [['fr', 'it'], 'en'],
    [['den'], 'en'],
    [[], 'en'],
  ] as const)('of somebody who wants %j is %s', (wanted, language) => {
    expect(preferred(wanted)).toBe(language);
  });

  it.each([
    ['en', ['en-GB', 'de'], 'en-GB'],
    ['de', ['en-GB', 'de-AT', 'de'], 'de-AT'],
    ['de', ['en-GB'], 'de'],
    ['en', [], 'en'],
  ] as const)('%s is written for somebody who wants %j as %s', (language, wanted, locale) => {
    expect(regional(language, wanted)).toBe(locale);
  });
});

describe('the sources', () => {
  const web = resolve(import.meta.dirname, '../..');
  const sources = readdirSync(join(web, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.tsx'))
    .map((name) => ({ name, source: readFileSync(join(web, 'src', name), 'utf8') }));

  /** Attributes that are read, by somebody or to somebody. */
  const READ = ['title', 'lead', 'label', 'hint', 'alt', 'placeholder', 'aria-label', 'go', 'busy'];

  /** The texts that an expression may be, where they stand in it. */
  function literals(node: ts.Node | undefined): string[] {
    if (node === undefined) {
      return [];
    }
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      return [node.getText()];
    }
    if (ts.isJsxExpression(node) || ts.isParenthesizedExpression(node)) {
      return literals(node.expression);
    }
    if (ts.isConditionalExpression(node)) {
      return [...literals(node.whenTrue), ...literals(node.whenFalse)];
    }
    if (!ts.isBinaryExpression(node)) {
      return [];
    }
    // What is compared is not shown.
    const { AmpersandAmpersandToken, BarBarToken, QuestionQuestionToken } = ts.SyntaxKind;
    switch (node.operatorToken.kind) {
      case AmpersandAmpersandToken:
        return literals(node.right);
      case BarBarToken:
      case QuestionQuestionToken:
        return [...literals(node.left), ...literals(node.right)];
      default:
        return [];
    }
  }

  /** What elements say that does not come from the texts; a command is the same in every language. */
  function hardCoded(name: string, source: string): string[] {
    const found: string[] = [];
    const look = (node: ts.Node): void => {
      if (ts.isJsxElement(node) && node.openingElement.tagName.getText() === 'code') {
        return;
      }
      if (ts.isJsxText(node)) {
        found.push(node.text);
      } else if (ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent)) {
        found.push(...literals(node));
      } else if (ts.isJsxAttribute(node) && READ.includes(node.name.getText())) {
        found.push(...literals(node.initializer));
      }
      ts.forEachChild(node, look);
    };
    look(ts.createSourceFile(name, source, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TSX));
    return found.filter((words) => /\p{L}/u.test(words)).map((words) => `${name}: ${words.trim()}`);
  }

  it('of the screens have no words of their own', () => {
    expect(sources.length).toBeGreaterThan(8);
    expect(sources.flatMap(({ name, source }) => hardCoded(name, source))).toEqual([]);
    const wrong = '<p title="One">Two {late ? "Three" : text.four} <code>five</code></p>';
    expect(hardCoded('wrong.tsx', wrong)).toEqual(['wrong.tsx: "One"', 'wrong.tsx: Two', 'wrong.tsx: "Three"']);
  });

  it('of the screens name no language', () => {
    const naming = sources.filter(({ source }) => /text\/(en|de)'|TEXTS\.(en|de)/.test(source));
    // What nobody has chosen a language for is English.
    expect(naming.map(({ name }) => name)).toEqual(['page/language.tsx']);
  });

  it('of the page that is there before the script have places for words, and no words', () => {
    const html = readFileSync(join(web, 'index.html'), 'utf8');
    expect(html.replace(/<[^>]*>|\{\{\w+\}\}/g, '').trim()).toBe('');
    expect(html).toContain('name="description" content="{{description}}"');
  });
});
