import { isClear } from './column-types.ts';

/** A cell that begins so is run by a spreadsheet program. Chinese ones take the wide signs for them too. */
const DANGEROUS = /^[=+\-@\t\r\n＝＋－＠']/;

/** Whether a cell must not stand as it is: a program would run it, or an import take it for a word of its own. */
const needsMark = (text: string): boolean => DANGEROUS.test(text) || isClear(text.trim());

/** A cell without the apostrophe that exports put before what needs one. Others that a person typed stay. */
export function unescapeCell(text: string): string {
  return text.startsWith("'") && needsMark(text.slice(1)) ? text.slice(1) : text;
}

/** A cell that no spreadsheet program takes for a formula, nor an import for a word of its own. */
export function escapeCell(text: string): string {
  return needsMark(text) ? `'${text}` : text;
}
