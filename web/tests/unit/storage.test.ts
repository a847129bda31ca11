import { describe, expect, it } from 'vitest';

import { keeping } from '../../src/client';

/** A browser's storage that takes so many characters. */
function storage(room: number, kept = new Map<string, string>()): Storage {
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => {
      if (value.length > room) {
        throw new DOMException('full', 'QuotaExceededError');
      }
      kept.set(key, value);
    },
    removeItem: (key: string) => void kept.delete(key),
  } as Storage;
}

describe('what is kept', () => {
  it('lasts where the browser has room', () => {
    const kept = new Map<string, string>();
    const { store, lasts } = keeping(() => storage(1_000_000, kept));
    store.setItem('a', '1');
    expect([lasts, kept.get('a'), kept.size]).toEqual([true, '1', 1]);
  });

  it('is gone with the page where the browser refuses', () => {
    for (const refused of [
      () => null,
      () => {
        throw new DOMException('no', 'SecurityError');
      },
    ]) {
      const { store, lasts } = keeping(refused);
      store.setItem('a', '1');
      expect([lasts, store.getItem('a'), store.getItem('b')]).toEqual([false, '1', null]);
    }
  });

  it('of an earlier page can be read and removed where there is no room any more', () => {
    const kept = new Map([['token', 'old']]);
    const { store, lasts } = keeping(() => storage(10, kept));
    expect([lasts, store.getItem('token')]).toEqual([false, 'old']);
    store.setItem('token', 'new');
    expect([store.getItem('token'), kept.get('token')]).toEqual(['new', 'old']);
    store.removeItem('token');
    expect([store.getItem('token'), kept.size]).toEqual([null, 0]);
  });
});
