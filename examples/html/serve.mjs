// Serves the page on this machine, and those of the stack's outputs that a page may know.
//
//     node serve.mjs OUTPUTS [PORT]

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';

const FILES = { '/': ['index.html', 'text/html'], '/client.js': ['client.js', 'text/javascript'] };

// The outputs file of a local stack also contains its access key, which no page may have.
const PUBLIC = [
  'UserPoolId',
  'UserPoolClientId',
  'SignInChains',
  'ConsentVersion',
  'KeepDocuments',
  'FaceDataModel',
  'CognitoEndpoint',
];

const [outputsFile, port = '3000'] = process.argv.slice(2);
if (outputsFile === undefined) {
  console.error('usage: node serve.mjs OUTPUTS [PORT]');
  process.exit(2);
}
const outputs = JSON.parse(await readFile(outputsFile, 'utf8'));
const config = JSON.stringify(Object.fromEntries(PUBLIC.map((name) => [name, outputs[name]])));

createServer(async (request, response) => {
  if (request.url === '/config.json') {
    response.setHeader('content-type', 'application/json').end(config);
    return;
  }
  const [name, type] = FILES[request.url] ?? [];
  const content = name && (await readFile(join(import.meta.dirname, name)).catch(() => undefined));
  if (content === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.setHeader('content-type', `${type}; charset=utf-8`).end(content);
}).listen(Number(port), '127.0.0.1', () => console.log(`http://localhost:${port}`));
