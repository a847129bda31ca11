// Where things are kept in a browser, which may refuse: with cookies blocked it throws at the mere
// look at its storage, an Android view without storage has none, and a full one takes nothing more.

/** What is used of a browser's storage. */
export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** As much as tokens take. */
const ENOUGH = 16_384;

const PROBE = 'face-sign-in.probe';

/** Where things are kept, and whether they outlast the page. */
export interface Keeping {
  readonly store: Store;
  readonly lasts: boolean;
}

/** A browser's storage, where it takes and gives back as much as tokens are; otherwise memory, over
 * what the storage still holds, so that what an earlier page left can be read and removed. */
export function keeping(storage: () => Storage | null): Keeping {
  let found: Storage | undefined;
  try {
    found = storage() ?? undefined;
    if (found !== undefined) {
      const text = 'x'.repeat(ENOUGH);
      found.setItem(PROBE, text);
      const kept = found.getItem(PROBE) === text;
      found.removeItem(PROBE);
      if (kept) {
        return { store: found, lasts: true };
      }
    }
  } catch {
    // It is refused, or full.
  }
  return { store: memory(found), lasts: false };
}

/** Storage that is gone with the page, over another that takes nothing more. */
export function memory(beneath?: Store): Store {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? beneath?.getItem(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => {
      kept.delete(key);
      beneath?.removeItem(key);
    },
  };
}

/** The tab's storage, and the browser's. */
export const sessionStore = (): Keeping => keeping(() => globalThis.sessionStorage);
export const localStore = (): Keeping => keeping(() => globalThis.localStorage);
