import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clip, readClip, withKeyEvery } from './mp4.ts';
import { drawSnapshot, encodedSize, findOverlayFont, type Overlay } from './overlay.ts';
import { EncodedSource, PlainSource } from './sources.ts';
import { inH265 } from './transcode.ts';
import type { Codec, Quality, VideoSource } from './video.ts';

const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));
const CLIP_PATH = join(MEDIA, 'cctv-pedestrians.mp4');
const PICTURE_PATH = join(MEDIA, 'cctv-pedestrians.jpg');

/** The clip of the camera with this number begins this much later than that of the one before. */
const STEP_S = 7;
const ROUND_S = 77;
const SNAPSHOT_LIFE_MS = 1_000;
/** Of the clip. */
const PLAIN_SIZE = { width: 768, height: 576 };
const ALL_H264: Record<Quality, Codec> = { main: 'H264', sub: 'H264' };

/** Where one camera's pictures come from. */
export interface Pictures {
  sources: Record<Quality, VideoSource>;
  codecs: Record<Quality, Codec>;
  sizes: Record<Quality, { width: number; height: number }>;
  fps: number;
  snapshot(): Promise<Buffer>;
}

export interface StudioOptions {
  /** The clip as it is, without ffmpeg and without name and clock: for hundreds of cameras. */
  plain: boolean;
  /** Pictures from one key frame of plain pictures to the next, at most; 20 (2 s) when absent, as the clip has them. */
  keyEvery?: number;
  /** Another clip than the one that comes along; its pictures are not reordered. */
  clipPath?: string;
  ffmpeg?: string;
  warn?(sentence: string): void;
}

/** Makes pictures for all cameras of a process: one clip in memory, one directory for the labels. */
export class Studio {
  readonly #clip: Clip;
  readonly #picture: Buffer;
  readonly #overlay: Omit<Overlay, 'labelPath' | 'startS'> | null;
  readonly #directory: string;
  readonly #ffmpeg: string;
  readonly #clipPath: string;
  #h265: Promise<Clip> | null = null;
  #cameras = 0;

  private constructor(parts: {
    clip: Clip;
    picture: Buffer;
    overlay: Omit<Overlay, 'labelPath' | 'startS'> | null;
    directory: string;
    ffmpeg: string;
    clipPath: string;
  }) {
    this.#clip = parts.clip;
    this.#picture = parts.picture;
    this.#overlay = parts.overlay;
    this.#directory = parts.directory;
    this.#ffmpeg = parts.ffmpeg;
    this.#clipPath = parts.clipPath;
  }

  /** Without a usable ffmpeg or font it warns and falls back to plain pictures. */
  static async open({
    plain,
    keyEvery,
    clipPath = CLIP_PATH,
    ffmpeg = 'ffmpeg',
    warn,
  }: StudioOptions): Promise<Studio> {
    const found = plain ? null : await findOverlayFont(ffmpeg);
    if (found && 'reason' in found) warn?.(`Cameras show neither name nor clock: ${found.reason}.`);
    const overlay = found && 'fontPath' in found ? { ffmpeg, clipPath, fontPath: found.fontPath } : null;
    const directory = await mkdtemp(join(tmpdir(), 'citywatch-simulator-'));
    const clip = await readClip(clipPath);
    const brisk = keyEvery === undefined ? clip : withKeyEvery(clip, keyEvery);
    return new Studio({ clip: brisk, picture: await readFile(PICTURE_PATH), overlay, directory, ffmpeg, clipPath });
  }

  /** Whether name and clock are in the pictures. */
  get overlaid(): boolean {
    return this.#overlay !== null;
  }

  /**
   * Pictures of one camera. The main ones in H.265 are the clip without name and clock, made when the first camera asks
   * for them; the sub ones stay H.264, as cameras have them for whoever cannot show the others.
   */
  async pictures(label: string, codec: Codec = 'H264'): Promise<Pictures> {
    if (codec === 'H264') return this.#inH264(label);
    this.#h265 ??= inH265(this.#ffmpeg, this.#clipPath, this.#directory);
    const [pictures, clip] = await Promise.all([this.#inH264(label), this.#h265]);
    const main = new PlainSource(clip, this.#cameras);
    const sizes = { ...pictures.sizes, main: PLAIN_SIZE };
    return { ...pictures, sizes, sources: { ...pictures.sources, main }, codecs: { main: codec, sub: 'H264' } };
  }

  async #inH264(label: string): Promise<Pictures> {
    const number = this.#cameras++;
    const fps = Math.round((this.#clip.units.length * 90_000) / this.#clip.durationTicks);
    if (!this.#overlay) return this.#plain(number, fps);
    const labelPath = join(this.#directory, `${number}.txt`);
    // Control characters would end the line that drawtext draws; the rest is taken as it is.
    await writeFile(labelPath, label.replace(/[\p{Cc}]/gu, ' '));
    const overlay = { ...this.#overlay, labelPath, startS: (number * STEP_S) % ROUND_S };
    return {
      sources: { main: new EncodedSource(overlay, 'main'), sub: new EncodedSource(overlay, 'sub') },
      sizes: { main: encodedSize('main'), sub: encodedSize('sub') },
      codecs: ALL_H264,
      fps,
      snapshot: rarely(() => drawSnapshot(overlay)),
    };
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  #plain(number: number, fps: number): Pictures {
    return {
      sources: { main: new PlainSource(this.#clip, number), sub: new PlainSource(this.#clip, number) },
      sizes: { main: PLAIN_SIZE, sub: PLAIN_SIZE },
      codecs: ALL_H264,
      fps,
      snapshot: async () => this.#picture,
    };
  }
}

/** Everybody who asks within a second gets the same picture: a snapshot costs an ffmpeg process. */
function rarely(make: () => Promise<Buffer>): () => Promise<Buffer> {
  let last: { atMs: number; picture: Promise<Buffer> } | null = null;
  return () => {
    if (!last || performance.now() - last.atMs > SNAPSHOT_LIFE_MS) {
      last = { atMs: performance.now(), picture: make() };
      last.picture.catch(() => {
        last = null;
      });
    }
    return last.picture;
  };
}
