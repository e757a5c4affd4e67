import fc from 'fast-check';
import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { readLines } from '../../../../src/devices/import-export/reading/read-lines.ts';
import { TABLE_LIMITS } from '../../../../src/devices/import-export/reading/table.ts';
import { anyCharacter } from '../../../support/any-text.ts';
import {
  csvOf,
  encoded,
  fitsGbk,
  type TextEncoding,
  workbook,
  xlsxOf,
  zipOf,
} from '../../../support/devices/spreadsheets.ts';

const read = (file: Buffer, limits = TABLE_LIMITS) => readLines(file, limits);
const texts = async (file: Buffer) => (await read(file)).map(({ cells }) => cells.map(({ text }) => text));

async function refusal(file: Buffer, limits = TABLE_LIMITS): Promise<string> {
  const error = await read(file, limits).catch((thrown: unknown) => thrown);
  if (!(error instanceof CitywatchError)) throw new Error(`taken, or failed by itself: ${error}`);
  return error.message;
}

const HEADER = ['编号', '名称', 'lat'];

/** Rows as they come back: without empty cells at their ends, and without empty rows. */
function trimmed(rows: readonly (readonly string[])[]): string[][] {
  return rows.map((row) => row.slice(0, row.findLastIndex((cell) => cell !== '') + 1)).filter((row) => row.length > 0);
}

const cell = fc
  .oneof(
    fc.constantFrom('', ' ', '绵阳市涪城区', '=1+1', '2.10', '007', '"', ',', ';', '\t', 'a\nb', '联通', "'", '🎥'),
    fc.string({ maxLength: 12 }),
    fc.string({ unit: anyCharacter, maxLength: 6 }),
  )
  // What XML 1.0 cannot carry is no text of a spreadsheet; a lone CR ends a line.
  .map((text) => text.replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|\ufeff/gu, ''));
const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { maxLength: 8 });

t.test('whatever the encoding, the delimiter and the quotes, the same cells come out', async (t) => {
  const ways = {
    encoding: fc.constantFrom<TextEncoding>('utf-8', 'utf-8-bom', 'utf-16le', 'utf-16be', 'gbk'),
    delimiter: fc.constantFrom(',', ';', '\t'),
    lineEnd: fc.constantFrom('\r\n', '\n'),
    allQuoted: fc.boolean(),
  };
  await fc.assert(
    fc.asyncProperty(table, fc.record(ways), async (rows, { encoding, ...style }) => {
      const all = [HEADER, ...rows];
      const text = csvOf(all, style);
      fc.pre(encoding !== 'gbk' || fitsGbk(text));
      t.strictSame(await texts(encoded(text, encoding)), trimmed(all));
    }),
    { numRuns: 60 },
  );
});

t.test('an XLSX of another program says the same, and which cells hold no text', async (t) => {
  await fc.assert(
    fc.asyncProperty(table, async (rows) => {
      // The program that writes them loses texts that are names of what every object has, and what stands behind a
      // code point that is no character (U+1FFFE, U+10FFFF and the like).
      fc.pre(!rows.flat().some((text) => text in {} || /\p{Noncharacter_Code_Point}/u.test(text)));
      const all = [HEADER, ...rows];
      t.strictSame(await texts(await xlsxOf(all)), trimmed(all));
    }),
    { numRuns: 12 },
  );
  const typed = await read(
    await xlsxOf([HEADER, ['34020000001320000001', 'x', 31.4], [Number('34020000001320000001'), true]]),
  );
  t.strictSame(
    typed[1]!.cells.map(({ isTyped }) => isTyped),
    [false, false, true],
  );
  t.strictSame(
    typed[2]!.cells.map(({ isTyped }) => isTyped),
    [true, true],
  );
  t.equal(typed[2]!.line, 3);
});

t.test('a line has the number that stands beside it, however many lines a cell above it has', async (t) => {
  const lines = await read(Buffer.from('id,name\r\n"a","two\nlines"\r\n\r\nb,x\r\n'));
  t.strictSame(
    lines.map(({ line }) => line),
    [1, 2, 5],
  );
});

t.test('what is no table is refused in words', async (t) => {
  const rows = csvOf(Array.from({ length: 50 }, (_, index) => [`cam-${index}`, '涪城区', '31.4']));
  const unclosed = `${rows}cam-x,"open,1\r\n${rows}`;
  t.match(await refusal(Buffer.from(unclosed)), /begins at line 51 does not end: a quotation mark/);
  t.match(await refusal(Buffer.from('id,name\r\na,3" pipe\r\n')), /line 2 is no CSV: .* doubled/);
  t.match(await refusal(Buffer.from('id,name\r\na,"x"y\r\n')), /line 2 is no CSV/);
  const mixed = Buffer.concat([encoded(rows, 'utf-8'), encoded('cam-y,安州区,31\r\n', 'gbk')]);
  t.match(await refusal(mixed), /two encodings: line 1 is UTF-8 and line 51 is not/);
  t.match(await refusal(Buffer.from([0x61, 0x2c, 0xff, 0xff, 0x0a])), /no encoding that is known/);
  t.match(await refusal(Buffer.from([1, 0, 0, 2, 0, 0, 3, 4])), /zero bytes/);
  t.match(await refusal(Buffer.from([0xff, 0xfe, 0x61])), /in the middle of a character/);
  t.match(await refusal(Buffer.from('')), /holds no rows/);
  t.match(await refusal(Buffer.from(',,\r\n,,\r\n')), /holds no rows/);
  t.match(await refusal(Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1])), /save it as XLSX/);
});

t.test('limits hold before the rest is read', async (t) => {
  const limits = { ...TABLE_LIMITS, rowsMax: 3, columnsMax: 4, cellMax: 10 };
  t.match(await refusal(Buffer.alloc(TABLE_LIMITS.fileBytesMax + 1)), /at most 8388608 bytes: split the file/);
  t.match(await refusal(Buffer.from('a\n'.repeat(5)), limits), /at most 3 rows: split/);
  t.match(await refusal(Buffer.from('a,b,c,d,e\n'), limits), /line 1 has more than 4 cells/);
  t.match(await refusal(Buffer.from('a\nbcdefghijklm\n'), limits), /line 2, cell 1 holds more than 10/);
  t.match(await refusal(Buffer.from(`a\n"${'x\n'.repeat(400)}`), limits), /line 2 does not end/);
  t.match(await refusal(await xlsxOf([['a'], ['b', null, null, null, 'c']]), limits), /line 2 has more than 4 cells/);
  t.equal((await read(Buffer.from('a,b,,,,,,\n'), limits))[0]!.cells.length, 2);
});

t.test('a bomb, a cut file, a file with a password and entities are no spreadsheets', async (t) => {
  const limits = { ...TABLE_LIMITS, unpackedBytesMax: 1_000_000 };
  const row = '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row>';
  const whole = await zipOf(workbook(row));
  t.strictSame(await texts(whole), [['id']]);
  const bomb = await zipOf(workbook(row, { 'xl/sharedStrings.xml': Buffer.alloc(2_000_000, 0x20) }));
  t.ok(bomb.length < 10_000);
  t.match(await refusal(bomb, limits), /Unpacked, the XLSX file is larger/);
  t.match(await refusal(lyingAboutSize(bomb, 2_000_000, 1_000)), /no whole XLSX file/);
  t.match(await refusal(whole.subarray(0, whole.length - 30)), /no whole XLSX file/);
  t.match(await refusal(await zipOf({ 'a.txt': 'x' })), /no XLSX workbook/);
  const hidden = '<workbook><sheets><sheet state="hidden" r:id="rId1"/></sheets></workbook>';
  const noSheet = { 'xl/workbook.xml': hidden, 'xl/worksheets/sheet1.xml': '' };
  t.match(await refusal(await zipOf(workbook(row, noSheet))), /holds no rows|no sheet|broken/);
  const entities = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><sst><si><t>&b;</t></si></sst>';
  t.match(await refusal(await zipOf(workbook(row, { 'xl/sharedStrings.xml': entities }))), /document type/);
  t.match(await refusal(await zipOf(workbook('<row><c><v>1</c></row>'))), /XML that is broken/);
  const many = Object.fromEntries(Array.from({ length: 2_001 }, (_, index) => [`xl/media/${index}.png`, 'x']));
  t.match(await refusal(await zipOf({ ...many, ...workbook(row) })), /more than 2000 parts/);
});

t.test('readings of characters, runs and escapes are read as one text', async (t) => {
  const strings =
    '<sst><si><r><t>绵</t></r><r><t>阳</t></r><rPh><t>みえ</t></rPh></si><si><t>a_x005F_x0041_</t></si></sst>';
  const row = '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="str"><f>A1</f><v>x</v></c></row>';
  t.strictSame(await texts(await zipOf(workbook(row, { 'xl/sharedStrings.xml': strings }))), [
    ['绵阳', 'a_x0041_', 'x'],
  ]);
});

/** The same file, whose directory says another size of the part that is `real` bytes large. */
function lyingAboutSize(file: Buffer, real: number, told: number): Buffer {
  const copy = Buffer.from(file);
  for (let at = 0; at + 4 <= copy.length; at += 1) if (copy.readUInt32LE(at) === real) copy.writeUInt32LE(told, at);
  return copy;
}
