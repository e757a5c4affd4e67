import decode from 'qr/decode.js';

/** A picture to look for a code in, and how long that may take (ms). */
export interface Look {
  id: number;
  image: { width: number; height: number; data: Uint8ClampedArray };
  timeLimitMs: number;
}

export interface Seen {
  id: number;
  /** Null: no code is seen. */
  text: string | null;
}

addEventListener('message', ({ data: { id, image, timeLimitMs } }: MessageEvent<Look>) => {
  postMessage({ id, text: textIn(image, timeLimitMs) } satisfies Seen);
});

function textIn(image: Look['image'], timeLimit: number): string | null {
  try {
    return decode(image, { timeLimit });
  } catch {
    return null;
  }
}
