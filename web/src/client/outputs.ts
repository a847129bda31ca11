// What the client needs to know of a stack: the outputs of its template, under their own names.

import { MODELS } from './names';
import { type Policy, PolicyError, quoted, readPolicy } from './policy';

/** A face data model: docs/policies.md says what each is. */
export type Model = (typeof MODELS)[number];

/** A stack, as `config.json` describes it. */
export interface Outputs {
  readonly userPoolId: string;
  readonly userPoolClientId: string;
  /** What a sign-in takes: the output `SignInChains`. */
  readonly policy: Policy;
  /** The version of the consent text that a sign-up must agree to. */
  readonly consentVersion: string;
  /** Whether pictures of documents are kept after the enrolment. */
  readonly keepsDocuments: boolean;
  /** What face data this stack takes; of no meaning where it takes pictures. */
  readonly faceDataModel: Model;
  /** Where Cognito listens, where that is not AWS. Only such a stack has a mailbox to look into. */
  readonly cognitoEndpoint?: string;
}

/** Outputs that are not those of a stack; `problems` says of each by its name what is wrong. */
export class OutputsError extends Error {
  override readonly name = 'OutputsError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
  }
}

/** Reads a stack's outputs; says of everything at once what is missing or not understood. */
export function readOutputs(json: unknown): Outputs {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new OutputsError(['expected the outputs of the stack as one JSON object']);
  }
  const all = json as Record<string, unknown>;
  const problems: string[] = [];
  const required = (name: string): string => {
    const value = all[name];
    if (typeof value === 'string' && value !== '') {
      return value;
    }
    problems.push(value === undefined ? `${name} is missing` : `${name} is not a text`);
    return '';
  };
  const oneOf = <T extends string>(name: string, [first, ...rest]: readonly [T, ...T[]]): T => {
    const value = required(name);
    const known = [first, ...rest].find((one) => one === value);
    if (known === undefined && value !== '') {
      problems.push(`${name} is “${value}”, and should be one of ${[first, ...rest].join(', ')}`);
    }
    return known ?? first;
  };
  const chains = (name: string): Policy | undefined => {
    const value = required(name);
    try {
      return value === '' ? undefined : readPolicy(value);
    } catch (error) {
      if (!(error instanceof PolicyError)) {
        throw error;
      }
      problems.push(`${name} is ${quoted(value)}, and ${error.message}`);
      return undefined;
    }
  };
  const endpoint = all['CognitoEndpoint'];
  const outputs: Outputs = {
    userPoolId: required('UserPoolId'),
    userPoolClientId: required('UserPoolClientId'),
    policy: chains('SignInChains') ?? readPolicy('FACE'),
    consentVersion: required('ConsentVersion'),
    keepsDocuments: oneOf('KeepDocuments', ['true', 'false']) === 'true',
    faceDataModel: oneOf('FaceDataModel', MODELS),
    ...(typeof endpoint === 'string' && endpoint !== '' ? { cognitoEndpoint: endpoint } : {}),
  };
  if (problems.length > 0) {
    throw new OutputsError(problems);
  }
  return outputs;
}
