// The challenge as the stack's functions send it: strings all, read into types here and nowhere
// else.

import { SignInError } from './errors';
import { MODELS, REASONS, STEPS } from './names';
import type { Model } from './outputs';
import { type Policy, readPolicy } from './policy';

/** What a challenge asks for. */
export type Step = (typeof STEPS)[number];

/** One of {@link REASONS}. */
export type Reason = (typeof REASONS)[number];

/** Leave to upload one picture: a form to post it with. */
export interface Upload {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** A custom challenge. */
export interface Challenge {
  readonly step: Step;
  readonly id: string;
  /** At `SELECT`, and at no other step: the chains on offer, of which the answer names one. */
  readonly chains?: Policy;
  /** Where the step takes a picture. */
  readonly upload?: Upload;
  /** Where the step takes face data: of which model. */
  readonly model?: Model;
  /** All that the stack says of it, by name: for what a step tells that this client does not know. */
  readonly said?: Readonly<Record<string, unknown>>;
  /** Attempts left in this session. */
  readonly attemptsLeft: number;
  readonly reason?: Reason;
  /** Seconds to wait before the next try is looked at. */
  readonly retryAfter?: number;
  /** The version of the consent text that the answer must agree to; present at `ENROL` where no
   * consent that counts is on record. */
  readonly consent?: string;
}

/** Reads a challenge's public parameters. `expiresAt` is left out: it is the time of the server's
 * clock, this device's may be a day off, and the server says itself when a challenge is over. */
export function readChallenge(parameters: Readonly<Record<string, unknown>> | undefined): Challenge {
  const text = (name: string): string | undefined => {
    const value = parameters?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const step = STEPS.find((one) => one === text('step'));
  const id = text('challengeId');
  const attemptsLeft = Number(text('attemptsLeft'));
  if (!step || !id || !Number.isInteger(attemptsLeft)) {
    throw new SignInError('protocol', 'this is not a challenge of face sign-in');
  }
  const chains = step === 'SELECT' ? readChains(text('chains')) : undefined;
  const upload = readUpload(text('uploadUrl'), text('uploadFields'));
  const model = MODELS.find((one) => one === text('model'));
  // A reason that this client does not know is a later version's: the try did not pass.
  const named = text('reason');
  const reason = named === undefined ? undefined : (REASONS.find((one) => one === named) ?? 'NO_MATCH');
  const retryAfter = text('retryAfter');
  const consent = text('consent');
  const { expiresAt: _, ...said } = parameters ?? {};
  return {
    step,
    id,
    attemptsLeft,
    said,
    ...(chains ? { chains } : {}),
    ...(upload ? { upload } : {}),
    ...(model ? { model } : {}),
    ...(reason ? { reason } : {}),
    ...(retryAfter ? { retryAfter: Number(retryAfter) } : {}),
    ...(consent ? { consent } : {}),
  };
}

function readChains(text: string | undefined): Policy {
  try {
    return readPolicy(text ?? '');
  } catch (cause) {
    throw new SignInError('protocol', `the chains on offer are not understood: ${cause}`, { cause });
  }
}

function readUpload(url: string | undefined, fields: string | undefined): Upload | undefined {
  if (!url || !fields) {
    return undefined;
  }
  try {
    return { url, fields: JSON.parse(fields) as Record<string, string> };
  } catch {
    throw new SignInError('protocol', 'the upload form is not JSON');
  }
}
