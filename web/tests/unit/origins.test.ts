// What the template takes for an origin: each of its list by itself, as browsers write them.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

const template = readFileSync(resolve(import.meta.dirname, '../../../template.yaml'), 'utf8');
const [, written = ''] = /^  AllowedOrigins:\n(?:    .*\n)*?    AllowedPattern: (".*")$/m.exec(template) ?? [];
const pattern = new RegExp(`^(?:${JSON.parse(written)})$`);

describe('AllowedOrigins', () => {
  it.each([
    'http://localhost:5173',
    'http://127.0.0.1:5173',
    'http://[::1]:5173',
    'https://app.example.com',
    'https://app.example.com:8443',
    'capacitor://localhost',
    'ionic://localhost',
  ])('take %s', (origin) => {
    expect(origin).toMatch(pattern);
    // What browsers would send of a page there, where they know the scheme.
    if (origin.startsWith('http')) {
      expect(new URL(origin).origin).toBe(origin);
    }
  });

  it.each([
    '*',
    '',
    'null',
    'localhost:5173',
    'https://*',
    'https://*.example.com',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://App.example.com',
    'HTTPS://app.example.com',
    'https://app.example.com:',
    'https://app.example.com:123456',
    'https://user@app.example.com',
    'https://app.example.com,https://other.example.com',
    'https://app..example.com',
    'https:// app.example.com',
    'https://',
  ])('refuse %s', (origin) => {
    expect(origin).not.toMatch(pattern);
  });
});
