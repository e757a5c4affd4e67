import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { COMPANY_FILES, END_OF_FILE } from './companies.mjs';

// The program of a process that runs several test files, one after the other: see companies.mjs.

// By itself tap ends once nothing waits, and what one file started for all its tests with it, while the next is loaded.
t.removeAllListeners('idle');
for (const name of JSON.parse(process.env[COMPANY_FILES] ?? '[]')) {
  await import(pathToFileURL(resolve(name)).href);
  await t.test(`${END_OF_FILE}${name}`, async () => {});
  // What a file may do side by side is its own affair.
  t.jobs = 1;
}
t.end();
