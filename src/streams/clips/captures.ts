import { messageOf } from '../../core/errors.ts';
import { Counter, Gauge, type Observer } from '../../core/observe.ts';
import type { Epoch } from '../fmp4/live-window.ts';
import type { Fragment } from '../fmp4/wall-clock.ts';
import type { CameraPool } from '../pool/camera-pool.ts';
import type { Ask, StreamLease } from '../pool/pool.ts';
import type { ClipAsked, ClipHole } from './clip.ts';
import type { Moment } from './moments.ts';

export interface CapturesDeps {
  pool: Pick<CameraPool, 'lease' | 'list' | 'qualityOf'>;
  observer: Observer;
}

export interface CaptureLimits {
  /** Held of all clips together, beyond what live video holds itself; then no more is held, and the clip says so. */
  bytesMax: number;
  atOnceMax: number;
}

/** Of a gateway: 17 clips of 30 s of cameras with 4 Mbit/s at once; what is beyond comes from recordings. */
export const CAPTURE_LIMITS: CaptureLimits = { bytesMax: 256 * 1024 * 1024, atOnceMax: 128 };

type Span = Pick<ClipAsked, 'device' | 'quality' | 'fromMs' | 'toMs' | 'alert'>;

/** What was caught for a clip. */
export interface Caught {
  moments: Moment[];
  /** Why there is nothing of a time, as far as it is known here; the first that fits counts. */
  reasons: ClipHole[];
}

interface Capture {
  span: Span;
  moments: Moment[];
  reasons: ClipHole[];
  bytes: number;
  isOver: boolean;
  epoch: Epoch | null;
  lease: StreamLease | null;
  unlisten: () => void;
}

const NOT_PULLED = 'no pre-roll: not pulled';

/**
 * Holds the video of clips that are being made: what live video still has of the time before, and what comes until
 * their time is over. The bytes are those of live video, shared with it; a camera is pulled for it like for a viewer.
 */
export class Captures {
  readonly #deps: CapturesDeps;
  readonly #limits: CaptureLimits;
  readonly #captures = new Map<string, Capture>();
  readonly #full: Counter;
  #bytes = 0;

  constructor(deps: CapturesDeps, limits: CaptureLimits) {
    this.#deps = deps;
    this.#limits = limits;
    const registers = [deps.observer.metrics];
    this.#full = new Counter({
      name: 'citywatch_clip_captures_full_total',
      help: 'Clips of which not all was held, because as much is held for clips as may be.',
      registers,
    });
    const held = () => this.#bytes;
    new Gauge({
      name: 'citywatch_clip_bytes',
      help: 'Bytes of video that are held for clips.',
      registers,
      collect() {
        this.set(held());
      },
    });
  }

  /**
   * Begins to hold what comes of a camera. `atMs` is now; nothing is pulled for a time that is over, but what live
   * video has of it is taken.
   */
  async begin(id: string, span: Span, atMs: number): Promise<void> {
    const isPulled = await this.#isPulled(span);
    if (this.#captures.has(id) || (span.toMs <= atMs && !isPulled)) return;
    const capture: Capture = {
      span,
      moments: [],
      reasons: [],
      bytes: 0,
      isOver: false,
      epoch: null,
      lease: null,
      unlisten: () => {},
    };
    if (this.#captures.size >= this.#limits.atOnceMax) {
      this.#full.inc();
      return;
    }
    this.#captures.set(id, capture);
    if (!isPulled) capture.reasons.push({ ...span, toMs: atMs, cause: 'not-pulled', detail: NOT_PULLED });
    try {
      const lease = await this.#deps.pool.lease(askOf(span));
      if (capture.isOver) lease.release();
      else this.#listen(capture, lease);
    } catch (error) {
      const detail = error instanceof Error && error.name === 'StreamFailure' ? error.message : null;
      capture.reasons.push({ ...span, cause: 'camera', detail });
      this.#deps.observer.log.debug({ part: 'clips', ...span, error: messageOf(error) }, 'no live video for a clip');
    }
  }

  /** What was caught until now; it goes on. */
  look(id: string): Caught {
    const { moments, reasons } = this.#captures.get(id) ?? { moments: [], reasons: [] };
    return { moments, reasons };
  }

  /** Nothing more is wanted of it, and what was held goes. */
  end(id: string): void {
    const capture = this.#captures.get(id);
    if (!capture) return;
    this.#captures.delete(id);
    this.#close(capture);
    this.#bytes -= capture.bytes;
  }

  stop(): void {
    for (const id of [...this.#captures.keys()]) this.end(id);
  }

  /** By the one pull, too, of a camera that has one picture for whatever is asked. */
  async #isPulled(span: Span): Promise<boolean> {
    const { pool } = this.#deps;
    const pulled = pool.list().filter(({ deviceId }) => deviceId === span.device);
    if (pulled.some(({ quality }) => quality === span.quality)) return true;
    if (pulled.length === 0) return false;
    const given = await pool.qualityOf(askOf(span));
    return pulled.some(({ quality }) => quality === given);
  }

  #listen(capture: Capture, lease: StreamLease): void {
    capture.lease = lease;
    const { fromMs } = capture.span;
    for (const { epoch, fragment } of lease.pull.window.since(fromMs)) this.#take(capture, epoch, fragment);
    if (capture.isOver) return;
    capture.unlisten = lease.listen({
      epoch: (epoch) => {
        capture.epoch = epoch;
      },
      fragment: (fragment) => {
        if (capture.epoch) this.#take(capture, capture.epoch, fragment);
      },
      failed: ({ message }) => {
        const last = capture.moments.at(-1);
        const since = last ? last.startsAtMs + last.durationMs : fromMs;
        capture.reasons.push({ fromMs: since, toMs: capture.span.toMs, cause: 'camera', detail: message });
      },
    });
    // What was there may have reached the end already.
    if (capture.isOver) capture.unlisten();
  }

  #take(capture: Capture, epoch: Epoch, fragment: Fragment): void {
    const { startsAtMs, durationMs, key, data } = fragment;
    if (capture.isOver || startsAtMs <= (capture.moments.at(-1)?.startsAtMs ?? Number.NEGATIVE_INFINITY)) return;
    if (startsAtMs >= capture.span.toMs) {
      this.#close(capture);
      return;
    }
    if (this.#bytes + data.length > this.#limits.bytesMax) {
      this.#full.inc();
      capture.reasons.push({ fromMs: startsAtMs, toMs: capture.span.toMs, cause: 'memory', detail: null });
      this.#close(capture);
      return;
    }
    capture.bytes += data.length;
    this.#bytes += data.length;
    capture.moments.push({
      startsAtMs,
      durationMs,
      key,
      bytes: data.length,
      run: epoch.token,
      init: epoch.init,
      source: 'memory',
      read: async () => data,
    });
  }

  #close(capture: Capture): void {
    if (capture.isOver) return;
    capture.isOver = true;
    capture.unlisten();
    capture.lease?.release();
  }
}

function askOf({ device: deviceId, quality, alert }: Span): Ask {
  return { deviceId, quality, use: alert === null ? 'record' : 'alert' };
}
