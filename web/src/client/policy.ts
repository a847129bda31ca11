// What a sign-in takes: one of several chains of steps, whole and in order.

import { FACTORS, MAX_CHAINS } from './names';

/** What a person shows of themselves, beside the password. */
export type Factor = (typeof FACTORS)[number];

/** The steps of one way to sign in, in order. */
export interface Chain {
  /** As the policy writes it, and as the answer to `SELECT`. */
  readonly name: string;
  /** Whether the password comes first. */
  readonly password: boolean;
  /** At least one; none of them twice. */
  readonly factors: readonly [Factor, ...Factor[]];
}

/** Chains of which one is enough; at least one. */
export type Policy = readonly [Chain, ...Chain[]];

const PASSWORD = 'PASSWORD+';

/** The most characters of a policy: more than so many chains take. */
const MAX_LENGTH = 1024;

/** A text that is no policy: why, and what was expected. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';

  constructor(why: string) {
    super(
      `should be one chain of steps, or several with commas between them, such as FACE or ` +
        `FACE,PASSWORD+FACE_DATA: ${why}`,
    );
  }
}

/** Reads a policy, or the chains that `SELECT` offers: `CHAIN(,CHAIN)*`, where a chain is
 * `[PASSWORD+]FACTOR(+FACTOR)*`. A chain that is named twice counts once. */
export function readPolicy(text: string): Policy {
  if (text.length > MAX_LENGTH) {
    throw new PolicyError(`these are ${text.length} characters, and ${MAX_LENGTH} are the most`);
  }
  const names = [...new Set(text.split(','))];
  if (names.length > MAX_CHAINS) {
    throw new PolicyError(`these are ${names.length} chains, and ${MAX_CHAINS} are the most`);
  }
  const [first = '', ...others] = names;
  return [readChain(first), ...others.map(readChain)];
}

/** A text as a message shows it: the beginning of it, where it is long. */
export const quoted = (text: string): string =>
  text.length > 60 ? `“${text.slice(0, 60)}…”` : `“${text}”`;

function readChain(name: string): Chain {
  const password = name.startsWith(PASSWORD);
  const steps = (password ? name.slice(PASSWORD.length) : name).split('+');
  const [first, ...others] = steps.map((step, at) => {
    const factor = FACTORS.find((one) => one === step);
    if (factor === undefined) {
      throw new PolicyError(
        step === 'PASSWORD'
          ? `in ${quoted(name)}, PASSWORD should come first, and ${FACTORS.join(' or ')} after it`
          : `in ${quoted(name)}, ${quoted(step)} is none of ${FACTORS.join(', ')}`,
      );
    }
    if (steps.indexOf(step) < at) {
      throw new PolicyError(`in ${quoted(name)}, ${step} comes twice`);
    }
    return factor;
  });
  if (first === undefined) {
    throw new PolicyError(`${quoted(name)} has no step`);
  }
  return { name, password, factors: [first, ...others] };
}

/** Whether a policy asks for a password at every sign-in. */
export const asksForPassword = (policy: Policy): boolean => policy.every(({ password }) => password);

/** Whether some sign-ins take a password, so that a person needs one of their own. */
export const hasPassword = (policy: Policy): boolean => policy.some(({ password }) => password);

/** Whether a policy compares face data at every sign-in, so that a sign-up carries them. */
export const takesFaceData = (policy: Policy): boolean =>
  policy.every(({ factors }) => factors.includes('FACE_DATA'));
