import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import { snapshotTask } from '../ffmpeg/arguments.ts';
import type { LocalSocket, LocalSockets } from '../ffmpeg/local-sockets.ts';
import type { Spawner } from '../ffmpeg/spawner.ts';
import { type BareVideo, bareVideo } from '../fmp4/annex-b.ts';
import type { LiveWindow } from '../fmp4/live-window.ts';
import { asFailure, StreamFailure } from '../pool/types.ts';

/** One still picture, and when the gateway made it of the newest key frame it had. */
export interface Snapshot {
  jpeg: Buffer;
  atMs: number;
}

export interface SnapshotsDeps {
  clock: Clock;
  sockets: LocalSockets;
  spawner: Spawner;
}

const AT_ONCE_MAX = 2;
const WAITING_MAX = 64;
const DEADLINE_MS = 5_000;
const SETTLE_MS = 200;
const FRESH_MS = 2_000;
const CACHED_MAX = 64;
/** Cameras that send no key frames refresh the whole picture within this. */
const REFRESH_MS = 3_000;
const SKIPPED_SHARE = 0.7;
const JPEG_BYTES_MAX = 8 * 1024 * 1024;

/** Makes still pictures of what pulls have in memory. Who asks for the same camera at the same time shares one. */
export class Snapshots {
  readonly #deps: SnapshotsDeps;
  readonly #cached = new BoundedMap<string, { picture: Promise<Snapshot>; atMs: number }>(CACHED_MAX);
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(deps: SnapshotsDeps) {
    this.#deps = deps;
  }

  /** A picture at most two seconds older than the newest key frame. `key` names the pull. Rejects within 5 s. */
  take(key: string, window: LiveWindow): Promise<Snapshot> {
    const nowMs = this.#deps.clock.monotonicMs();
    const cached = this.#cached.get(key);
    if (cached && nowMs - cached.atMs <= FRESH_MS) return cached.picture;
    const picture = this.#make(window);
    this.#cached.set(key, { picture, atMs: nowMs });
    picture.catch(() => {
      if (this.#cached.get(key)?.picture === picture) this.#cached.delete(key);
    });
    return picture;
  }

  async #make(window: LiveWindow): Promise<Snapshot> {
    const limit = deadline(this.#deps.clock, DEADLINE_MS);
    try {
      await this.#turn(limit.signal);
      try {
        return await this.#decode(window, limit.signal);
      } finally {
        this.#running -= 1;
        this.#waiting.shift()?.();
      }
    } catch (error) {
      throw limit.signal.aborted ? new StreamFailure('timeout', 'No still picture in time.') : error;
    } finally {
      limit.cancel();
    }
  }

  /** Waits for one of the few places; whoever gets one must give it back. */
  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#running >= AT_ONCE_MAX) {
      if (this.#waiting.length >= WAITING_MAX) throw new CitywatchError('stream.full', { retryAfterS: 2 });
      let wake = () => {};
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      this.#waiting.push(wake);
      await orAborted(woken, signal).catch((error: unknown) => {
        const at = this.#waiting.indexOf(wake);
        if (at >= 0) this.#waiting.splice(at, 1);
        else this.#waiting.shift()?.();
        throw error;
      });
    }
    this.#running += 1;
  }

  async #decode(window: LiveWindow, signal: AbortSignal): Promise<Snapshot> {
    const atMs = this.#deps.clock.nowMs();
    const opened: LocalSocket[] = [];
    try {
      const { video, skip } = newestVideo(window);
      const input = await this.#deps.sockets.open();
      opened.push(input);
      const output = await this.#deps.sockets.open();
      opened.push(output);
      const task = snapshotTask({ format: video.format, skip, input: input.path, output: output.path });
      const process = this.#deps.spawner.run(task, { urgent: true });
      try {
        void input.connection.then((socket) => socket.end(video.data)).catch(() => {});
        const ended = process.ended.then(async (): Promise<never> => {
          // Its last bytes may still be on their way through the socket.
          await this.#deps.clock.sleep(SETTLE_MS, signal);
          throw new StreamFailure('nonsense', 'Its picture cannot be decoded.');
        });
        return { jpeg: await orAborted(Promise.race([readJpeg(output), ended]), signal), atMs };
      } finally {
        process.stop();
      }
    } catch (error) {
      throw asFailure(error, 'ffmpeg');
    } finally {
      for (const local of opened) local.close();
    }
  }
}

/** The newest whole picture where it needs no other; else the last seconds, whose last pictures are the best. */
function newestVideo(window: LiveWindow): { video: BareVideo; skip: number } {
  const key = window.newestKey();
  const video = key && bareVideo(key.epoch.init, [key.fragment]);
  if (video?.wholeAtFirst) return { video, skip: 0 };
  const recent = window.recent(REFRESH_MS);
  if (!recent) throw new StreamFailure('no-key-frame');
  const whole = bareVideo(recent.epoch.init, recent.fragments);
  // Not all of them may be decoded, and none must be missed.
  return { video: whole, skip: Math.max(1, Math.floor(whole.pictures * SKIPPED_SHARE)) };
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
