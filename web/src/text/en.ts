// Every text that users read, in English. A translation is another object of this shape; `index.ts` has all
// of them.

import type { Chain, Factor, Model, OutputProblem, Reason, Trouble } from '../client';
import { inEnglish } from '../client/outputs';
import type { CameraTrouble } from '../page/cameraTrouble';
import type { Advice } from '../vision/guidance';

const advice: Record<Advice, string> = {
  look: 'Look into the camera.',
  'one-person': 'Only one person, please.',
  closer: 'Come closer.',
  further: 'Move back a little.',
  light: 'More light, please.',
  straight: 'Look straight ahead.',
  still: 'Hold still.',
  ready: 'Just right.',
};

const reasons: Record<Reason, string> = {
  NO_FACE: 'No face could be found in the picture. Face the camera and try again.',
  MANY_FACES: 'There was more than one face in the picture. Only you should be in it.',
  TOO_SMALL: 'Your face was too small in the picture. Come closer.',
  TOO_DARK: 'The picture was too dark or too bright. Turn towards the light.',
  BLURRED: 'The picture was blurred. Hold still, and wipe the lens if it happens again.',
  TURNED_AWAY: 'Your face was turned away. Look straight into the camera.',
  OCCLUDED: 'Your face was partly covered. Take off your mask or sunglasses.',
  NOT_AN_IMAGE: 'This is not a picture that can be read. Choose a JPEG or PNG.',
  NOT_A_CODE: 'That is not a code. Enter the six digits from the e-mail.',
  NOT_FACE_DATA: 'Your face could not be measured. Try again.',
  NOT_OFFERED: 'This way of signing in is not offered now. Choose another one.',
  TOO_LARGE: 'The picture is too large. Choose a smaller one.',
  PENDING: 'Your picture is still being checked.',
  NO_MATCH: 'Your face was not recognised. Try again in better light, looking straight ahead.',
  TRY_LATER: 'This is not possible right now. Try again later; if the problem persists, ask for help.',
  LOCKED: 'Too many failed attempts. Sign in another way.',
  SUPERSEDED: 'This was continued in another window. Begin again here.',
  ENROLMENT_NEEDS_RESET: 'Set a new password by mail, then continue in this window.',
  CONSENT_NEEDED: 'Nothing has been checked yet. Read the text and agree to it first.',
  EXPIRED: 'That took too long. Try again.',
  NOT_A_NONCE: 'Something unexpected happened. Begin again.',
  TOO_MANY_PICTURES: 'There were too many pictures. Begin again.',
};

/** Reasons that need another text for an ID photo. */
const documentReasons = {
  NO_FACE: 'No portrait could be found. Show the page with your photo, flat and without reflections.',
  MANY_FACES: 'There is more than one face in the picture. Only the document should be in it.',
  TOO_SMALL: 'The portrait is too small. Take the picture from closer.',
  BLURRED: 'The picture is blurred. Lay the document down and hold the camera still.',
  TURNED_AWAY: 'The portrait is not upright, or looks to the side. Turn the document and try again.',
  OCCLUDED: 'Something covers the portrait. Remove fingers and reflections.',
  NO_MATCH: 'This ID photo could not be used. Begin again.',
} satisfies Partial<Record<Reason, string>>;

/** Reasons that need another text for a code by mail. */
const codeReasons = {
  NO_MATCH: 'That code is not correct. Enter the one from the newest e-mail.',
  EXPIRED: 'That code was too old. A new one is on its way to you.',
  TRY_LATER:
    'The last code could not be mailed. We have tried again just now; if nothing comes within a minute, try later.',
} satisfies Partial<Record<Reason, string>>;

const troubles: Record<Trouble, string> = {
  offline: 'You are offline. Connect to a network, then try again.',
  unreachable: 'The service cannot be reached. Try again in a moment.',
  unavailable: 'The service is not answering right now. Try again in a moment.',
  'session-over': 'That took too long, so we began again. Nothing that you typed is lost.',
  refused: 'This sign-in has ended. You can begin a new one.',
  'wrong-password': 'The e-mail address or the password is wrong.',
  'account-exists':
    'An account with this address already exists. Sign in, or finish the sign-up you began.',
  'not-confirmed': 'This address was never confirmed. Finish the sign-up you began.',
  'wrong-code': 'This code is wrong. Use the one in the newest mail.',
  'expired-code': 'This code has expired. Have a new one sent.',
  'too-often': 'Too many attempts. Wait a few minutes, then try again.',
  'weak-password': 'Choose a longer password: at least 12 characters.',
  'not-accepted': 'This was not accepted. Check what you typed.',
  'not-ready': 'This account is not ready yet. Ask whoever invited you to set it up.',
  'reset-required': 'This account needs a new password first. Have a code sent to set one.',
  'not-in-this-tab':
    'Your sign-up has expired in this window. Finish it with a code by mail.',
  superseded: 'This was continued in another window, so we began again here.',
  'too-many-pictures': 'There were too many pictures, so we began again here.',
  insecure:
    'This page needs https: without it the browser provides neither a camera nor the cryptography that keeps your sign-in safe.',
  'storage-full':
    'The browser has no room left to keep your sign-in. Delete the data of other sites, then try again.',
  'upload-failed':
    'The picture could not be uploaded. Try again, or use a smaller picture; if the problem persists, ask for help.',
  protocol: 'Something unexpected happened. Try again.',
};

const cameraTroubles: Record<CameraTrouble, string> = {
  denied:
    'Access to the camera was refused. Allow it in the address bar of your browser, then try again.',
  missing: 'There is no camera. Connect one, then try again.',
  busy: 'Another program is using the camera. Close it, then try again.',
  lost: 'The camera was disconnected. Connect it again, then try again.',
  failed: 'The camera does not start. Try again.',
  insecure: 'The camera works only on a page that was loaded over https.',
  unsupported: 'This browser gives web pages no access to a camera. Use another browser, or a picture file.',
};

const shows: Record<Factor, string> = {
  FACE: 'your face',
  FACE_DATA: 'a face template computed on this device',
  EMAIL_CODE: 'a code by mail',
};

const passed: Record<Factor | 'PASSWORD' | 'ENROL', string> = {
  PASSWORD: 'password',
  ENROL: 'ID photo',
  FACE: 'face',
  FACE_DATA: 'face template',
  EMAIL_CODE: 'code by mail',
};

/** What happens to what a factor takes of somebody. */
export interface Terms {
  /** Where they hold, which is said beside the terms of another factor. */
  readonly where: string;
  readonly what: string;
  readonly why: string;
  readonly howLong: string;
  /** Instead of `howLong`, where pictures of documents are kept. */
  readonly howLongKept?: string;
  readonly who: string;
  /** What else is to be known of a kind of face template. */
  readonly notice?: Readonly<Record<Model, string>>;
}

/** The consent text's terms: null of a factor that takes nothing of anybody. Whoever changes them gives
 * the text a new version, see `CONSENT_VERSION`. */
const terms = {
  FACE: {
    where: 'Where you sign in with your face',
    what: 'A picture of your document and pictures of your face.',
    why: 'To sign you in, and for nothing else. A picture is compared with your face on record; nobody looks at it.',
    howLong:
      'A picture is deleted when it has been compared, which takes seconds; one that you leave behind half way, within days. A mathematical description of your face stays until your account is erased. A checksum of each picture that passed, from which nobody can make it again, stays for 400 days, so that it does not pass twice.',
    howLongKept:
      'The picture of your document and a mathematical description of your face stay until your account is erased. A picture of you is deleted when it has been compared, which takes seconds. A checksum of each picture that passed, from which nobody can make it again, stays for 400 days, so that it does not pass twice.',
    who: 'The operator of this service, with Amazon Web Services (Amazon Cognito, Amazon Rekognition) on the operator’s behalf.',
  },
  FACE_DATA: {
    where: 'Where you sign in with a face template computed on this device',
    what: 'Numbers that describe your face. They are computed on this device; no picture leaves it.',
    why: 'To sign you in, and for nothing else.',
    howLong:
      'Until your account is erased; those of a sign-up that you do not finish, for 30 days. A checksum of each set that passed stays for 400 days, so that it does not pass twice.',
    who: 'The operator of this service, with Amazon Web Services (Amazon Cognito, Amazon DynamoDB) on the operator’s behalf.',
    notice: {
      'descriptor-128':
        'The numbers are computed on your device. Whoever steals them from there can sign in with them.',
      'mesh-468':
        'The shape of a face tells people apart about as well as a coin does (equal error rate 43 to 50 %). It is a convenience beside your password, not a protection.',
    },
  },
  EMAIL_CODE: null,
} satisfies Record<Factor, Terms | null>;

const and = new Intl.ListFormat('en');

export const en = {
  /** The language's own name: the switch to it is labelled with it. */
  language: 'English',
  product: 'Face sign-in',
  description: 'Sign in to an Amazon Cognito user pool with your face',
  noScript: 'This page needs JavaScript: your face is looked at on your own device first.',
  advice,
  reasons,
  documentReasons,
  codeReasons,
  troubles,
  cameraTroubles,
  attemptsLeft: (left: number) =>
    left === 1 ? 'One attempt is left.' : `${left} attempts are left.`,
  waitFor: (seconds: number) =>
    seconds < 60
      ? `The next attempt is possible in ${seconds} s.`
      : `The next attempt is possible in ${Math.ceil(seconds / 60)} min.`,
  waitDue: {
    open: 'Too many failed attempts. Wait a little, then try again.',
    password:
      'Too many failed attempts, or the password was set in another window just now. Continue in that window, or wait.',
  },
  waitOver: 'You can try again now.',
  /** What a form says of a field that it cannot send. */
  invalid: {
    missing: 'Fill in this field.',
    choice: 'Choose one of these.',
    email: 'Enter an e-mail address, such as ada@example.com.',
    code: 'Enter the six digits of the code.',
    short: 'Enter at least 12 characters.',
    consent: 'Tick this box to continue.',
  },
  busy: {
    sending: 'Sending …',
    upload: 'Uploading the picture …',
    looking: 'Checking …',
    waiting: 'Still checking …',
    beginning: 'One moment …',
    loading: 'Preparing the camera …',
  },
  signIn: {
    title: 'Sign in',
    lead: 'Your address, and a look into the camera.',
    leadWithoutFace: 'This way needs no camera.',
    email: 'E-mail',
    password: 'Password',
    go: 'Continue',
    forgot: 'Forgot your password?',
    unfinished: 'Invited, or never finished signing up?',
    create: 'Create an account',
  },
  signUp: {
    title: 'Create an account',
    lead: 'You need an ID document with your photo, a camera, and two minutes.',
    leadData: 'You need a camera and one minute.',
    leadEither:
      'You need a camera, two minutes and, to sign in with a picture of your face, an ID document with your photo.',
    leadChoice: 'You can sign in with your face, or without it.',
    leadWithoutFace: 'You need access to your mailbox, and one minute.',
    name: 'Name',
    email: 'E-mail',
    password: 'Password',
    passwordHint: 'At least 12 characters.',
    withFace: 'With my face',
    withoutFace: 'Without my face',
    consentTitle: 'Your face, and what happens to it',
    consent: 'I agree that my face is used to sign me in, as described above.',
    go: 'Continue',
    have: 'I have an account',
  },
  choose: {
    legend: 'How do you want to sign in?',
    title: 'One question first',
    lead: 'These ways are open to you now.',
    enrolLead: 'If your face is not on record yet, it is recorded next, for the way that you choose.',
    enrolEitherLead: 'If you choose a way that uses your face, and it is not on record yet, it is recorded next.',
    way: ({ password, factors }: Chain): string => {
      const shown = factors.map((factor) => shows[factor]);
      return `With ${and.format(password ? ['your password', ...shown] : shown)}`;
    },
    go: 'Continue',
  },
  agree: {
    title: 'Before your face is recorded',
    lead: 'Read what happens to it, and agree if you want to continue.',
    other: (asked: string, here: string) =>
      `You cannot continue here right now: this page has version ${here} of the consent text, and the service asks for version ${asked}. Try again when the page has been updated.`,
  },
  // The consent text. Whoever changes it gives it a new version, see `CONSENT_VERSION`.
  consent: {
    versionIs: (version: string) => `Version ${version} of this text.`,
    other: (asked: string, here: string) =>
      `No account can be opened here right now: this page has version ${here} of the consent text, and the service asks for version ${asked}.`,
    what: 'What is taken',
    why: 'Why',
    howLong: 'How long',
    who: 'Who processes it',
    erase: 'How to have it erased',
    terms,
    how: 'Write to the operator of this service. You may withdraw your consent at any time; you can then no longer sign in by face.',
  },
  code: {
    title: 'Check your mail',
    lead: (email: string) => `We sent a code to ${email}.`,
    label: 'Code',
    go: 'Confirm',
    again: 'Send the code again',
    sent: 'A new code is on its way.',
    proof: 'One more code',
    proofLead: (email: string) => `To be sure that it is you, we sent another code to ${email}.`,
    local: 'No mail is sent on this machine. This command shows the code:',
  },
  finish: {
    title: 'Finish signing up',
    lead: 'We will send a code to your address. Enter it here, in this window, to go on.',
    email: 'E-mail',
    go: 'Send the code',
    back: 'Back to signing in',
  },
  forgot: {
    title: 'A new password',
    lead: 'We will send a code to your address.',
    password: 'New password',
    go: 'Set the password',
  },
  document: {
    title: 'Your ID photo',
    lead: 'A picture of the page with your portrait: passport, identity card or driving licence. The portrait is compared with your face.',
    drop: 'Drop a picture here, or',
    choose: 'Choose a picture',
    camera: 'Use the camera',
    take: 'Take the picture',
    preview: 'The ID photo you took or chose',
    send: 'Use this picture',
    other: 'Take another one',
  },
  live: {
    title: 'Look into the camera',
    lead: 'Press the button to take one picture.',
    enrolLead: 'Now take one picture of your face. It is compared with your ID photo.',
    dataLead: 'Your face is measured on this device. No picture leaves it.',
    take: 'Take the picture',
    takeData: 'Measure my face',
    retry: 'Start the camera again',
    automatic: 'Take it automatically when I hold still',
    file: 'Use a picture instead',
    which: 'Camera',
    pick: 'Choose a camera',
    unnamed: (number: number) => `Camera ${number}`,
    noMesh: 'The live mesh is not available in this browser. You can still take the picture.',
    video: 'Your camera, mirrored',
    back: 'Cancel',
    noFaceInData: 'No face could be measured. Look straight into the camera.',
    second: 'Once more, to sign in.',
  },
  mailed: {
    title: 'Enter the code from your e-mail',
    ended: 'This sign-in has ended',
    lead: (email: string) =>
      `A six-digit code is on its way to ${email}. It is valid for five minutes, and only for this sign-in.`,
    none: 'There is no code to enter right now.',
    wait: 'Too many codes were asked for, too many attempts failed, or the password was set in another window just now.',
    again: 'Send another code',
    go: 'Sign in',
  },
  signedIn: {
    title: (name: string) => `Hello, ${name}`,
    lead: 'You are signed in.',
    email: 'E-mail',
    steps: 'Signed in with',
    step: passed,
    list: (steps: readonly string[]) => and.format(steps),
    enrolledData: 'enrolment',
    until: 'Signed in until',
    out: 'Sign out',
    left: 'You are signed out.',
  },
  locked: {
    title: 'Too many failed attempts',
    open:
      'Signing in without a password is locked. Have a code sent to your address: with it you can sign in again in this window.',
    openOrPassword:
      'Signing in without a password is locked. Sign in with your password, or have a code sent to your address.',
    password:
      'Signing in with this password is locked. Set a new one by mail, which unlocks it at most once a day, then sign in with that.',
    byMail:
      'This way of signing in is locked. Sign in without a password, or have a new code sent, which unlocks it at most once a day.',
  },
  needsReset: {
    title: 'First, a code by mail',
    password:
      'Your face cannot be recorded from this window yet. Set a new password by mail, then continue here.',
    byMail:
      'Your face cannot be recorded from this window yet. Have a code sent to your address, then continue here.',
  },
  ways: {
    mail: 'Send the code',
    open: 'Sign in without a password',
    password: 'Sign in with your password',
  },
  insecure: {
    title: 'This page needs https',
    lead: 'Browsers allow the camera, and the cryptography that keeps a sign-in safe, only on secure pages. Open this page at an address that begins with https.',
  },
  notKept:
    'This browser does not let this page store anything. Stay in this window until you are done: after a reload you are signed out, and a sign-up that you began has to be finished with a code by mail.',
  setup: {
    title: 'This page is not configured',
    wrong: (problems: readonly OutputProblem[]) =>
      `The file config.json beside this page does not contain the outputs of a stack: ${problems.map(inEnglish).join('; ')}.`,
    none: 'There is no file config.json beside this page, or it is not JSON. Put one there with the outputs of your stack.',
  },
  crashed: {
    title: 'Something went wrong on this page',
    lead: 'Reload it to continue where you were.',
  },
};

/** The shape that a translation has. */
export type Text = typeof en;
