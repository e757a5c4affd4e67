import type { PullSigns } from '../pool/arrivals.ts';
import { type FailureReason, NOT_ITS_DOING } from '../pool/types.ts';
import { followRate, NO_RATE, pausedRate, type RateMemory } from './bitrate.ts';

/** How the video of a camera comes, without a look at its pictures. */
export type VideoState = 'connecting' | 'live' | 'stalled' | 'auth-failed' | 'codec-unsupported' | 'no-video';

/** What is known of one stream. */
export interface StreamMemory {
  state: VideoState;
  /** By the clock of durations, as all here. */
  sinceMs: number;
  /** Since when pictures come; null while none do. */
  liveSinceMs: number | null;
  /** Key frames come too rarely: whoever joins waits for a picture. Null until two were seen, or none for long. */
  keyGap: boolean | null;
  /** When the newest key frame came. */
  keyAtMs: number | null;
  rate: RateMemory;
  /** No video comes, and a rule that looks at this camera would say what is not so, or what another one says. */
  isUntold: boolean;
}

/** Without a fragment for this long a stream is stalled; looked at once a second, it is told within 10 s. */
const STALLED_MS = 8_000;
/** After trouble a stream is live again when pictures came for this long. */
const STEADY_MS = 5_000;
/** Longest time between two key frames: what most makers let be set ends at 10 s. */
const KEY_GAP_MS = 15_000;

/** Another camera that answers is told by the rule `camera-is-another`. */
const isUntold = (failure: FailureReason): boolean => NOT_ITS_DOING.has(failure) || failure === 'other-unit';

const STATES: Partial<Record<FailureReason, VideoState>> = {
  stalled: 'stalled',
  timeout: 'stalled',
  auth: 'auth-failed',
  'codec-unsupported': 'codec-unsupported',
};

/** What is known of a stream after one more look. `memory` is null at the first. */
export function judgeStream(memory: StreamMemory | null, signs: PullSigns, nowMs: number): StreamMemory {
  const seen = stateOf(signs, nowMs);
  const before = memory ?? {
    state: seen,
    sinceMs: nowMs,
    liveSinceMs: null,
    keyGap: null,
    keyAtMs: null,
    rate: NO_RATE,
    isUntold: false,
  };
  const liveSinceMs = seen === 'live' ? (before.liveSinceMs ?? nowMs) : null;
  const state = steady(before.state, { seen, liveSinceMs, nowMs });
  const { bytes, keyBytes } = signs;
  return {
    state,
    sinceMs: state === before.state ? before.sinceMs : nowMs,
    liveSinceMs,
    keyGap: isKeyGap(before, signs, { liveSinceMs, nowMs }),
    keyAtMs: seen === 'live' ? signs.keyAtMs : null,
    // Until it is well again, as its state.
    isUntold: state === 'no-video' && (signs.failure === null ? before.isUntold : isUntold(signs.failure)),
    rate: seen === 'live' ? followRate(before.rate, { atMs: nowMs, bytes, keyBytes }) : pausedRate(before.rate),
  };
}

function stateOf({ state, failure, atMs }: PullSigns, nowMs: number): VideoState {
  if (state === 'live') return atMs !== null && nowMs - atMs >= STALLED_MS ? 'stalled' : 'live';
  return failure === null ? 'connecting' : (STATES[failure] ?? 'no-video');
}

interface Seen {
  seen: VideoState;
  liveSinceMs: number | null;
  nowMs: number;
}

/** Trouble is told at once, its end only when it lasts: a camera that comes and goes is in trouble. */
function steady(before: VideoState, { seen, liveSinceMs, nowMs }: Seen): VideoState {
  const wasWell = before === 'live' || before === 'connecting';
  if (seen === 'live') return wasWell || nowMs - liveSinceMs! >= STEADY_MS ? 'live' : before;
  return seen === 'connecting' && !wasWell ? before : seen;
}

/** It ends with two key frames that follow each other soon enough. */
function isKeyGap(
  before: StreamMemory,
  { keyAtMs, failure }: PullSigns,
  { liveSinceMs, nowMs }: { liveSinceMs: number | null; nowMs: number },
): boolean | null {
  if (failure === 'no-key-frame') return true;
  if (liveSinceMs === null) return before.keyGap;
  if (nowMs - (keyAtMs ?? liveSinceMs) > KEY_GAP_MS) return true;
  if (keyAtMs === null || before.keyAtMs === null || before.keyAtMs === keyAtMs) return before.keyGap;
  return keyAtMs - before.keyAtMs > KEY_GAP_MS;
}
