import writeExcelFile from 'write-excel-file/node';
import { ZipFile } from 'yazl';

/** A cell as it is typed: a number is kept as a number by a spreadsheet. */
export type Typed = string | number | boolean | null;

export type TextEncoding = 'utf-8' | 'utf-8-bom' | 'utf-16le' | 'utf-16be' | 'gbk';

/** A CSV as spreadsheet programs write it: what has to stand between quotes does, or all of it with `allQuoted`. */
export function csvOf(
  rows: readonly (readonly string[])[],
  { delimiter = ',', lineEnd = '\r\n', allQuoted = false } = {},
): string {
  const special = new RegExp(`["\\r\\n${delimiter}]`);
  const cell = (text: string) => (allQuoted || special.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map(cell).join(delimiter) + lineEnd).join('');
}

/** Text as bytes. GBK is made by trying what each pair of bytes is read as, since no encoder of it is at hand. */
export function encoded(text: string, encoding: TextEncoding): Buffer {
  if (encoding === 'utf-8') return Buffer.from(text);
  if (encoding === 'utf-8-bom') return Buffer.from(`\ufeff${text}`);
  if (encoding === 'utf-16le') return Buffer.from(`\ufeff${text}`, 'utf16le');
  if (encoding === 'utf-16be') return Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
  return Buffer.concat([...text].map((character) => gbk.get(character) ?? Buffer.from(character)));
}

const gbk = new Map<string, Buffer>();
const decoder = new TextDecoder('gbk', { fatal: true });
for (let first = 0x81; first <= 0xfe; first += 1) {
  for (let second = 0x40; second <= 0xfe; second += 1) {
    const bytes = Buffer.from([first, second]);
    const character = decodedOrNull(bytes);
    if (character && [...character].length === 1 && !gbk.has(character)) gbk.set(character, bytes);
  }
}

/** Whether all of a text can be written in GBK. */
export function fitsGbk(text: string): boolean {
  return [...text].every((character) => character.charCodeAt(0) < 0x80 || gbk.has(character));
}

function decodedOrNull(bytes: Buffer): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** An XLSX by a library that is not ours. */
export async function xlsxOf(rows: readonly (readonly Typed[])[]): Promise<Buffer> {
  const cells = rows.map((row) =>
    row.map((value) => (value === null || value === '' ? null : { value, type: typeOf(value) })),
  );
  return (await writeExcelFile(cells as never).toBuffer()) as Buffer;
}

function typeOf(value: NonNullable<Typed>) {
  return typeof value === 'string' ? String : typeof value === 'number' ? Number : Boolean;
}

/** Any parts zipped, for files that no spreadsheet program writes. */
export async function zipOf(parts: Record<string, string | Buffer>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(parts)) zip.addBuffer(Buffer.from(content as string), name);
  zip.end();
  const pieces: Buffer[] = [];
  for await (const piece of zip.outputStream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** The parts of a workbook with one sheet, whose rows are given as XML. */
export function workbook(rows: string, over: Record<string, string | Buffer> = {}): Record<string, string | Buffer> {
  return {
    'xl/workbook.xml': '<workbook><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels':
      '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
    'xl/worksheets/sheet1.xml': `<worksheet><sheetData>${rows}</sheetData></worksheet>`,
    ...over,
  };
}
