import { isClear } from './column-types.ts';

/** A cell that begins so is run by a spreadsheet program; the wide signs are taken for them in Chinese ones. */
const DANGEROUS = /^[=+\-@\t\r\n＝＋－＠']/;

const needsMark = (text: string): boolean => DANGEROUS.test(text) || isClear(text.trim());

/** A cell that no spreadsheet program takes for a formula, nor an import for a word of its own: `'` stands before it. */
export function escapeCell(text: string): string {
  return needsMark(text) ? `'${text}` : text;
}

/** What {@link escapeCell} was given. An apostrophe that a person typed before anything else stays. */
export function unescapeCell(text: string): string {
  return text.startsWith("'") && needsMark(text.slice(1)) ? text.slice(1) : text;
}
