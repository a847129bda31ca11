// What the client needs to know of a stack: the outputs of its template, under their own names.

import { MODELS } from './names';
import { type Policy, PolicyError, type PolicyFlaw, quoted, readPolicy, refusal } from './policy';

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

/** What is wrong with outputs, each by its name. */
export type OutputProblem =
  | { readonly is: 'no-object' }
  | { readonly is: 'missing' | 'no-text'; readonly output: string }
  | {
      readonly is: 'unknown';
      readonly output: string;
      readonly value: string;
      readonly known: readonly string[];
    }
  | {
      readonly is: 'no-policy';
      readonly output: string;
      readonly value: string;
      readonly flaw: PolicyFlaw;
    };

/** Outputs that are not those of a stack. The message is English, as all of this client's are; a page in
 * another language has the problems. */
export class OutputsError extends Error {
  override readonly name = 'OutputsError';

  constructor(readonly problems: readonly OutputProblem[]) {
    super(problems.map(inEnglish).join('; '));
  }
}

/** A problem as an English sentence has it. */
export function inEnglish(problem: OutputProblem): string {
  switch (problem.is) {
    case 'no-object':
      return 'expected the outputs of the stack as one JSON object';
    case 'missing':
      return `${problem.output} is missing`;
    case 'no-text':
      return `${problem.output} is not a text`;
    case 'unknown':
      return `${problem.output} is ${quoted(problem.value)}, and should be one of ${problem.known.join(', ')}`;
    case 'no-policy':
      return `${problem.output} is ${quoted(problem.value)}, and ${refusal(problem.flaw)}`;
  }
}

/** Reads a stack's outputs; says of everything at once what is missing or not understood. */
export function readOutputs(json: unknown): Outputs {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new OutputsError([{ is: 'no-object' }]);
  }
  const all = json as Record<string, unknown>;
  const problems: OutputProblem[] = [];
  const required = (name: string): string => {
    const value = all[name];
    if (typeof value === 'string' && value !== '') {
      return value;
    }
    problems.push({ is: value === undefined ? 'missing' : 'no-text', output: name });
    return '';
  };
  const oneOf = <T extends string>(name: string, known: readonly [T, ...T[]]): T => {
    const value = required(name);
    const found = known.find((one) => one === value);
    if (found === undefined && value !== '') {
      problems.push({ is: 'unknown', output: name, value, known });
    }
    return found ?? known[0];
  };
  const chains = (name: string): Policy | undefined => {
    const value = required(name);
    try {
      return value === '' ? undefined : readPolicy(value);
    } catch (error) {
      if (!(error instanceof PolicyError)) {
        throw error;
      }
      problems.push({ is: 'no-policy', output: name, value, flaw: error.flaw });
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
