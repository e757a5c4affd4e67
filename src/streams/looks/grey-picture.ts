/** What a picture looks like without anybody seeing it. */
export interface GreyPicture {
  width: number;
  height: number;
  /** Mean of its brightness: 0 black, 100 white. */
  brightnessPct: number;
  /** How far its brightness differs from pixel to pixel (standard deviation), 0 for one plain grey. */
  contrastPct: number;
}

/** Binary PGM with one byte a pixel, as ffmpeg writes it. */
const HEAD = /^P5\s+(\d{1,5})\s+(\d{1,5})\s+255\s/;
const HEAD_BYTES_MAX = 32;
/** Enough to tell night from day, and the same for a picture of any size. */
const SAMPLES = 65_536;
const WHITE = 255;

/** Reads the last of some PGM pictures that stand one after the other; null where there is no whole one. */
export function readGrey(data: Buffer): GreyPicture | null {
  let last: GreyPicture | null = null;
  for (let rest = data; rest.length > 0; ) {
    const head = HEAD.exec(rest.toString('latin1', 0, HEAD_BYTES_MAX));
    const [width, height] = [Number(head?.[1] ?? 0), Number(head?.[2] ?? 0)];
    const end = (head?.[0].length ?? 0) + width * height;
    if (!head || width === 0 || height === 0 || end > rest.length) break;
    last = { width, height, ...measure(rest.subarray(head[0].length, end)) };
    rest = rest.subarray(end);
  }
  return last;
}

function measure(pixels: Buffer): Pick<GreyPicture, 'brightnessPct' | 'contrastPct'> {
  // An odd step, so that not the same column of each row is looked at.
  const step = Math.max(1, Math.floor(pixels.length / SAMPLES)) | 1;
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (let at = 0; at < pixels.length; at += step) {
    const value = pixels[at]!;
    sum += value;
    squares += value * value;
    count += 1;
  }
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
  return { brightnessPct: percent(mean), contrastPct: percent(deviation) };
}

function percent(value: number): number {
  return Math.round((value / WHITE) * 1_000) / 10;
}
