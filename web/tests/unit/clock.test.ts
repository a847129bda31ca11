// No decision compares the device's clock with the server's: neither is read anywhere in the page.

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { expect, it } from 'vitest';

it("nothing in the page reads the device's clock", () => {
  const folder = resolve(import.meta.dirname, '../../src');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
  expect(sources.length).toBeGreaterThan(20);
  const reading = sources.filter((name) => /Date\.now|new Date\(\s*\)|Date\(\)/.test(readFileSync(join(folder, name), 'utf8')));
  expect(reading).toEqual([]);
});
