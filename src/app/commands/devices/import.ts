import { open, readFile, unlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { MINUTE_MS, systemClock } from '../../../core/clock.ts';
import type { RowVerdict } from '../../../devices/import-export/apply.ts';
import type { DryRun } from '../../../devices/import-export/jobs/imports.ts';
import { type Arguments, type Command, EXIT, UsageError } from '../command.ts';
import { askGateway, type GatewayRequest, RIGHTS_HELP, type Where } from '../gateway-client.ts';

/** A little longer than the gateway itself gives it. */
const READING_MS = 4 * MINUTE_MS;
const POLL_MS = 500;
/** A verdict for each of 20,000 rows. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const PAGE = 500;

/** An import as the API prints it. */
export interface Printed {
  id: string;
  by: string;
  fileName: string | null;
  state: 'waiting' | 'done' | 'refused' | 'undoing' | 'undone';
  rows: number;
  done: number;
  unknownColumns: string[];
  counts: DryRun['counts'];
  undone: number;
  conflicts: number;
  secretsWaiting: number;
  createdAt: string;
}

type PrintedRow = RowVerdict & { why: string | null };

export const importDevices: Command = {
  name: 'import',
  summary: 'register and change devices by a spreadsheet, through the running gateway',
  usage: 'FILE [--dry-run] [--whole] [--secrets FILE] | list | undo ID | secrets ID FILE',
  details: [
    'FILE is CSV or XLSX (docs/spreadsheets.md). --dry-run says what would become of each row and writes nothing;',
    '--whole lets one row that is refused keep out all others. --secrets writes what new devices prove themselves by',
    'into a file that is not there yet; the gateway gives it once. Exit status 1: at least one row was refused, or',
    'could not be undone.',
    ...RIGHTS_HELP,
  ],
  options: {
    'dry-run': { type: 'boolean' },
    whole: { type: 'boolean' },
    secrets: { type: 'string' },
    url: { type: 'string' },
  },
  run: async ({ words, options }, terminal) => {
    const where = { terminal, url: options.url };
    const [first, id, file] = words;
    if (first === undefined) throw new UsageError('import needs a FILE, or one of list, undo, secrets');
    if (first === 'list') return await list(where);
    if (first === 'undo') return await undo(required(id, 'the id of an import'), where);
    if (first === 'secrets') {
      return await takeSecrets(required(id, 'the id of an import'), required(file, 'a FILE'), where);
    }
    if (words.length > 1) throw new UsageError('import takes one FILE');
    const bytes = await readFile(first).catch(() => {
      throw new UsageError(`${first} cannot be read`);
    });
    return options['dry-run'] ? await dryRun(bytes, where) : await run(first, bytes, { options, where });
  },
};

function required(word: string | undefined, what: string): string {
  if (word === undefined) throw new UsageError(`import needs ${what}; see citywatch import --help`);
  return word;
}

function posting(path: string, body: Buffer): GatewayRequest {
  const headers = { 'content-type': 'application/octet-stream' };
  return { method: 'POST', path, headers, body, deadlineMs: READING_MS, answerBytesMax: ANSWER_BYTES_MAX };
}

async function dryRun(body: Buffer, where: Where): Promise<number> {
  const path = '/devices/import?dryRun=true';
  const answer = await askGateway(posting(path, body), where);
  const { items, counts, unknownColumns } = JSON.parse(answer) as DryRun;
  for (const item of items) if (item.verdict !== 'same') where.terminal.print(lineOf(item));
  for (const line of summary({ counts, unknownColumns })) where.terminal.print(line);
  where.terminal.print('nothing was written');
  return counts.error > 0 ? EXIT.failed : EXIT.done;
}

async function run(
  name: string,
  body: Buffer,
  { options, where }: { options: Arguments['options']; where: Where },
): Promise<number> {
  const query = new URLSearchParams({ mode: options.whole ? 'whole' : 'rows', fileName: basename(name) });
  const begun = JSON.parse(await askGateway(posting(`/devices/import?${query}`, body), where)) as Printed;
  where.terminal.print(`import ${begun.id}: ${begun.rows} rows`);
  const ended = await followed(begun, where);
  await printRows(ended.id, 'error', where);
  for (const line of summary(ended)) where.terminal.print(line);
  if (ended.state === 'refused') where.terminal.print('nothing was written: a row was refused');
  if (ended.secretsWaiting > 0 && typeof options.secrets === 'string') {
    await takeSecrets(ended.id, options.secrets, where);
  } else if (ended.secretsWaiting > 0) {
    const command = `citywatch import secrets ${ended.id} FILE`;
    where.terminal.print(`${ended.secretsWaiting} new devices have secrets; take them once by: ${command}`);
  }
  return ended.counts.error > 0 ? EXIT.failed : EXIT.done;
}

async function undo(id: string, where: Where): Promise<number> {
  const begun = JSON.parse(await askGateway({ method: 'POST', path: `/imports/${id}/undo` }, where)) as Printed;
  const ended = await followed(begun, where);
  await printRows(id, 'conflict', where);
  where.terminal.print(`${ended.undone} undone, ${ended.conflicts} left as they are`);
  return ended.conflicts > 0 ? EXIT.failed : EXIT.done;
}

async function list(where: Where): Promise<number> {
  const { items } = JSON.parse(await askGateway({ method: 'GET', path: '/imports' }, where)) as { items: Printed[] };
  for (const { id, createdAt, state, done, rows, by, fileName } of items) {
    where.terminal.print([id, createdAt, state.padEnd(8), `${done}/${rows}`, by, fileName ?? ''].join('  ').trimEnd());
  }
  return EXIT.done;
}

/** The file is there, and can be written by nobody else, before the gateway gives away what it gives once. */
async function takeSecrets(id: string, path: string, where: Where): Promise<number> {
  const file = await open(path, 'wx', 0o600).catch(() => {
    throw new UsageError(`${path} is there already, or cannot be written`);
  });
  try {
    const request = { method: 'POST', path: `/imports/${id}/secrets`, answerBytesMax: ANSWER_BYTES_MAX } as const;
    const answer = await askGateway(request, where).catch(async (error: unknown) => {
      await unlink(path);
      throw error;
    });
    const { items } = JSON.parse(answer) as { items: { id: string; secret: string }[] };
    await file.writeFile(`id,secret\r\n${items.map((one) => `${one.id},${one.secret}\r\n`).join('')}`);
    await file.sync();
    where.terminal.print(`${path}: secrets of ${items.length} devices; nobody is given them again`);
    return EXIT.done;
  } finally {
    await file.close();
  }
}

/** Waits for the end, and says how far it is whenever that has changed. */
export async function followed(begun: Printed, where: Where): Promise<Printed> {
  let now = begun;
  while (now.state === 'waiting' || now.state === 'undoing') {
    await systemClock.sleep(POLL_MS);
    const { done, state } = now;
    now = JSON.parse(await askGateway({ method: 'GET', path: `/imports/${begun.id}` }, where)) as Printed;
    if (now.done !== done || now.state !== state) where.terminal.print(`${now.done} of ${now.rows} rows`);
  }
  return now;
}

export async function printRows(id: string, verdict: 'error' | 'conflict', where: Where): Promise<void> {
  let next: string | undefined;
  do {
    const query = new URLSearchParams({ verdict, limit: String(PAGE), ...(next ? { cursor: next } : {}) });
    const request = { method: 'GET', path: `/imports/${id}/rows?${query}`, answerBytesMax: ANSWER_BYTES_MAX } as const;
    const page = JSON.parse(await askGateway(request, where)) as { items: PrintedRow[]; next?: string };
    for (const row of page.items)
      where.terminal.print(row.why ? `line ${row.line}  ${row.id}  ${row.why}` : lineOf(row));
    next = page.next;
  } while (next !== undefined);
}

export function lineOf({ line, id, verdict, fields, faults }: RowVerdict): string {
  const told = faults.map(({ column, message }) => (column === null ? message : `${column}: ${message}`));
  return [`line ${line}`, id ?? '', verdict, ...fields, ...told].filter((part) => part !== '').join('  ');
}

export function summary({ counts, unknownColumns }: Pick<DryRun, 'counts' | 'unknownColumns'>): string[] {
  const left = unknownColumns.length > 0 ? [`columns that were left out: ${unknownColumns.join(', ')}`] : [];
  const { create, change, same, error } = counts;
  return [...left, `${create} new, ${change} changed, ${same} the same, ${error} refused`];
}
