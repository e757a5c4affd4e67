import type { ParsedFragment } from '../fmp4/parser.ts';
import type { PullState } from './pull-machine.ts';
import type { RunTarget } from './run.ts';
import type { FailureReason, Quality } from './types.ts';
import type { Use } from './uses.ts';

/** What came of one pull, and when. Moments are by the clock of durations unless they say otherwise. */
export class Arrivals {
  /** When the newest fragment came; null before the first. */
  atMs: number | null = null;
  /** The same as Unix time. */
  wallMs = 0;
  /** When the newest key frame of this run came; null before the first. */
  keyAtMs: number | null = null;
  /** Of all fragments since the pull was opened. */
  bytes = 0;
  /** Of the newest fragment with a key frame; 0 before the first. */
  keyBytes = 0;

  /** A run begins. */
  begin(): void {
    this.keyAtMs = null;
  }

  add({ data, key }: ParsedFragment, at: { atMs: number; wallMs: number }): void {
    this.atMs = at.atMs;
    this.wallMs = at.wallMs;
    this.bytes += data.length;
    if (!key) return;
    this.keyAtMs = at.atMs;
    this.keyBytes = data.length;
  }
}

/** What a pull tells of its stream without a look at its pictures. */
export interface PullSigns extends RunTarget, Readonly<Pick<Arrivals, 'atMs' | 'keyAtMs' | 'bytes' | 'keyBytes'>> {
  state: PullState['name'];
  /** Why there is no picture; null while there is one, and before the first failure. */
  failure: FailureReason | null;
}

/** How a pull is doing, as `GET /streams` tells it. */
export interface StreamStatus {
  deviceId: string;
  quality: Quality;
  state: PullState['name'];
  viewers: number;
  /** What those who take it take it for. */
  uses: Use[];
  /** Since when it is in this state, RFC 3339. */
  since: string;
  codec: string | null;
  width: number | null;
  height: number | null;
  bitsPerS: number | null;
  /** Codec of the sound beside it; null where there is none. */
  sound: string | null;
  /** What of the camera's sound is left out, and why. */
  soundNote: string | null;
  lastFragmentAt: string | null;
  /** Why there is no picture, where there is none. */
  reason: FailureReason | null;
}
