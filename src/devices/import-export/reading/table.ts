import { CitywatchError } from '../../../core/errors.ts';

/** What a spreadsheet may bring. Each limit is held while it is read, before the rest is looked at. */
export interface TableLimits {
  /** Bytes of the file as it is sent, 8 MiB: twice what 10,000 points with 30 columns take. */
  fileBytesMax: number;
  /** Bytes of all parts of an XLSX that are read, unpacked. */
  unpackedBytesMax: number;
  rowsMax: number;
  columnsMax: number;
  /** Characters of a cell. */
  cellMax: number;
}

export const TABLE_LIMITS: TableLimits = {
  fileBytesMax: 8 * 1024 * 1024,
  unpackedBytesMax: 96 * 1024 * 1024,
  rowsMax: 20_000,
  columnsMax: 200,
  cellMax: 4_000,
};

/** One cell. `isTyped`: the spreadsheet holds a number, a date or a truth value there and no text. */
export interface Cell {
  text: string;
  isTyped: boolean;
}

/** A line of a table; `line` is what the person sees beside it in a spreadsheet, from 1. */
export interface Line {
  line: number;
  cells: Cell[];
}

/** A refusal of the whole file. */
export function badFile(message: string): CitywatchError {
  return new CitywatchError('request.invalid', { issues: [{ path: 'file', message }] });
}

/** A refusal of a file that is larger than it may be; says how to go on. */
export function tooLarge(what: string): CitywatchError {
  const detail = `${what}: split the file into several and send one after the other.`;
  return new CitywatchError('request.too-large', { detail });
}

/** Collects lines as they are read, and refuses what goes beyond the limits at once. */
export class Lines {
  readonly all: Line[] = [];
  readonly #limits: TableLimits;

  constructor(limits: TableLimits) {
    this.#limits = limits;
  }

  /** Errors: `request.too-large`, `request.invalid` for a cell or a line that is no such of a table of devices. */
  add({ line, cells }: Line): void {
    const { rowsMax, columnsMax, cellMax } = this.#limits;
    const last = cells.findLastIndex(({ text }) => text !== '') + 1;
    if (last === 0) return;
    if (last > columnsMax) throw badFile(`line ${line} has more than ${columnsMax} cells`);
    const long = cells.findIndex(({ text }) => text.length > cellMax);
    if (long >= 0) throw badFile(`line ${line}, cell ${long + 1} holds more than ${cellMax} characters`);
    if (this.all.length > rowsMax) throw tooLarge(`A file has at most ${rowsMax} rows`);
    this.all.push({ line, cells: cells.slice(0, last) });
  }
}
