import { readCsv } from './csv-lines.ts';
import { badFile, type Lines, type TableLimits, tooLarge } from './table.ts';
import { readXlsx } from './xlsx-lines.ts';

const ZIP_MARK = Buffer.from('PK\x03\x04', 'latin1');
/** Excel before 2007, and files with a password. */
const OLD_MARK = Buffer.from([0xd0, 0xcf, 0x11, 0xe0]);

/**
 * The lines of a table that was sent as a file, CSV or XLSX by its first bytes. Errors: `request.invalid` for what is
 * neither, or empty; `request.too-large`.
 */
export async function readLines(file: Buffer, limits: TableLimits): Promise<Lines['all']> {
  if (file.length > limits.fileBytesMax) throw tooLarge(`A file has at most ${limits.fileBytesMax} bytes`);
  if (file.subarray(0, OLD_MARK.length).equals(OLD_MARK)) {
    throw badFile('is an old Excel file (XLS), or protected by a password; save it as XLSX without one');
  }
  const isZip = file.subarray(0, ZIP_MARK.length).equals(ZIP_MARK);
  const { all } = await (isZip ? readXlsx(file, limits) : readCsv(file, limits));
  if (all.length === 0) throw badFile('holds no rows');
  return all;
}
