/** All lengths are whole micrometres: many labels in a row then stand where the first one does, without rounding. */
export const UM_PER_MM = 1_000;

/** Paper, and how labels stand on it. */
export interface SheetFormat {
  page: { width: number; height: number };
  label: { width: number; height: number };
  columns: number;
  rows: number;
  /** Where the first label begins. */
  left: number;
  top: number;
  /** Kept free at the edges of a label: printers and cutters are off by a millimetre or two. */
  inset: number;
  /** Side of the code with its quiet zone. */
  code: number;
}

/** `a4`: 24 labels of 70 x 37 mm without gaps. `roll`: one label of 60 x 40 mm after the other. */
export const SHEETS = {
  a4: {
    page: { width: 210_000, height: 297_000 },
    label: { width: 70_000, height: 37_000 },
    columns: 3,
    rows: 8,
    left: 0,
    top: 500,
    inset: 4_000,
    code: 29_000,
  },
  roll: {
    page: { width: 60_000, height: 40_000 },
    label: { width: 60_000, height: 40_000 },
    columns: 1,
    rows: 1,
    left: 0,
    top: 0,
    inset: 3_000,
    code: 32_000,
  },
} as const satisfies Record<string, SheetFormat>;

export type SheetName = keyof typeof SHEETS;

export function labelsPerPage({ columns, rows }: SheetFormat): number {
  return columns * rows;
}

/** Where the label with this number stands, counted from the first place of the first page. */
export function placeOf(format: SheetFormat, index: number): { page: number; x: number; y: number } {
  const perPage = labelsPerPage(format);
  const onPage = index % perPage;
  const x = format.left + (onPage % format.columns) * format.label.width;
  const y = format.top + Math.floor(onPage / format.columns) * format.label.height;
  return { page: Math.floor(index / perPage), x, y };
}
