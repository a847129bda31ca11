import { describe, expect, it } from 'vitest';

import { randomPassword, sha256, SittingStore } from '../../src/client/sitting';

function storage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage;
}

describe('a sitting', () => {
  it('is found by its address, however that is typed, and by no other', () => {
    const store = new SittingStore(storage());
    store.keep({ email: 'Ada@Example.com', password: 'secret' });
    expect(store.of(' ada@example.com ')?.password).toBe('secret');
    expect(store.of('bob@example.com')).toBeUndefined();
    store.forget();
    expect(store.any()).toBeUndefined();
  });

  it('that cannot be read is no sitting', () => {
    const broken = storage();
    broken.setItem('face-sign-in.sitting', '{');
    expect(new SittingStore(broken).any()).toBeUndefined();
  });
});

describe('secrets', () => {
  it('are random, and passwords within usual rules', () => {
    const passwords = new Set(Array.from({ length: 20 }, randomPassword));
    expect(passwords.size).toBe(20);
    for (const password of passwords) {
      expect(password).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*-).{40,}$/);
    }
  });

  it('are bound by their SHA-256 in hexadecimal digits', async () => {
    expect(await sha256('secret')).toBe(
      '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b',
    );
  });
});
