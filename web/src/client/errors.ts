// What can go wrong, as a person would tell it apart. Cognito's own names and sentences end here.

/** What went wrong. */
export type Trouble =
  /** There is no network. */
  | 'offline'
  /** There is a network, and nobody answers at the other end. */
  | 'unreachable'
  /** A service behind Cognito does not answer. */
  | 'unavailable'
  /** The session was used, has expired or is somebody else's: begin again. */
  | 'session-over'
  /** The session ended without tokens: too many wrong tries, or nobody who can pass. */
  | 'refused'
  /** The password is wrong. */
  | 'wrong-password'
  /** There is an account with this address already. */
  | 'account-exists'
  /** The address was never confirmed with the mailed code. */
  | 'not-confirmed'
  /** The code is not the one that was mailed. */
  | 'wrong-code'
  /** The code is too old. */
  | 'expired-code'
  /** Too many requests, or too many mails, for a while. */
  | 'too-often'
  /** The password does not follow the pool's rules. */
  | 'weak-password'
  /** An address or a name that Cognito does not take. */
  | 'not-accepted'
  /** The account has no password that could be reset: whoever created it has to finish that. */
  | 'not-ready'
  /** The account needs a new password before anybody signs in, as an imported one does. */
  | 'reset-required'
  /** This browser tab keeps no sign-up or reset of the address. */
  | 'not-in-this-tab'
  /** Another window went on with the enrolment, so that this one begins anew. */
  | 'superseded'
  /** The enrolment has had as many pictures as it may; a new one begins. */
  | 'too-many-pictures'
  /** The page came over plain HTTP: there is no cryptography, and no camera. */
  | 'insecure'
  /** The browser has no room for what has to be kept. */
  | 'storage-full'
  /** An upload did not arrive. */
  | 'upload-failed'
  /** Something that this client does not understand. */
  | 'protocol';

/** An error with a {@link Trouble}; the message is for a developer's eyes. */
export class SignInError extends Error {
  override readonly name = 'SignInError';
  readonly trouble: Trouble;

  constructor(trouble: Trouble, message: string = trouble, options?: ErrorOptions) {
    super(message, options);
    this.trouble = trouble;
  }
}

const BY_NAME: Readonly<Record<string, Trouble>> = {
  UsernameExistsException: 'account-exists',
  UserNotConfirmedException: 'not-confirmed',
  CodeMismatchException: 'wrong-code',
  ExpiredCodeException: 'expired-code',
  LimitExceededException: 'too-often',
  TooManyRequestsException: 'too-often',
  TooManyFailedAttemptsException: 'too-often',
  InvalidPasswordException: 'weak-password',
  InvalidParameterException: 'not-accepted',
  UserLambdaValidationException: 'unavailable',
  UnexpectedLambdaException: 'unavailable',
  InvalidLambdaResponseException: 'unavailable',
  InternalErrorException: 'unavailable',
  CodeDeliveryFailureException: 'unavailable',
  PasswordResetRequiredException: 'reset-required',
};

/** Reads what a call of Amplify's threw. */
export function understood(error: unknown): SignInError {
  if (error instanceof SignInError) {
    return error;
  }
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  if (name === 'NotAuthorizedException') {
    return new SignInError(notAuthorized(message), message, { cause: error });
  }
  if (name === 'InvalidParameterException' && /no registered\/verified/i.test(message)) {
    return new SignInError('not-ready', message, { cause: error });
  }
  if (name === 'QuotaExceededError') {
    return new SignInError('storage-full', message, { cause: error });
  }
  if (name === 'NetworkError') {
    return unreachable(error);
  }
  return new SignInError(BY_NAME[name] ?? 'protocol', `${name}: ${message}`, { cause: error });
}

/** What it means that a request did not get through. */
export function unreachable(cause: unknown): SignInError {
  // Browsers say when there is no network; that there is one, they only guess.
  const trouble = globalThis.navigator?.onLine === false ? 'offline' : 'unreachable';
  return new SignInError(
    trouble,
    "a request did not get through; where Cognito is not AWS's, is this page's origin allowed there?",
    { cause },
  );
}

// Cognito has one name for five things.
function notAuthorized(message: string): Trouble {
  if (/cannot be reset/i.test(message)) {
    return 'not-ready';
  }
  if (/session/i.test(message)) {
    return 'session-over';
  }
  return /attempts exceeded/i.test(message) ? 'too-often' : 'refused';
}
