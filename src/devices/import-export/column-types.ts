import { DAY_MS } from '../../core/clock.ts';
import { plainFingerprint } from '../registry/input.ts';

/** Says what is wrong with a cell, and what would be right. */
export class Wrong {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** How the cells of a column are read and written. */
export interface ColumnType {
  /** A name or number that tells things apart: a spreadsheet must hold it as text, or it is another one. */
  isExact: boolean;
  read(text: string): unknown;
  /** What `read` reads again. */
  write(value: never): string;
}

/** Empties a field, since an empty cell leaves it as it is. */
const CLEAR = '(clear)';
const CLEARS = new Set([CLEAR, '（清空）', '(清空)']);

export function isClear(text: string): boolean {
  return CLEARS.has(text.toLowerCase());
}

/** Excel shows and saves numbers of more than eleven digits so. */
const SCIENTIFIC = /^-?\d(?:[.,]\d+)?E\+\d{2,}$/;

/** Text that is compared with its spaces at both ends left out. */
export const TEXT: ColumnType = { isExact: false, read: (text) => text, write: (value: string) => value };

/** Ids, serial numbers, hardware addresses, versions, passwords. */
export const EXACT: ColumnType = {
  isExact: true,
  read: (text) => (SCIENTIFIC.test(text) ? new Wrong(ROUNDED) : text),
  write: (value: string) => value,
};

export const ROUNDED =
  'Excel rounded this, or took its leading zeros: format the column as text and type the value anew';

/** A number as people and spreadsheets write it; never `Infinity`. */
export const NUMBER: ColumnType = {
  isExact: false,
  read: (text) => {
    const isNumber = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text);
    return isNumber && Number.isFinite(Number(text)) ? Number(text) : new Wrong('must be a number such as 31.4675');
  },
  write: (value: number) => String(value),
};

/** A part of a list: up to a semicolon that has no backslash before it. */
const PART = /(?:\\[\\;；]|[^;；])+/g;

/** Several, with semicolons between them; `\;` is one within a part. */
export function listOf({ isExact, read }: ColumnType): ColumnType {
  return {
    isExact,
    read: (text) => {
      const parts = (text.match(PART) ?? []).map((part) => part.trim().replace(/\\([\\;；])/g, '$1'));
      const values = parts.filter((part) => part !== '').map(read);
      return values.find((value) => value instanceof Wrong) ?? values;
    },
    write: (value: readonly string[]) => value.map((part) => part.replace(/[\\;；]/g, '\\$&')).join(';'),
  };
}

/** One of a few codes; people may write any of their names. What is none of them is left to the registry to refuse. */
export function oneOf(names: Readonly<Record<string, readonly string[]>>): ColumnType {
  const codes = new Map<string, string>();
  for (const [code, others] of Object.entries(names))
    for (const name of [code, ...others]) codes.set(plain(name), code);
  return { isExact: false, read: (text) => codes.get(plain(text)) ?? text, write: (value: string) => value };
}

/** SHA-256 as programs write it, with or without what stands between the bytes. */
export const FINGERPRINT: ColumnType = {
  isExact: true,
  read: (text) => (SCIENTIFIC.test(text) ? new Wrong(ROUNDED) : plainFingerprint(text)),
  write: (value: string) => value,
};

const TRUTH = oneOf({
  true: ['yes', 'y', '1', '是', '有', '支持', '√'],
  false: ['no', 'n', '0', '否', '无', '不支持', '×'],
});

export const YES_OR_NO: ColumnType = {
  isExact: false,
  read: (text) => {
    const read = TRUTH.read(text);
    return read === 'true' || read === 'false' ? read === 'true' : new Wrong('must be yes (是) or no (否)');
  },
  write: (value: boolean) => (value ? 'yes' : 'no'),
};

/** Day 0 of the numbers by which Excel counts days. */
const EXCEL_EPOCH_MS = Date.UTC(1899, 11, 30);

/** A day, also as Chinese people write it, or as the number that a spreadsheet keeps for it. */
export const DAY: ColumnType = {
  isExact: false,
  read: (text) => {
    if (/^\d{5}(?:\.\d+)?$/.test(text))
      return new Date(EXCEL_EPOCH_MS + Math.floor(Number(text)) * DAY_MS).toISOString().slice(0, 10);
    const parts = /^(\d{4})\D(\d{1,2})\D(\d{1,2})日?$/.exec(text);
    const [, year, month, day] = parts ?? [];
    return parts ? `${year}-${month!.padStart(2, '0')}-${day!.padStart(2, '0')}` : text;
  },
  write: (value: string) => value,
};

/** A moment as its day in UTC. */
export const DAY_OF_MOMENT: ColumnType = { ...DAY, write: (atMs: number) => new Date(atMs).toISOString().slice(0, 10) };

/** Names as they are compared: without case, spaces and the marks that people put between words. */
export function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_\-*:./]/g, '');
}
