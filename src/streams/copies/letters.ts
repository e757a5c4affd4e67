import type { Font } from 'fontkit';

/** A file with letters, also Chinese ones; `name` tells one of several in it. */
export interface LetterFile {
  path: string;
  name: string;
}

/** A grey picture, a byte a point: 0 black, 255 white. */
export interface GreyBitmap {
  width: number;
  height: number;
  data: Buffer;
}

/** Points of a letter are looked at so many times each way. */
const SAMPLES = 3;
/** Of a curve. */
const STEPS = 6;
const MARGIN = 6;

interface Point {
  x: number;
  y: number;
}

/** Draws lines of text as white letters on black. What a font has no letter for is drawn as its box for that. */
export class Letters {
  readonly #font: Font;
  readonly #size: number;

  constructor(font: Font, size: number) {
    this.#font = font;
    this.#size = size;
  }

  /** Rejects where the file cannot be used. */
  static async open({ path, name }: LetterFile, size: number): Promise<Letters> {
    // Large, and needed by few: read when somebody asks for it.
    const { open } = await import('fontkit');
    return new Letters(await open(path, name), size);
  }

  /** The text in lines no wider than so many points; `linesMax` at most, of which the last ends with an ellipsis. */
  lines(text: string, width: number, linesMax: number): string[] {
    const lines: string[] = [];
    let line = '';
    for (const letter of text) {
      if (line !== '' && this.#widthOf(line + letter) > width - 2 * MARGIN) {
        lines.push(line);
        line = '';
      }
      line += letter;
    }
    if (line !== '') lines.push(line);
    if (lines.length <= linesMax) return lines;
    return [...lines.slice(0, linesMax - 1), `${lines[linesMax - 1]!.slice(0, -1)}…`];
  }

  /** So wide, and as high as the lines need. */
  draw(lines: readonly string[], width: number): GreyBitmap {
    const lineHeight = Math.ceil(this.#size * 1.3);
    const height = even(lines.length * lineHeight + 2 * MARGIN);
    const data = Buffer.alloc(width * height);
    for (const [index, line] of lines.entries()) {
      this.#drawLine(line, { width, height, data }, MARGIN + index * lineHeight + this.#size);
    }
    return { width, height, data };
  }

  #widthOf(text: string): number {
    const { positions } = this.#font.layout(text);
    return positions.reduce((sum, { xAdvance }) => sum + xAdvance, 0) * this.#scale;
  }

  get #scale(): number {
    return this.#size / this.#font.unitsPerEm;
  }

  #drawLine(text: string, bitmap: GreyBitmap, baseline: number): void {
    const { glyphs, positions } = this.#font.layout(text);
    let x = MARGIN;
    for (const [index, { path }] of glyphs.entries()) {
      const place = (px: number, py: number): Point => ({ x: x + px * this.#scale, y: baseline - py * this.#scale });
      fill(outlines(path.commands, place), bitmap);
      x += positions[index]!.xAdvance * this.#scale;
    }
  }
}

function even(value: number): number {
  return value + (value % 2);
}

/** The outlines of a letter as lines, each closed. */
function outlines(
  commands: readonly { command: string; args: number[] }[],
  place: (x: number, y: number) => Point,
): Point[][] {
  const found: Point[][] = [];
  for (const { command, args } of commands) {
    const points = Array.from({ length: args.length / 2 }, (_, n) => place(args[2 * n]!, args[2 * n + 1]!));
    const line = found.at(-1);
    if (command === 'moveTo') found.push([points[0]!]);
    else if (command === 'lineTo') line?.push(points[0]!);
    else if (line && points.length > 1) {
      const [from, whole] = [line.at(-1)!, points];
      for (let step = 1; step <= STEPS; step += 1) line.push(onCurve([from, ...whole], step / STEPS));
    }
  }
  return found;
}

/** De Casteljau: quadratic and cubic curves alike. */
function onCurve(points: readonly Point[], at: number): Point {
  if (points.length === 1) return points[0]!;
  const between = points.slice(1).map((next, n) => ({
    x: points[n]!.x + (next.x - points[n]!.x) * at,
    y: points[n]!.y + (next.y - points[n]!.y) * at,
  }));
  return onCurve(between, at);
}

/** Fills what the outlines go around (non-zero winding). */
function fill(lines: readonly Point[][], { width, height, data }: GreyBitmap): void {
  const all = lines.flat();
  const top = Math.max(0, Math.floor(Math.min(...all.map(({ y }) => y))));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(...all.map(({ y }) => y))));
  const share = 255 / (SAMPLES * SAMPLES);
  for (let row = top; row <= bottom; row += 1) {
    const counts = new Uint8Array(width);
    for (let sub = 0; sub < SAMPLES; sub += 1) {
      for (const [from, to] of insideOf(lines, row + (sub + 0.5) / SAMPLES)) {
        const first = Math.max(0, Math.ceil(from * SAMPLES - 0.5));
        const last = Math.min(width * SAMPLES - 1, Math.floor(to * SAMPLES - 0.5));
        for (let at = first; at <= last; at += 1) counts[Math.floor(at / SAMPLES)]! += 1;
      }
    }
    for (let x = 0; x < width; x += 1) {
      if (counts[x]! > 0)
        data[row * width + x] = Math.min(255, Math.round(data[row * width + x]! + counts[x]! * share));
    }
  }
}

/** From where to where a horizontal line is inside of the outlines. */
function insideOf(lines: readonly Point[][], y: number): [number, number][] {
  const crossings: { x: number; turn: number }[] = [];
  for (const points of lines) {
    for (const [n, one] of points.entries()) {
      const other = points[(n + 1) % points.length]!;
      if (one.y <= y === other.y <= y) continue;
      const x = one.x + ((y - one.y) / (other.y - one.y)) * (other.x - one.x);
      crossings.push({ x, turn: one.y < other.y ? 1 : -1 });
    }
  }
  crossings.sort((one, other) => one.x - other.x);
  const spans: [number, number][] = [];
  let winding = 0;
  for (const [n, { x, turn }] of crossings.entries()) {
    winding += turn;
    if (winding !== 0 && crossings[n + 1]) spans.push([x, crossings[n + 1]!.x]);
  }
  return spans;
}
