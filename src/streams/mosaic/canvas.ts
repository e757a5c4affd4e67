import { isSet, LETTER } from './letters.ts';

/** Where a tile lies in the picture, pixels; all even, as colours are of two. */
export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Brightness in video (ITU-R BT.601): black, dark grey, white; colours are grey at the middle. */
const BLACK = 16;
const DARK = 40;
const WHITE = 235;
const GREY = 128;
const TEXT_SCALE = 2;

/** One picture of raw pixels (I420) into which tiles and words are put. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Buffer;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.data = Buffer.alloc(pictureBytes({ width, height }), GREY);
    this.data.fill(BLACK, 0, width * height);
  }

  /** Puts a picture of raw pixels of this size there. */
  put(place: Place, picture: Buffer): void {
    let from = 0;
    for (const plane of this.#planesOf(place)) {
      for (let row = 0; row < plane.height; row += 1) {
        const at = plane.at + row * plane.stride;
        from += picture.copy(this.data, at, from, from + plane.width);
      }
    }
  }

  /** Makes a tile dark. */
  clear(place: Place): void {
    for (const [index, plane] of this.#planesOf(place).entries()) {
      for (let row = 0; row < plane.height; row += 1) {
        const at = plane.at + row * plane.stride;
        this.data.fill(index === 0 ? DARK : GREY, at, at + plane.width);
      }
    }
  }

  /** Writes words on black, as many as fit into `place`, at a line of it; counted from the end where it is negative. */
  write(place: Place, text: string, line: number): void {
    const lineHeight = (LETTER.height + 2) * TEXT_SCALE;
    const top = line < 0 ? place.height + line * lineHeight : line * lineHeight;
    if (top < 0 || top + lineHeight > place.height) return;
    const width = Math.min(place.width, (text.length * LETTER.width + 2) * TEXT_SCALE);
    for (let y = 0; y < lineHeight; y += 1) {
      const at = (place.y + top + y) * this.width + place.x;
      this.data.fill(BLACK, at, at + width);
      for (let x = TEXT_SCALE; x < width; x += 1) if (isInk(text, x, y)) this.data[at + x] = WHITE;
    }
  }

  #planesOf({ x, y, width, height }: Place) {
    const [w, h] = [this.width, this.height];
    const colour = { stride: w / 2, width: width / 2, height: height / 2 };
    const at = (y / 2) * (w / 2) + x / 2;
    return [
      { stride: w, width, height, at: y * w + x },
      { ...colour, at: w * h + at },
      { ...colour, at: w * h + (w * h) / 4 + at },
    ];
  }
}

function isInk(text: string, x: number, y: number): boolean {
  const column = Math.floor(x / TEXT_SCALE) - 1;
  const letter = text[Math.floor(column / LETTER.width)] ?? ' ';
  return isSet(letter, column % LETTER.width, Math.floor(y / TEXT_SCALE) - 1);
}

/** Bytes of a picture of raw pixels (I420). */
export function pictureBytes({ width, height }: Pick<Place, 'width' | 'height'>): number {
  return (width * height * 3) / 2;
}

/** Where `count` tiles lie in a picture: row by row, each as large as the others. */
export function placesOf(count: number, { width, height }: Pick<Place, 'width' | 'height'>): Place[] {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const even = (pixels: number) => Math.floor(pixels / 2) * 2;
  const tile = { width: even(width / columns), height: even(height / rows) };
  return Array.from({ length: count }, (_, index) => ({
    x: (index % columns) * tile.width,
    y: Math.floor(index / columns) * tile.height,
    ...tile,
  }));
}
