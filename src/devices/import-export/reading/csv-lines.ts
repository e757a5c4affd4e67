import { CsvError, type InfoRecord, parse } from 'csv-parse';
import { badFile, Lines, type TableLimits } from './table.ts';
import { textOf } from './text.ts';

/** What may stand between two cells: the comma of the standard, what Excel writes in other countries, and tabs. */
const DELIMITERS = [',', ';', '\t'] as const;

interface Read {
  record: string[];
  info: InfoRecord;
}

/**
 * The lines of a CSV (RFC 4180, with comma, semicolon or tab), the header among them. Errors: `request.invalid` for
 * what is no CSV, naming the line, `request.too-large` beyond the limits.
 */
export async function readCsv(file: Buffer, limits: TableLimits): Promise<Lines> {
  const lines = new Lines(limits);
  const text = textOf(file);
  const first = await text.next();
  if (first.done) return lines;
  const parser = parse({
    delimiter: delimiterOf(first.value),
    info: true,
    relax_column_count: true,
    max_record_size: limits.columnsMax * limits.cellMax,
  });
  const feeding = feed(parser, first.value, text);
  let from = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<Read>) {
      lines.add({ line: from, cells: record.map((cell) => ({ text: cell, isTyped: false })) });
      from = info.lines + 1;
    }
    await feeding;
  } catch (error) {
    parser.destroy();
    await feeding.catch(() => {});
    throw error instanceof CsvError ? badFile(told(error, from)) : error;
  }
  return lines;
}

async function feed(parser: ReturnType<typeof parse>, first: string, rest: AsyncGenerator<string>): Promise<void> {
  try {
    await give(parser, first);
    for await (const piece of rest) await give(parser, piece);
    parser.end();
  } catch (error) {
    parser.destroy(error as Error);
  }
}

async function give(parser: ReturnType<typeof parse>, piece: string): Promise<void> {
  if (piece === '' || parser.destroyed || parser.write(piece)) return;
  await new Promise<void>((resolve) => parser.once('drain', resolve).once('close', resolve));
}

/** What the first line has most of, quoted text apart. */
function delimiterOf(start: string): string {
  const line = start.replace(/"[^"]*"/g, '').split(/\r?\n|\r/, 1)[0]!;
  const counts = DELIMITERS.map((delimiter) => line.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

function told({ code }: CsvError, line: number): string {
  if (code === 'CSV_QUOTE_NOT_CLOSED' || code === 'CSV_MAX_RECORD_SIZE') {
    return `the row that begins at line ${line} does not end: a quotation mark (") in it is not closed`;
  }
  const rule = 'a cell with a quotation mark (") stands between quotation marks, and each of its own is doubled ("")';
  return `the row that begins at line ${line} is no CSV: ${rule}`;
}
