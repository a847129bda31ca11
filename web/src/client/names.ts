// Written by `BLESS=1 cargo test --package e2e --test end-to-end names` from what the functions know.

/** What a chain of the policy asks for beside the password. */
export const FACTORS = [
  'FACE',
  'FACE_DATA',
  'EMAIL_CODE',
] as const;

/** Those of them for which an account enrols nothing. */
export const WITHOUT_ENROLMENT = [
  'EMAIL_CODE',
] as const;

/** What a challenge asks for. */
export const STEPS = [
  'SELECT',
  'ENROL',
  'FACE',
  'FACE_DATA',
  'EMAIL_CODE',
] as const;

/** Why the last attempt did not pass, or why the next one could not. */
export const REASONS = [
  'NO_FACE',
  'MANY_FACES',
  'TOO_SMALL',
  'TOO_DARK',
  'BLURRED',
  'TURNED_AWAY',
  'OCCLUDED',
  'NOT_AN_IMAGE',
  'NOT_FACE_DATA',
  'NOT_A_CODE',
  'NOT_OFFERED',
  'TOO_LARGE',
  'PENDING',
  'NO_MATCH',
  'TRY_LATER',
  'LOCKED',
  'SUPERSEDED',
  'ENROLMENT_NEEDS_RESET',
  'CONSENT_NEEDED',
  'EXPIRED',
  'NOT_A_NONCE',
  'TOO_MANY_PICTURES',
] as const;

/** The kinds of face template. */
export const MODELS = [
  'descriptor-128',
  'mesh-468',
] as const;

/** How many numbers a face template of each kind has. */
export const LENGTH = {
  'descriptor-128': 128,
  'mesh-468': 1404,
} as const;

/** The most chains of a policy. */
export const MAX_CHAINS = 10;

/** The longest answer to a challenge, in characters. */
export const MAX_ANSWER = 131072;

/** The largest picture that is uploaded, in bytes. */
export const MAX_UPLOAD = 5242880;
