import qrcode from 'qrcode-generator';
import type { DeviceId } from '../../core/types.ts';
import { placeOf, type SheetFormat } from './formats.ts';

/** What is written on the label of a device. Nothing of it is a secret: whoever stands there may read it. */
export interface LabelText {
  id: DeviceId;
  name: string;
  /** What it is, in Chinese. */
  kind: string;
  /** The address that the code holds. */
  address: string;
}

/** A filled rectangle, in micrometres from the corner of the page. */
export interface Bar {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line {
  x: number;
  /** Of the base line. */
  y: number;
  size: number;
  text: string;
}

/** One label as it is drawn on its page. */
export interface DrawnLabel {
  page: number;
  bars: Bar[];
  lines: Line[];
}

/** Modules that stay white around a code (ISO/IEC 18004, 6.3.8). */
const QUIET = 4;
const GAP = 1_500;
const SIZES = { name: 3_600, id: 2_500, small: 2_200 } as const;
const LEADING = 1.25;

/** The label with this number, code and text, where it stands on the sheet. */
export function drawLabel(text: LabelText, format: SheetFormat, index: number): DrawnLabel {
  const { page, x, y } = placeOf(format, index);
  const { inset, code, label } = format;
  const codeTop = y + Math.floor((label.height - code) / 2);
  const left = x + inset + code + GAP;
  const width = x + label.width - inset - left;
  const lines: Line[] = [];
  let base = y + inset;
  const write = (size: number, texts: readonly string[]): void => {
    for (const each of texts) {
      base += size * LEADING;
      lines.push({ x: left, y: base, size, text: each });
    }
  };
  // Whole: it is what people type where the code cannot be read. The name has what room is left.
  const id = wrapped(text.id, width / SIZES.id);
  const room = label.height - 2 * inset - (SIZES.small + id.length * SIZES.id) * LEADING;
  write(SIZES.name, shortened(wrapped(text.name, width / SIZES.name), Math.floor(room / (SIZES.name * LEADING))));
  write(SIZES.small, shortened(wrapped(text.kind, width / SIZES.small), 1));
  write(SIZES.id, id);
  return { page, lines, bars: barsOf(text.address, { x: x + inset, y: codeTop, side: code }) };
}

/** Labels by the page that they are on, in order. */
export function pagesOf(labels: readonly DrawnLabel[]): DrawnLabel[][] {
  const pages = new Map<number, DrawnLabel[]>();
  for (const label of labels) pages.set(label.page, [...(pages.get(label.page) ?? []), label]);
  return [...pages.values()];
}

/** The dark modules of a code, those beside each other in a row as one bar. */
function barsOf(address: string, { x, y, side }: { x: number; y: number; side: number }): Bar[] {
  const code = qrcode(0, 'M');
  code.addData(address, 'Byte');
  code.make();
  const count = code.getModuleCount();
  const module = Math.floor(side / (count + 2 * QUIET));
  const from = Math.floor((side - module * count) / 2);
  const bars: Bar[] = [];
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      if (!code.isDark(row, column)) continue;
      const begun = column;
      while (column + 1 < count && code.isDark(row, column + 1)) column += 1;
      const width = (column - begun + 1) * module;
      bars.push({ x: x + from + begun * module, y: y + from + row * module, width, height: module });
    }
  }
  return bars;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|[^\0-\uffff]/u;
/** Of the size of the letters; wider than Latin letters are in most fonts. */
const NARROW_EM = 0.64;

/** Breaks text into lines of so many times its size, between any two characters, as Chinese is. */
function wrapped(text: string, ems: number): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const character of text) {
    const width = WIDE.test(character) ? 1 : NARROW_EM;
    if (used + width > ems && line !== '') {
      lines.push(line);
      [line, used] = ['', 0];
    }
    line += character;
    used += width;
  }
  return line === '' ? lines : [...lines, line];
}

function shortened(lines: readonly string[], max: number): string[] {
  if (lines.length <= max) return [...lines];
  return [...lines.slice(0, max - 1), `${[...lines[max - 1]!].slice(0, -1).join('')}…`];
}
