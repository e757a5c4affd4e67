/** Width and height that pictures are judged in. */
export const SMALL = { width: 192, height: 108 } as const;

/** Brightness of points of a picture, row by row: 0 black, 255 white. Points, not means: those keep the noise. */
export type SmallPicture = Uint8Array;

/** Pictures of one run of ffmpeg; each is told by its height, see `smallPicturesTask`. */
const HEAD = /^P5\s+(\d{1,5})\s+(\d{1,5})\s+255\s/;
const HEAD_BYTES_MAX = 32;

/** The pictures that came, by their place in the run; one that is not there could not be decoded. */
export function readSmall(data: Buffer): Map<number, SmallPicture> {
  const found = new Map<number, SmallPicture>();
  for (let rest = data; rest.length > 0; ) {
    const head = HEAD.exec(rest.toString('latin1', 0, HEAD_BYTES_MAX));
    const [width, height] = [Number(head?.[1] ?? 0), Number(head?.[2] ?? 0)];
    const from = head?.[0].length ?? 0;
    const end = from + width * height;
    if (width !== SMALL.width || height <= SMALL.height || end > rest.length) break;
    // A copy: those of a run lie in one buffer, which nothing should hold.
    found.set(height - SMALL.height - 1, Uint8Array.from(rest.subarray(from, from + SMALL.width * SMALL.height)));
    rest = rest.subarray(end);
  }
  return found;
}
