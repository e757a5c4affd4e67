import type { DeviceId } from '../../core/types.ts';
import type { RowStep } from '../bulk/steps.ts';
import { isClear, ROUNDED } from './column-types.ts';
import { COLUMNS, type Column, columnTitled, ID, titleOf } from './columns.ts';
import { unescapeCell } from './formula.ts';
import { badFile, type Cell, type Line } from './reading/table.ts';
import { markUnitTwins } from './unit-columns.ts';

/** What is wrong with a row: where, what, and what would be right. `column` is null where it is the row as a whole. */
export interface Fault {
  column: string | null;
  message: string;
}

/** A row as it was written. */
export interface SheetRow {
  line: number;
  /** By the names of columns: null empties the field, a cell that is empty is not there. */
  cells: Record<string, string | null>;
  faults: Fault[];
  /** Other lines of the file that name the same unit. */
  twins?: number[];
  /** The version that whoever asked for it has seen; any where it is absent. */
  version?: number;
  step?: RowStep;
  /** Rows, by their ids, that must be applied before it. */
  behind?: DeviceId[];
}

export interface Sheet {
  rows: SheetRow[];
  /** Names of the columns that were understood. */
  columns: string[];
  /** Titles that are none: what stands below them is left out. */
  unknownColumns: string[];
}

/** Above the titles people write what the table is. */
const HEADER_AMONG = 10;
/** So many titles make a header. */
const KNOWN_MIN = 2;

/**
 * Finds the header and reads the rows below it. Errors: `request.invalid` for a table without a header, without a
 * column of ids, or with two columns for the same.
 */
export function sheetOf(lines: readonly Line[]): Sheet {
  const start = lines.slice(0, HEADER_AMONG).findIndex(isHeader);
  if (start < 0) {
    const known = COLUMNS.map(titleOf).join(', ');
    throw badFile(`has no header: one of its first ${HEADER_AMONG} lines must name columns, such as ${known}`);
  }
  const header = lines[start]!.cells.map(({ text }) => columnTitled(text) ?? text.trim());
  const columns = header.filter((one): one is Column => typeof one !== 'string');
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice) throw badFile(`has two columns for ${titleOf(twice)}`);
  if (!columns.includes(ID)) throw badFile(`has no column ${titleOf(ID)}, by which a device is recognised`);
  const rows = lines.slice(start + 1).map((line) => rowOf(line, header));
  markTwins(rows, columns);
  markUnitTwins(rows);
  const unknownColumns = header.filter((one): one is string => typeof one === 'string' && one !== '');
  return { rows, columns: columns.map(({ name }) => name), unknownColumns };
}

function isHeader({ cells }: Line): boolean {
  return cells.filter(({ text, isTyped }) => !isTyped && columnTitled(text)).length >= KNOWN_MIN;
}

function rowOf({ line, cells }: Line, header: readonly (Column | string)[]): SheetRow {
  const row: SheetRow = { line, cells: {}, faults: [] };
  for (const [index, cell] of cells.entries()) {
    const column = header[index];
    if (column === undefined) {
      if (cell.text.trim() !== '')
        row.faults.push({ column: null, message: `cell ${index + 1} has no title above it` });
    } else if (typeof column !== 'string') {
      readCell(row, column, cell);
    }
  }
  if (typeof row.cells[ID.name] !== 'string' && row.faults.length === 0) {
    row.faults.push({ column: titleOf(ID), message: 'must be given: by it a device is recognised' });
  }
  return row;
}

function readCell(row: SheetRow, column: Column, { text, isTyped }: Cell): void {
  const said = unescapeCell(text.trim());
  if (said === '') return;
  row.cells[column.name] = isClear(text.trim()) ? null : said;
  const message = isTyped && column.type.isExact ? ROUNDED : isTyped && said.startsWith('#') ? BROKEN_FORMULA : null;
  if (message !== null) row.faults.push({ column: titleOf(column), message });
}

const BROKEN_FORMULA = 'holds an error of a formula: type the value itself';

/** Two rows with the same id: nobody can know which of them is right. */
function markTwins(rows: readonly SheetRow[], columns: readonly Column[]): void {
  for (const column of columns.filter(({ isUnique }) => isUnique)) {
    const lines = new Map<string, number[]>();
    for (const { line, cells } of rows) {
      const said = cells[column.name];
      if (typeof said === 'string') lines.set(said, [...(lines.get(said) ?? []), line]);
    }
    for (const row of rows) {
      const others = (lines.get(row.cells[column.name] ?? '') ?? []).filter((line) => line !== row.line).slice(0, 5);
      if (others.length === 0) continue;
      const message = `the same stands in line ${others.join(', ')}: leave one of them`;
      row.faults.push({ column: titleOf(column), message });
    }
  }
}
