// Where things are kept in a browser, which may refuse: with cookies blocked it throws at the mere
// look at its storage, an Android view without storage has none, and a full one takes nothing more.

/** What is used of a browser's storage. */
export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** As much as tokens take. */
const ENOUGH = 16_384;

const PROBE = 'face-sign-in.probe';

/** A browser's storage, where it takes and gives back as much as tokens are; otherwise none. */
export function usable(storage: () => Storage | null): Store | undefined {
  try {
    const found = storage();
    const text = 'x'.repeat(ENOUGH);
    found?.setItem(PROBE, text);
    const kept = found?.getItem(PROBE) === text;
    found?.removeItem(PROBE);
    return found !== null && kept ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Storage that is gone with the page. */
export function memory(): Store {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

/** The tab's storage, and the browser's. */
export const sessionStore = (): Store | undefined => usable(() => globalThis.sessionStorage);
export const localStore = (): Store | undefined => usable(() => globalThis.localStorage);
