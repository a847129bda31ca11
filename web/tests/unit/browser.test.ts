// The secret by which a browser is known again.

import { expect, it } from 'vitest';

import { browserSecret } from '../../src/client/browser';
import { memory, type Store } from '../../src/client/storage';

const SECRET = /^[0-9a-f]{64}$/;

it('is made at first use, and kept', () => {
  const store = memory();
  const secret = browserSecret(store);
  expect(secret).toMatch(SECRET);
  expect(browserSecret(store)).toBe(secret);
  expect(browserSecret(memory())).not.toBe(secret);
});

it('is made anew where something else is kept in its place', () => {
  for (const wrong of ['', 'null', 'AB'.repeat(32), 'ab'.repeat(31), `${'ab'.repeat(32)}\n`]) {
    expect(browserSecret({ ...memory(), getItem: () => wrong })).toMatch(SECRET);
  }
});

it('is there where it cannot be kept', () => {
  const full: Store = {
    ...memory(),
    setItem: () => {
      throw new DOMException('', 'QuotaExceededError');
    },
  };
  expect(browserSecret(full)).toMatch(SECRET);
});
