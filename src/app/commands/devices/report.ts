import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MINUTE_MS } from '../../../core/clock.ts';
import { type Command, EXIT, type Terminal, UsageError } from '../command.ts';
import { fetchFromGateway, RIGHTS_HELP } from '../gateway-client.ts';
import { runTool } from '../simulate/city.ts';

const DEADLINE_MS = MINUTE_MS;
const BYTES_MAX = 64 * 1024 * 1024;
/** What reports are asked by; which of them each takes says the gateway. */
const QUESTIONS = [
  'jurisdiction',
  'kind',
  'plan',
  'on',
  'from',
  'to',
  'minutes',
  'below',
  'gate',
  'video',
  'owner',
  'full',
  'field',
  'week',
  'against',
  'titles',
] as const;

export const report: Command = {
  name: 'report',
  summary: 'write a report as a table, through the running gateway',
  usage: `NAME [FILE]${QUESTIONS.map((name) => ` [--${name} ${name.toUpperCase()}]`).join('')}`,
  details: [
    'NAME is a report of docs/reports.md, such as coverage. The table is CSV; without a FILE it is printed.',
    '--titles zh names its columns in Chinese.',
    'report compare BEFORE.json AFTER.json holds the verdicts of two simulated runs against each other.',
    ...RIGHTS_HELP,
  ],
  options: { ...Object.fromEntries(QUESTIONS.map((name) => [name, { type: 'string' }])), url: { type: 'string' } },
  run: async ({ words, options }, terminal) => {
    const [name, file, ...others] = words;
    if (name === 'compare') return compareRuns([file, ...others], terminal);
    if (name === undefined || others.length > 0)
      throw new UsageError('report takes the NAME of one and perhaps a FILE');
    const query = new URLSearchParams({ format: 'csv' });
    for (const question of QUESTIONS) {
      const value = options[question];
      if (typeof value === 'string') query.set(question, value);
    }
    const path = `/reports/${name.split('/').map(encodeURIComponent).join('/')}?${query}`;
    const request = { method: 'GET', path, deadlineMs: DEADLINE_MS, answerBytesMax: BYTES_MAX } as const;
    const written = await fetchFromGateway(request, { terminal, url: options.url });
    if (file === undefined) {
      const text = written.toString('utf8');
      terminal.print(text.replace(/^\ufeff/, '').trimEnd());
      return EXIT.done;
    }
    await writeFile(file, written).catch(() => {
      throw new UsageError(`${file} cannot be written`);
    });
    terminal.print(`${file}: ${written.length} bytes`);
    return EXIT.done;
  },
};

/** Verdicts that `citywatch simulate` has written; they need no gateway. */
function compareRuns(files: readonly (string | undefined)[], terminal: Terminal): Promise<number> {
  const [before, after, ...more] = files;
  if (before === undefined || after === undefined || more.length > 0) {
    throw new UsageError('report compare takes the verdict.json of two runs');
  }
  return runTool(['compare', resolve(before), resolve(after)], { words: [], options: {} }, terminal);
}
