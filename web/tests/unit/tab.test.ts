import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { randomPassword, sha256, TabStore } from '../../src/client/tab';

function storage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
    get length() {
      return kept.size;
    },
  } as Storage;
}

const record = { email: 'Ada@Example.com', password: 'secret', bindingSecret: 'b1' };

describe('what a tab keeps', () => {
  it('is found by its address, however that is typed, and by no other', () => {
    const store = new TabStore(storage());
    store.keep(record);
    expect(store.of(' ada@example.com ')?.password).toBe('secret');
    expect(store.of('bob@example.com')).toBeUndefined();
    expect(store.unfinished('bob@example.com')).toBeUndefined();
    store.forget();
    expect(store.unfinished()).toBeUndefined();
  });

  it('that cannot be read is nothing', () => {
    const broken = storage();
    broken.setItem('face-sign-in.tab', '{');
    expect(new TabStore(broken).unfinished()).toBeUndefined();
  });

  it('of a sign-up is gone when somebody is signed in, whoever that is', () => {
    for (const email of ['ada@example.com', 'bob@example.com', undefined]) {
      const kept = storage();
      const store = new TabStore(kept);
      store.keep(record);
      store.finished(email);
      expect(kept.length).toBe(0);
    }
  });

  describe('of a reset', () => {
    const MINUTE = 60_000;
    const left = { email: 'ada@example.com', bindingSecret: 'b1', reset: true };

    beforeEach(() => {
      vi.useFakeTimers();
    });

    afterEach(() => {
      vi.useRealTimers();
    });

    it('is the secret alone, for the 16 minutes in which the new password needs it', () => {
      const kept = storage();
      const store = new TabStore(kept);
      store.keep({ ...record, reset: true });
      store.finished('ada@example.com');
      expect(store.of('ada@example.com')).toEqual(left);
      expect(store.unfinished(), 'nothing is left to finish').toBeUndefined();
      vi.advanceTimersByTime(16 * MINUTE - 1);
      expect(store.of('ada@example.com')).toEqual(left);
      vi.advanceTimersByTime(1);
      expect(kept.length).toBe(0);

      store.keep({ ...record, reset: true });
      store.finished('bob@example.com');
      expect(kept.length).toBe(0);
    });

    it('is as long there whatever becomes of the clock', () => {
      for (const hours of [-24, -0.25, 0.25, 24]) {
        const store = new TabStore(storage());
        store.keep({ ...record, reset: true });
        vi.setSystemTime(Date.now() + hours * 60 * MINUTE);
        store.finished('ada@example.com');
        vi.setSystemTime(Date.now() - 2 * hours * 60 * MINUTE);
        vi.advanceTimersByTime(16 * MINUTE - 1);
        expect(store.of('ada@example.com'), `${hours} h`).toEqual(left);
        vi.advanceTimersByTime(1);
        expect(store.of('ada@example.com'), `${hours} h`).toBeUndefined();
      }
    });

    it('ends after a reload too, and not before what was begun since', () => {
      const kept = storage();
      const before = new TabStore(kept);
      before.keep({ ...record, reset: true });
      before.finished('ada@example.com');
      const store = new TabStore(kept);
      vi.advanceTimersByTime(15 * MINUTE);
      store.keep(record);
      vi.advanceTimersByTime(60 * MINUTE);
      expect(store.unfinished()?.bindingSecret).toBe('b1');
    });
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
