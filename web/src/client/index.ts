// The client of face sign-in: everything that a page needs, and nothing that a page is.

export { SignInError, type Trouble } from './errors';
export { type FaceData, faceData, meshData } from './faceData';
export {
  type Answer,
  FaceSignIn,
  type NewPassword,
  type Person,
  type Progress,
  type SignInEvent,
  type SignUp,
} from './faceSignIn';
export { type Model, type OutputProblem, type Outputs, OutputsError, readOutputs } from './outputs';
export { encode, fromFile, type Picture } from './picture';
export {
  asksForPassword,
  type Chain,
  enrolsNothing,
  type Factor,
  hasPassword,
  type Policy,
  PolicyError,
  type PolicyFlaw,
  readPolicy,
  takesFaceData,
  waysWithoutFace,
} from './policy';
export { FACTORS, REASONS } from './names';
export type { Challenge, Reason, Step } from './protocol';
export { type Keeping, keeping, localStore, sessionStore, type Store } from './storage';
export { type TabRecord, TabStore } from './tab';
