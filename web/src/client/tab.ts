// What a browser tab keeps from a sign-up or a password reset until somebody is signed in: the binding
// secret and, where the person chose none, the password. It lies in the tab's session storage, so that
// a reload or a look into the mailbox loses nothing, and is gone with the tab. Where the browser refuses
// that storage it is gone with the page.

import { SignInError } from './errors';
import type { FaceData } from './faceData';
import { sessionStore, type Store } from './storage';

/** A sign-up or a reset that this tab has begun. */
export interface TabRecord {
  readonly email: string;
  /** None once somebody is signed in: then nothing is unfinished. */
  readonly password?: string;
  /** Proves that whoever controls the mailbox also chose the password. */
  readonly bindingSecret: string;
  /** What the sign-up carried, to be sent again as the answer to `ENROL`. */
  readonly faceData?: FaceData;
  /** Whether the person signed up without a face. */
  readonly withoutFace?: true;
  /** Whether the password was reset; a sign-up's was not. */
  readonly reset?: true;
}

/** For how long after a reset a password counts only together with the reset's secret: the longest
 * life of a session that began before it, and a minute. The functions have the same number. */
const RESET_WINDOW = 16 * 60_000;

const KEY = 'face-sign-in.tab';

/** The tab's one record. */
export class TabStore {
  private readonly storage: Store;
  private ending: ReturnType<typeof setTimeout> | undefined;

  constructor(storage: Store = sessionStore().store) {
    this.storage = storage;
    const record = this.read();
    if (record !== undefined && record.password === undefined) {
      this.endLater();
    }
  }

  /** The record of an address; none where it is gone or somebody else's. */
  of(email: string): TabRecord | undefined {
    const record = this.read();
    return record?.email === normal(email) ? record : undefined;
  }

  /** A sign-up or reset that nobody has finished yet; of this address, where one is given. */
  unfinished(email?: string): (TabRecord & { readonly password: string }) | undefined {
    const record = email === undefined ? this.read() : this.of(email);
    return record?.password === undefined ? undefined : { ...record, password: record.password };
  }

  keep(record: TabRecord): void {
    clearTimeout(this.ending);
    this.storage.setItem(KEY, JSON.stringify({ ...record, email: normal(record.email) }));
  }

  /** Somebody is signed in, so that the face is active and the secret is spent. All that is left of a
   * reset is the secret, without which the new password would have to wait; and that for
   * {@link RESET_WINDOW} only, by a timer, since a device's clock may be set meanwhile. */
  finished(email: string | undefined): void {
    const record = email === undefined ? undefined : this.of(email);
    if (record?.reset === undefined) {
      return this.forget();
    }
    const { bindingSecret, reset } = record;
    this.keep({ email: record.email, bindingSecret, reset });
    this.endLater();
  }

  forget(): void {
    clearTimeout(this.ending);
    this.storage.removeItem(KEY);
  }

  /** A reload begins the time anew: the secret is worth nothing by then, and no harm. */
  private endLater(): void {
    this.ending = setTimeout(() => {
      // Nothing that was begun since.
      if (this.unfinished() === undefined) {
        this.forget();
      }
    }, RESET_WINDOW);
  }

  private read(): TabRecord | undefined {
    try {
      return JSON.parse(this.storage.getItem(KEY) ?? 'null') ?? undefined;
    } catch {
      return undefined;
    }
  }
}

/** An address as Cognito compares it. */
export const normal = (email: string): string => email.trim().toLowerCase();

/** Random bytes, as hexadecimal digits. */
export function randomHex(bytes: number): string {
  return hex(crypto.getRandomValues(new Uint8Array(bytes)));
}

/** A password that nobody has to remember, within any usual rule. */
export const randomPassword = (): string => `${randomHex(24)}-aA1`;

/** The SHA-256 of a text, as hexadecimal digits. */
export async function sha256(text: string): Promise<string> {
  if (globalThis.crypto?.subtle === undefined) {
    throw new SignInError('insecure', 'browsers have no cryptography for a page that came without https');
  }
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
