import type { Clock } from '../../core/clock.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import { snapshotTask } from '../ffmpeg/arguments.ts';
import type { LocalSocket } from '../ffmpeg/local-sockets.ts';
import { type BareVideo, bareVideo } from '../fmp4/annex-b.ts';
import type { LiveWindow } from '../fmp4/live-window.ts';
import { Decoder, type DecoderDeps } from '../looks/decoder.ts';
import { StreamFailure } from '../pool/types.ts';

/** One still picture, and when it was taken: Unix ms, by the receipt of its key frame. */
export interface Snapshot {
  jpeg: Buffer;
  atMs: number;
}

const LIMITS = {
  atOnceMax: 2,
  waitingMax: 64,
  late: () => new StreamFailure('timeout', 'No still picture in time.'),
};
const FRESH_MS = 2_000;
const CACHED_MAX = 64;
/** Cameras that send no key frames refresh the whole picture within this. */
const REFRESH_MS = 3_000;
const SKIPPED_SHARE = 0.7;
const JPEG_BYTES_MAX = 8 * 1024 * 1024;

/** Makes still pictures of what pulls have in memory. Who asks for the same camera at the same time shares one. */
export class Snapshots {
  readonly #clock: Clock;
  readonly #decoder: Decoder;
  readonly #cached = new BoundedMap<string, { picture: Promise<Snapshot>; atMs: number }>(CACHED_MAX);

  constructor(deps: DecoderDeps) {
    this.#clock = deps.clock;
    this.#decoder = new Decoder(deps, LIMITS);
  }

  /** A picture will be asked for: what makes it starts while the camera answers. */
  prepare(): void {
    this.#decoder.prepare();
  }

  /** A picture at most two seconds older than the newest key frame. `key` names the pull. Rejects within 5 s. */
  take(key: string, window: LiveWindow): Promise<Snapshot> {
    const nowMs = this.#clock.monotonicMs();
    const cached = this.#cached.get(key);
    if (cached && nowMs - cached.atMs <= FRESH_MS) return cached.picture;
    const picture = this.#make(window);
    this.#cached.set(key, { picture, atMs: nowMs });
    picture.catch(() => {
      if (this.#cached.get(key)?.picture === picture) this.#cached.delete(key);
    });
    return picture;
  }

  #make(window: LiveWindow): Promise<Snapshot> {
    return this.#decoder.run(() => {
      const { video, skip, atMs } = newestVideo(window);
      return {
        data: video.data,
        taskOf: (paths) => snapshotTask({ format: video.format, skip, ...paths }),
        read: async (output) => ({ jpeg: await readJpeg(output), atMs }),
      };
    });
  }
}

/** The newest whole picture where it needs no other; else the last seconds, whose last pictures are the best. */
function newestVideo(window: LiveWindow): { video: BareVideo; skip: number; atMs: number } {
  const key = window.newestKey();
  const video = key && bareVideo(key.epoch.init, [key.fragment]);
  if (video?.wholeAtFirst) return { video, skip: 0, atMs: key!.fragment.startsAtMs };
  const recent = window.recent(REFRESH_MS);
  if (!recent) throw new StreamFailure('no-key-frame');
  const whole = bareVideo(recent.epoch.init, recent.fragments);
  // Not all of them may be decoded, and none must be missed.
  const { startsAtMs, durationMs } = recent.fragments.at(-1)!;
  const skip = Math.max(1, Math.floor(whole.pictures * SKIPPED_SHARE));
  return { video: whole, skip, atMs: startsAtMs + durationMs };
}

/** The last whole JPEG that comes out of the socket; else never resolves, and the end of ffmpeg decides. */
async function readJpeg(local: LocalSocket): Promise<Buffer> {
  const never = new Promise<never>(() => {});
  const socket = await local.connection.catch(() => never);
  let data = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      data = Buffer.concat([data, chunk]);
      if (data.length > JPEG_BYTES_MAX) data = Buffer.from(lastJpeg(data) ?? data);
      if (data.length > JPEG_BYTES_MAX) reject(new StreamFailure('nonsense', 'Its picture is too large.'));
    });
    socket.once('end', () => {
      const jpeg = lastJpeg(data);
      if (jpeg) resolve(jpeg);
    });
  });
}

const JPEG_BEGINS = Buffer.from([0xff, 0xd8, 0xff]);
const JPEG_ENDS = Buffer.from([0xff, 0xd9]);

/** ffmpeg writes pictures one after the other; inside of one, neither mark occurs. */
function lastJpeg(data: Buffer): Buffer | null {
  const end = data.lastIndexOf(JPEG_ENDS);
  const from = end < 0 ? -1 : data.lastIndexOf(JPEG_BEGINS, end);
  return from < 0 ? null : data.subarray(from, end + JPEG_ENDS.length);
}
