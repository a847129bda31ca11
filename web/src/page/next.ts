// What a challenge leads to: the one place where reasons and parameters become screens.

import {
  asksForPassword,
  type Chain,
  type Challenge,
  enrolsNothing,
  type FaceData,
  hasPassword,
  type Policy,
  type Trouble,
  waysWithoutFace,
} from '../client';

/** Whether a session has proved the password before its first custom challenge, as far as the page knows. */
export type Path = 'open' | 'password';

/** What a challenge leads to. */
export type Next =
  /** The person says how they want to sign in. */
  | 'choose'
  /** The person is asked for consent before anything of them is sent. */
  | 'consent'
  /** What was measured at the sign-up is sent again, without asking anybody. */
  | 'send-measured'
  | 'document'
  | 'live'
  /** This path has had too many failures: the other one is offered. */
  | 'locked'
  /** This tab may not enrol; a reset gives it the right. */
  | 'needs-reset'
  /** Another window went on, or there were too many pictures: start again. */
  | 'begin-anew';

/** What the page knows beside the challenge. */
export interface Known {
  /** The version of the consent text that the person has agreed to in this flow. */
  readonly agreed?: string | undefined;
  /** What the sign-up measured. */
  readonly measured?: FaceData | undefined;
}

/** Decides what a challenge leads to. */
export function next(challenge: Challenge, { agreed, measured }: Known): Next {
  switch (challenge.reason) {
    case 'LOCKED':
      return 'locked';
    case 'ENROLMENT_NEEDS_RESET':
      return 'needs-reset';
    case 'SUPERSEDED':
    case 'TOO_MANY_PICTURES':
      return 'begin-anew';
  }
  if (challenge.step === 'SELECT') {
    return 'choose';
  }
  if (challenge.step !== 'ENROL') {
    return 'live';
  }
  const asked = challenge.consent;
  if (asked !== undefined && (asked !== agreed || challenge.reason === 'CONSENT_NEEDED')) {
    return 'consent';
  }
  if (challenge.model === undefined) {
    return 'document';
  }
  return measured !== undefined && challenge.reason === undefined ? 'send-measured' : 'live';
}

/** What the person is told where a sign-in begins anew. */
export const whyAnew = (challenge: Challenge): Trouble =>
  challenge.reason === 'TOO_MANY_PICTURES' ? 'too-many-pictures' : 'superseded';

/** Whether a challenge asks for a picture, or for what is measured in one. */
export const takesPictures = ({ upload, model }: Challenge): boolean => (upload ?? model) !== undefined;

/** Whether an answer may go to a challenge without anybody seeing that challenge first. A code is good in
 * its own session alone. */
export const takesAnswer = (challenge: Challenge, known: Known): boolean =>
  challenge.retryAfter === undefined &&
  takesPictures(challenge) &&
  ['document', 'live'].includes(next(challenge, known));

/** The chain that answers a challenge without anybody being asked again: the one that was picked, where
 * it is on offer and has not been refused. */
export const onOffer = (challenge: Challenge, picked: Chain | undefined): Chain | undefined =>
  challenge.reason === undefined
    ? challenge.chains?.find(({ name }) => name === picked?.name)
    : undefined;

/** The chains that are of use to somebody who has picked one: whoever wants no face has none to sign in with. */
export const ofUse = (policy: Policy, picked: Chain | undefined): readonly Chain[] =>
  picked !== undefined && enrolsNothing(picked) ? waysWithoutFace(policy) : policy;

/** What a person can do where a path is locked, best first; by the chains that are of use to them. */
export function waysAround(path: Path, policy: readonly Chain[]): readonly ('mail' | Path)[] {
  if (path === 'password') {
    return asksForPassword(policy) ? ['mail'] : ['open', 'mail'];
  }
  return hasPassword(policy) ? ['password', 'mail'] : ['mail'];
}
