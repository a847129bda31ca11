// What somebody has chosen on this device, where the browser keeps it; for this visit otherwise.

import { localStore, type Store } from '../client';

let store: Store | undefined;

/** One choice, under a name of its own. */
export function preference(name: string): { get(): string | null; set(value: string): void } {
  const key = `face-sign-in.${name}`;
  const kept = () => (store ??= localStore().store);
  return {
    get: () => kept().getItem(key),
    set: (value) => {
      try {
        kept().setItem(key, value);
      } catch {
        // There is no more room: it is asked again the next time.
      }
    },
  };
}
