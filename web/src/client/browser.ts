// What tells this browser from others, so that the owner of an account can be told of the first sign-in from
// one that is new to it.

import type { Store } from './storage';
import { randomHex } from './tab';

const KEY = 'face-sign-in.browser';

/** The secret by which a store's browser is known: random, made at first use and kept from then on. */
export function browserSecret(store: Store): string {
  const kept = store.getItem(KEY);
  if (kept !== null && /^[0-9a-f]{64}$/.test(kept)) {
    return kept;
  }
  const secret = randomHex(32);
  try {
    store.setItem(KEY, secret);
  } catch {
    // There is no more room: this browser is a new one again the next time.
  }
  return secret;
}
