import { createHash } from 'node:crypto';
import { MINUTE_MS } from '../../../core/clock.ts';
import type { DeviceId } from '../../../core/types.ts';
import type { Epoch } from '../../fmp4/live-window.ts';
import type { Fragment } from '../../fmp4/wall-clock.ts';
import type { Quality } from '../../pool/types.ts';

/** What stands in a file of a recording, and later in its row: a file without a row can be found again by it. */
export interface SegmentHead {
  device: DeviceId;
  quality: Quality;
  /** Unix ms by the gateway's clock, of the first picture. */
  startsAtMs: number;
  /** End of the file before, where this one follows it without a hole; null where it does not. */
  previousEndsAtMs: number | null;
  /** Pictures with the same token come from one unbroken run of the camera's stream. */
  continuity: string;
  leaseEpoch: number;
  /** Fetched from the camera's own storage; absent where it was recorded as it came. */
  source?: 'edge' | undefined;
}

/** What is to be done with files, in this order. */
export type Cut =
  | { type: 'open'; head: SegmentHead; init: Buffer }
  | { type: 'write'; data: Buffer; endsAtMs: number }
  | { type: 'close' };

export interface CutterLimits {
  /** A file ends at the first key frame after the camera's own moment within each of these, ms. */
  segmentMs: number;
  /** It ends without a key frame after this long, ms: a camera may send none. */
  longestMs: number;
  /** And beyond so many bytes. */
  bytesMax: number;
  /** Fragments further apart than this do not stand in one file, ms. */
  holeMs: number;
}

/** A minute of the fastest camera (60 Mbit/s) is 450 MB. */
const CUTTER_LIMITS: CutterLimits = {
  segmentMs: MINUTE_MS,
  longestMs: 1.5 * MINUTE_MS,
  bytesMax: 512 * 1024 * 1024,
  holeMs: 500,
};

/** Ends are sums of fractions of a millisecond; what lies so close together follows. */
const TOGETHER_MS = 1;

interface OpenFile {
  startsAtMs: number;
  endsAtMs: number;
  bytes: number;
}

/**
 * Cuts what one camera sends into files of a minute. Each camera is cut at a moment of its own within the minute, so
 * that a thousand of them do not close their files at once. A file holds pictures of one run without a hole.
 */
export class Cutter {
  readonly #camera: Pick<SegmentHead, 'device' | 'quality' | 'source'>;
  readonly #limits: CutterLimits;
  readonly #offsetMs: number;
  #epoch: Epoch | null = null;
  #open: OpenFile | null = null;
  /** End of the last file, and the run it came from. */
  #last: { endsAtMs: number; token: string } | null = null;

  constructor(camera: Pick<SegmentHead, 'device' | 'quality' | 'source'>, limits: CutterLimits = CUTTER_LIMITS) {
    this.#camera = camera;
    this.#limits = limits;
    this.#offsetMs = offsetOf(camera.device, limits.segmentMs);
  }

  /** A new run: its pictures are decoded by another initialisation segment. */
  epoch(epoch: Epoch): Cut[] {
    const cuts = this.end();
    this.#epoch = epoch;
    return cuts;
  }

  /** Nothing before the first key frame of a file can be shown, so it is left out. */
  fragment(fragment: Fragment): Cut[] {
    if (!this.#epoch) return [];
    const cuts = this.#open && this.#endsBefore(this.#open, fragment) ? this.end() : [];
    if (!this.#open) {
      if (!fragment.key) return cuts;
      cuts.push(this.#begin(this.#epoch, fragment));
    }
    const endsAtMs = fragment.startsAtMs + fragment.durationMs;
    this.#open!.endsAtMs = endsAtMs;
    this.#open!.bytes += fragment.data.length;
    cuts.push({ type: 'write', data: fragment.data, endsAtMs });
    return cuts;
  }

  /** Ends the file: the stream broke, or nothing more is to be recorded. */
  end(): Cut[] {
    if (!this.#open) return [];
    this.#last = { endsAtMs: this.#open.endsAtMs, token: this.#epoch!.token };
    this.#open = null;
    return [{ type: 'close' }];
  }

  /** The file cannot be written on; the next one begins at the next key frame. */
  abandon(): void {
    this.#open = null;
    this.#last = null;
  }

  #begin(epoch: Epoch, { startsAtMs }: Fragment): Cut {
    this.#open = { startsAtMs, endsAtMs: startsAtMs, bytes: 0 };
    const follows =
      this.#last?.token === epoch.token && startsAtMs - this.#last.endsAtMs <= TOGETHER_MS && this.#last.endsAtMs;
    const head: SegmentHead = {
      ...this.#camera,
      startsAtMs,
      previousEndsAtMs: follows || null,
      continuity: epoch.token,
      leaseEpoch: epoch.leaseEpoch,
    };
    return { type: 'open', head, init: epoch.init.data };
  }

  #endsBefore({ startsAtMs, endsAtMs, bytes }: OpenFile, next: Fragment): boolean {
    const { segmentMs, longestMs, bytesMax, holeMs } = this.#limits;
    if (next.startsAtMs - endsAtMs > holeMs || bytes + next.data.length > bytesMax) return true;
    if (next.startsAtMs - startsAtMs >= longestMs) return true;
    const minuteOf = (atMs: number): number => Math.floor((atMs + this.#offsetMs) / segmentMs);
    return next.key && minuteOf(next.startsAtMs) > minuteOf(startsAtMs);
  }
}

/** A moment within a minute, the same for a camera at all times. */
function offsetOf(device: DeviceId, segmentMs: number): number {
  return createHash('sha256').update(device).digest().readUInt32BE() % segmentMs;
}
