import { trustedWorker } from '../../ground/trusted.ts';
import type { Look, Seen } from './decoder.ts';
import decoderUrl from './decoder.ts?worker&url';

/** What a browser reads itself; Chrome on a telephone does, and more than codes of squares. */
interface Detector {
  detect(image: ImageBitmapSource): Promise<{ rawValue: string }[]>;
}

interface DetectorClass {
  new (asked: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

/** Codes on labels of ours, and those that makers print serial numbers as. */
const FORMATS = ['qr_code', 'data_matrix', 'code_128', 'code_39', 'ean_13'];

async function ownDetector(): Promise<Detector | null> {
  const { BarcodeDetector: Own } = globalThis as { BarcodeDetector?: DetectorClass };
  if (!Own) return null;
  const known = await Own.getSupportedFormats().catch((): string[] => []);
  const formats = FORMATS.filter((format) => known.includes(format));
  return formats.includes('qr_code') ? new Own({ formats }) : null;
}

/**
 * Reads codes in pictures: by the browser where it can, else by a decoder of ours in a worker, so that the page goes on
 * while it looks. To be closed.
 */
export class CodeReader {
  #own: Promise<Detector | null> | null = null;
  #worker: Worker | null = null;
  #count = 0;
  readonly #waiting = new Map<number, (text: string | null) => void>();

  /** What the code says; null where none is seen. `picture` gives out the pixels, where the browser cannot read it. */
  async read(source: ImageBitmapSource, pixels: () => ImageData, timeLimitMs: number): Promise<string | null> {
    this.#own ??= ownDetector();
    const own = await this.#own;
    const [seen] = (await own?.detect(source).catch(() => [])) ?? [];
    if (seen) return seen.rawValue;
    return await this.#decode(pixels(), timeLimitMs);
  }

  close(): void {
    this.#worker?.terminate();
    this.#worker = null;
    for (const tell of this.#waiting.values()) tell(null);
    this.#waiting.clear();
  }

  #decode({ width, height, data }: ImageData, timeLimitMs: number): Promise<string | null> {
    const worker = this.#started();
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      worker.postMessage({ id, image: { width, height, data }, timeLimitMs } satisfies Look, [data.buffer]);
    });
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(trustedWorker(decoderUrl));
    worker.onmessage = ({ data: { id, text } }: MessageEvent<Seen>) => {
      this.#waiting.get(id)?.(text);
      this.#waiting.delete(id);
    };
    worker.onerror = () => this.close();
    this.#worker = worker;
    return worker;
  }
}

/** The pixels of a picture, no larger than a code needs. */
export function pixelsOf(picture: CanvasImageSource, { width, height, sideMaxPx }: Size): ImageData {
  const scale = Math.min(1, sideMaxPx / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new TypeError('no canvas');
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

interface Size {
  width: number;
  height: number;
  sideMaxPx: number;
}
