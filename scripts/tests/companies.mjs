import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../root.mjs';

/**
 * The program of a process that runs several files. Its command has the name of the first: tap names directories of tests
 * by it.
 */
export const COMPANY = join(ROOT, 'scripts/tests/company.mjs');

/** What has the names of all of them, as JSON, in its environment. */
export const COMPANY_FILES = 'TEST_COMPANY_FILES';

/** What {@link COMPANY} names a test that it puts after those of a file, before the name of that file. */
export const END_OF_FILE = 'end of ';

/** Folders, the files of each of which may share a process. */
const SHARED = /^test\/(unit\/[^/]+|integration\/[^/]+|tidy|catalogue)\//;

/** A file that sets what holds for its whole process, or for tests of others in it, has one of its own. */
const OWN = new RegExp(
  [
    /^(?:await )?t\.(?:beforeEach|afterEach|setTimeout|plan)\b/,
    /^const .*\bt\.testdir\(/,
    /\bprocess\.env\.\w+ = /,
    /\bprocess\.(?:exit\(|on\()/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'm',
);

/** Cameras, who kills what reads them, and pages are looked at for long: side by side with others, not behind them. */
const LONG = /^test\/integration\/(streams|web)\//;
const LONG_OWN = /^t\.(?:jobs|before)\b|\bprocess\.(?:env|kill)\b/m;

/** So many in one process: the processors get something to do side by side, and one that fails is soon run again. */
const FILES_MAX = 8;
/** The same, of small ones, which need no server and are run again in a moment. */
const UNIT = /^test\/unit\//;
const UNIT_FILES_MAX = 16;
/** The same, of {@link LONG} ones. */
const LONG_FILES_MAX = 4;

/**
 * Files that run in one process each time, those of one folder together: to start Node, tap and what a part needs is
 * most of what a small file costs. Keeps the order of the first of each.
 *
 * @param {string[]} files
 * @returns {string[][]}
 */
export function companiesOf(files) {
  const open = new Map();
  const companies = [];
  for (const file of files) {
    const folder = SHARED.exec(file)?.[0];
    const found = folder === undefined ? undefined : open.get(folder);
    if (folder === undefined || isAlone(file)) companies.push([file]);
    else if (found !== undefined && found.length < filesMax(file)) found.push(file);
    else {
      const company = [file];
      open.set(folder, company);
      companies.push(company);
    }
  }
  return companies;
}

function filesMax(file) {
  if (LONG.test(file)) return LONG_FILES_MAX;
  return UNIT.test(file) ? UNIT_FILES_MAX : FILES_MAX;
}

function isAlone(file) {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return OWN.test(text) || (LONG.test(file) && LONG_OWN.test(text));
}
