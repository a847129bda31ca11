// What a sign-up keeps until it is finished: the secret that binds mailbox and password, and a
// password where the user chose none. It lives in the tab's session storage, so that a reload or a
// look into the mailbox does not end the sitting, and is gone with the tab.

import type { FaceData } from './faceData';

/** A sign-up under way. */
export interface Sitting {
  readonly email: string;
  readonly password: string;
  /** What shows, with the mailed code, that mailbox and password are one party's. */
  readonly bindingSecret?: string;
  /** What the sign-up carried, to be sent again as the answer to `ENROL`. */
  readonly faceData?: FaceData;
}

const KEY = 'face-sign-in.sitting';

/** Where a sitting is kept. */
export class SittingStore {
  private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> = sessionStorage) {
    this.storage = storage;
  }

  /** The sitting under way for an address; none where it is gone or another one's. */
  of(email: string): Sitting | undefined {
    const sitting = this.any();
    return sitting?.email === normal(email) ? sitting : undefined;
  }

  /** The sitting under way, whoever's it is. */
  any(): Sitting | undefined {
    try {
      return JSON.parse(this.storage.getItem(KEY) ?? 'null') ?? undefined;
    } catch {
      return undefined;
    }
  }

  keep(sitting: Sitting): void {
    this.storage.setItem(KEY, JSON.stringify({ ...sitting, email: normal(sitting.email) }));
  }

  forget(): void {
    this.storage.removeItem(KEY);
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
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
