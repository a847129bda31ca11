// What web/README.md tells a developer to write is understood by the compiler.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';
import { expect, it } from 'vitest';

const WEB = join(import.meta.dirname, '../..');

/** What an example leaves to the reader. */
const GIVEN = `
  declare const email: string, name: string, code: string;
  declare const documentFile: File, cameraCanvas: HTMLCanvasElement;
`;

/** What the compiler says of an example, as if it lay beside the client. */
function complaints(example: string): string[] {
  const { config } = ts.readConfigFile(join(WEB, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, WEB);
  const file = join(WEB, 'src/readme.ts');
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === file || fileExists(path);
  host.getSourceFile = (path, ...more) =>
    path === file
      ? ts.createSourceFile(path, GIVEN + example, ts.ScriptTarget.ESNext)
      : getSourceFile(path, ...more);
  const program = ts.createProgram([file], { ...options, noEmit: true, noUnusedLocals: false }, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

it('says nothing of the examples', { timeout: 60_000 }, () => {
  const readme = readFileSync(join(WEB, 'README.md'), 'utf8');
  const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, example]) => example ?? '');
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) {
    expect(complaints(example)).toEqual([]);
  }
});

it('says something of an example that is wrong', { timeout: 60_000 }, () => {
  expect(complaints("import { FaceSignIn } from './client';\nnew FaceSignIn(1).signIn();")).not.toEqual([]);
});
