import { CsvError, type InfoRecord, parse } from 'csv-parse';
import { z } from 'zod';
import { CitywatchError } from '../../core/errors.ts';
import { type EntryInput, PLATE_COLOURS } from './tables.ts';

/** Bytes of a file: a million lines of more than a hundred. */
export const ENTRY_FILE_BYTES_MAX = 128 * 1024 * 1024;
const LINE_CHARACTERS_MAX = 1_024;
const COLUMNS = ['plate', 'colour', 'reason', 'validUntil'] as const;

/** What is wrong with a line, and what would be right. */
export interface EntryFault {
  line: number;
  message: string;
}

/** Some lines of a file. */
export interface EntryLines {
  entries: (EntryInput & { line: number })[];
  faults: EntryFault[];
  lines: number;
}

export interface EntryFileLimits {
  /** Of one piece. */
  linesMax: number;
  /** Of the whole file. */
  bytesMax: number;
}

const cell = (max: number) => z.string().trim().max(max);
const row = z.object({
  plate: cell(32).min(1),
  colour: z.union([z.literal(''), z.enum(PLATE_COLOURS)]).default(''),
  reason: cell(200).min(1),
  validUntil: z.union([z.literal(''), z.iso.datetime({ offset: true, error: 'use RFC 3339' })]).default(''),
});

/**
 * The plates of a CSV in UTF-8 with a line of titles (`plate` and `reason`, then as wanted `colour` and `validUntil`),
 * in pieces of at most `linesMax` lines. Lines that cannot be used are named. Errors: `request.invalid` for what is no
 * such file, `request.too-large`.
 */
export async function* readEntries(
  bytes: AsyncIterable<Buffer>,
  { linesMax, bytesMax }: EntryFileLimits,
): AsyncGenerator<EntryLines> {
  let some: EntryLines = { entries: [], faults: [], lines: 0 };
  for await (const cells of linesOf(bytes, bytesMax)) {
    take(some, cells);
    if (some.lines < linesMax) continue;
    yield some;
    some = { entries: [], faults: [], lines: 0 };
  }
  if (some.lines > 0) yield some;
}

/** Reads it to its end, so that of what is no such file nothing was taken. Errors: as {@link readEntries}. */
export async function requireEntryFile(bytes: AsyncIterable<Buffer>, bytesMax: number): Promise<void> {
  for await (const _ of linesOf(bytes, bytesMax));
}

async function* linesOf(bytes: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Cells> {
  const parser = parse({ info: true, relax_column_count: true, max_record_size: LINE_CHARACTERS_MAX, bom: true });
  const feeding = feed(parser, bytes, bytesMax);
  let titles: string[] | null = null;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: InfoRecord }>) {
      if (titles === null) titles = titlesOf(record);
      else yield { titles, cells: record, line: info.lines };
    }
    await feeding;
  } catch (error) {
    parser.destroy();
    await feeding.catch(() => {});
    if (!(error instanceof CsvError)) throw error;
    throw badFile(whyNoCsv(error));
  } finally {
    parser.destroy();
  }
  if (titles === null) throw badFile('is empty: it begins with a line of titles');
}

function whyNoCsv({ code, lines }: CsvError & { lines?: number }): string {
  const line = lines ?? 1;
  if (code === 'CSV_MAX_RECORD_SIZE') return `has a line of more than ${LINE_CHARACTERS_MAX} characters, line ${line}`;
  return `is no CSV from line ${line} on: every quotation mark (") in a cell is doubled`;
}

function titlesOf(cells: readonly string[]): string[] {
  const titles = cells.map((title) => title.trim());
  const unknown = titles.find((title) => !(COLUMNS as readonly string[]).includes(title));
  if (unknown !== undefined) throw badFile(`has a column that is not known; the titles are ${COLUMNS.join(', ')}`);
  for (const needed of ['plate', 'reason']) {
    if (!titles.includes(needed)) throw badFile(`has no column ${needed}: begin it with a line of titles`);
  }
  return titles;
}

interface Cells {
  titles: readonly string[];
  cells: readonly string[];
  line: number;
}

function take(some: EntryLines, { titles, cells, line }: Cells): void {
  some.lines += 1;
  const read = row.safeParse(Object.fromEntries(titles.map((title, at) => [title, cells[at] ?? ''])));
  if (!read.success) {
    // No cell is repeated: what is wrong may be a plate.
    const [issue] = read.error.issues;
    some.faults.push({ line, message: `${issue?.path.join('.')}: ${issue?.message}` });
    return;
  }
  const { plate, colour, reason, validUntil } = read.data;
  const validUntilMs = validUntil === '' ? null : Date.parse(validUntil);
  some.entries.push({ line, plate, reason, colour: colour === '' ? null : colour, validUntilMs });
}

async function feed(parser: ReturnType<typeof parse>, bytes: AsyncIterable<Buffer>, bytesMax: number): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let total = 0;
  try {
    for await (const piece of bytes) {
      total += piece.length;
      if (total > bytesMax) {
        throw new CitywatchError('request.too-large', { detail: `A file has at most ${bytesMax} bytes.` });
      }
      await give(parser, decoded(decoder, piece));
      if (parser.destroyed) return;
    }
    await give(parser, decoded(decoder));
    parser.end();
  } catch (error) {
    parser.destroy(error as Error);
  }
}

function decoded(decoder: TextDecoder, piece?: Buffer): string {
  try {
    return piece ? decoder.decode(piece, { stream: true }) : decoder.decode();
  } catch {
    throw badFile('is no text in UTF-8: save it as CSV UTF-8');
  }
}

async function give(parser: ReturnType<typeof parse>, piece: string): Promise<void> {
  if (piece === '' || parser.destroyed || parser.write(piece)) return;
  await new Promise<void>((resolve) => parser.once('drain', resolve).once('close', resolve));
}

function badFile(message: string): CitywatchError {
  return new CitywatchError('request.invalid', { issues: [{ path: 'file', message }] });
}
