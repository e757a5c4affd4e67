import sax from 'sax';
import { badFile, type Cell, Lines, type TableLimits } from './table.ts';
import { Zip } from './zip.ts';

const WORKBOOK = 'xl/workbook.xml';
const WORKBOOK_RELATIONS = 'xl/_rels/workbook.xml.rels';
const STRINGS = 'xl/sharedStrings.xml';
const FIRST_SHEET = 'xl/worksheets/sheet1.xml';

/** What is told of one part: names without their prefixes, texts whole. */
interface Telling {
  open?(name: string, attributes: Record<string, string>): void;
  /** The text that stood directly in the element that ends. */
  close?(name: string, text: string): void;
}

/**
 * The lines of the first visible sheet of an XLSX, the header among them. A cell tells whether it holds text: Excel
 * turns what looks like a number into one as it is typed. Of a formula its last result counts. Errors:
 * `request.invalid` for what is no such file, `request.too-large` beyond the limits.
 */
export async function readXlsx(file: Buffer, limits: TableLimits): Promise<Lines> {
  const zip = await Zip.open(file, limits);
  if (!zip.has(WORKBOOK)) throw badFile('is no XLSX workbook; save it as XLSX or as CSV UTF-8');
  const sheet = await firstSheet(zip);
  const strings = await sharedStrings(zip);
  const lines = new Lines(limits);
  let row = 0;
  let cells: Cell[] = [];
  let at = 0;
  let type = '';
  let text = '';
  await read(zip, sheet, {
    open: (name, attributes) => {
      if (name === 'row') {
        row = Number(attributes.r ?? row + 1);
        cells = [];
        at = -1;
      } else if (name === 'c') {
        at = columnOf(attributes.r) ?? at + 1;
        type = attributes.t ?? 'n';
        text = '';
      }
    },
    close: (name, inner) => {
      if (name === 'v' || name === 't') text += inner;
      else if (name === 'c' && text !== '') put(cells, at, cellOf(type, text, strings), { row, limits });
      else if (name === 'row') lines.add({ line: row, cells: Array.from(cells, (cell) => cell ?? EMPTY) });
    },
  });
  return lines;
}

const EMPTY: Cell = { text: '', isTyped: false };

function put(cells: Cell[], at: number, cell: Cell, { row, limits }: { row: number; limits: TableLimits }): void {
  if (at >= limits.columnsMax) throw badFile(`line ${row} has more than ${limits.columnsMax} cells`);
  cells[at] = cell;
}

function cellOf(type: string, text: string, strings: readonly string[]): Cell {
  if (type === 's') return { text: strings[Number(text)] ?? '', isTyped: false };
  if (type === 'str' || type === 'inlineStr') return { text: unescaped(text), isTyped: false };
  if (type === 'b') return { text: text === '1' ? 'TRUE' : 'FALSE', isTyped: true };
  return { text, isTyped: true };
}

/** From `AB12` the number of the column, from 0. */
function columnOf(reference: string | undefined): number | null {
  const letters = /^[A-Z]{1,3}/.exec(reference ?? '')?.[0];
  if (!letters) return null;
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

async function firstSheet(zip: Zip): Promise<string> {
  let id: string | undefined;
  const isShown = (state: string | undefined): boolean => state === undefined || state === 'visible';
  await read(zip, WORKBOOK, {
    open: (name, attributes) => {
      if (name === 'sheet' && isShown(attributes.state)) id ??= attributes['r:id'];
    },
  });
  const targets = new Map<string, string>();
  await read(zip, WORKBOOK_RELATIONS, {
    open: (name, { Id, Target }) => {
      if (name === 'Relationship' && Id && Target) targets.set(Id, Target);
    },
  });
  const target = targets.get(id ?? '');
  const path = target === undefined ? FIRST_SHEET : target.startsWith('/') ? target.slice(1) : `xl/${target}`;
  if (!zip.has(path)) throw badFile('has no sheet that is shown');
  return path;
}

async function sharedStrings(zip: Zip): Promise<string[]> {
  const strings: string[] = [];
  let text = '';
  /** Below how many readings of Chinese characters we are: they are no part of the text. */
  let phonetic = 0;
  await read(zip, STRINGS, {
    open: (name) => {
      if (name === 'si') text = '';
      if (name === 'rPh') phonetic += 1;
    },
    close: (name, inner) => {
      if (name === 'rPh') phonetic -= 1;
      else if (name === 't' && phonetic === 0) text += inner;
      else if (name === 'si') strings.push(unescaped(text));
    },
  });
  return strings;
}

/** Reads a part without keeping it. Types of documents are refused: with them come entities. */
async function read(zip: Zip, part: string, telling: Telling): Promise<void> {
  const xml = sax.parser(true);
  let text = '';
  let fault: string | null = null;
  xml.onerror = () => {
    fault ??= 'holds XML that is broken';
  };
  xml.ondoctype = () => {
    fault ??= 'holds a document type, which no XLSX file has';
  };
  xml.onopentag = ({ name, attributes }) => {
    text = '';
    telling.open?.(plain(name), attributes as Record<string, string>);
  };
  xml.ontext = xml.oncdata = (piece) => {
    text += piece;
  };
  xml.onclosetag = (name) => {
    telling.close?.(plain(name), text);
    text = '';
  };
  for await (const piece of zip.text(part)) {
    if (fault === null) xml.write(piece);
    if (fault !== null) throw badFile(`${fault} (${part})`);
  }
}

function plain(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** Characters that XML has no place for stand in a spreadsheet as `_x000D_`. */
function unescaped(text: string): string {
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
