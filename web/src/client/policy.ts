// What a sign-in takes: one of several chains of steps, whole and in order.

import { FACTORS, MAX_CHAINS, WITHOUT_ENROLMENT } from './names';

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

/** Why a text is no policy. */
export type PolicyFlaw =
  | { readonly is: 'too-long' | 'too-many-chains'; readonly found: number; readonly most: number }
  | { readonly is: 'password-not-first'; readonly chain: string }
  | { readonly is: 'unknown-step' | 'repeated-step'; readonly chain: string; readonly step: string };

/** A text that is no policy: why, and what was expected. The message is English, as all of this client's
 * are; a page in another language has the flaw. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';

  constructor(readonly flaw: PolicyFlaw) {
    super(refusal(flaw));
  }
}

/** What was expected, and why a text is not that, in English. */
export const refusal = (flaw: PolicyFlaw): string =>
  'should be one chain of steps, or several with commas between them, such as FACE or ' +
  `FACE,PASSWORD+FACE_DATA: ${inEnglish(flaw)}`;

function inEnglish(flaw: PolicyFlaw): string {
  switch (flaw.is) {
    case 'too-long':
      return `these are ${flaw.found} characters, and ${flaw.most} are the most`;
    case 'too-many-chains':
      return `these are ${flaw.found} chains, and ${flaw.most} are the most`;
    case 'password-not-first':
      return `in ${quoted(flaw.chain)}, PASSWORD should come first, and ${FACTORS.join(' or ')} after it`;
    case 'unknown-step':
      return `in ${quoted(flaw.chain)}, ${quoted(flaw.step)} is none of ${FACTORS.join(', ')}`;
    case 'repeated-step':
      return `in ${quoted(flaw.chain)}, ${flaw.step} comes twice`;
  }
}

/** Reads a policy, or the chains that `SELECT` offers: `CHAIN(,CHAIN)*`, where a chain is
 * `[PASSWORD+]FACTOR(+FACTOR)*`. A chain that is named twice counts once. */
export function readPolicy(text: string): Policy {
  if (text.length > MAX_LENGTH) {
    throw new PolicyError({ is: 'too-long', found: text.length, most: MAX_LENGTH });
  }
  const names = [...new Set(text.split(','))];
  if (names.length > MAX_CHAINS) {
    throw new PolicyError({ is: 'too-many-chains', found: names.length, most: MAX_CHAINS });
  }
  const [first = '', ...others] = names;
  return [readChain(first), ...others.map(readChain)];
}

/** The beginning of a text, where it is too long for a message. */
export const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** A text as an English message shows it. */
export const quoted = (text: string): string => `“${shortened(text)}”`;

function readChain(name: string): Chain {
  const password = name.startsWith(PASSWORD);
  const steps = (password ? name.slice(PASSWORD.length) : name).split('+');
  const [first, ...others] = steps.map((step, at) => {
    const factor = FACTORS.find((one) => one === step);
    if (factor === undefined) {
      throw new PolicyError(
        step === 'PASSWORD'
          ? { is: 'password-not-first', chain: name }
          : { is: 'unknown-step', chain: name, step },
      );
    }
    if (steps.indexOf(step) < at) {
      throw new PolicyError({ is: 'repeated-step', chain: name, step });
    }
    return factor;
  });
  if (first === undefined) {
    throw new PolicyError({ is: 'unknown-step', chain: name, step: '' });
  }
  return { name, password, factors: [first, ...others] };
}

/** Whether a policy asks for a password at every sign-in. */
export const asksForPassword = (policy: readonly Chain[]): boolean => policy.every(({ password }) => password);

/** Whether some sign-ins take a password, so that a person needs one of their own. */
export const hasPassword = (policy: readonly Chain[]): boolean => policy.some(({ password }) => password);

/** Whether a chain asks for nothing that is enrolled: an account without a face can sign in along it. */
export const enrolsNothing = ({ factors }: Chain): boolean =>
  factors.every((factor) => WITHOUT_ENROLMENT.some((one) => one === factor));

/** The chains for whoever wants no face on record, and so consents to the processing of none. */
export const waysWithoutFace = (policy: Policy): readonly Chain[] => policy.filter(enrolsNothing);

/** Whether a policy compares face data at every sign-in, so that a sign-up carries them. */
export const takesFaceData = (policy: Policy): boolean =>
  policy.every(({ factors }) => factors.includes('FACE_DATA'));
