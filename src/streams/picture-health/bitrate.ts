/** What a camera has sent so far. */
export interface Sent {
  /** By the clock of durations. */
  atMs: number;
  /** Since the pull was opened; it never falls while the camera is live. */
  bytes: number;
  /** Of the newest fragment that begins with a key frame; 0 before the first. */
  keyBytes: number;
}

/** What is remembered of how much a camera sends. */
export interface RateMemory {
  /** One a second, of the last {@link SPAN_MS}. */
  samples: readonly Sent[];
  /** What it usually sends, in bits a second; null until it was watched for long enough. */
  usualBps: number | null;
  /** Of its usual key frames, with what follows them in their fragment. */
  usualKeyBytes: number;
  /** Since when it sends far less, or again enough; null while nothing changes. */
  turningSinceMs: number | null;
  collapsed: boolean;
  /** Since when it is collapsed; null while it is not. */
  collapsedSinceMs: number | null;
}

/** What a rate is measured over: several groups of pictures of most cameras. */
const SPAN_MS = 10_000;
/** Of the usual rate. Between the two nothing changes. */
const LOW_SHARE = 0.15;
const ENOUGH_SHARE = 0.3;
/** It has collapsed, or has come back, after so long. */
const TURNING_MS = 10_000;
/** The usual rate follows what is sent this slowly, so that dusk changes it and a broken line does not. */
const USUAL_MS = 300_000;
/** One that sends no more than this by itself cannot be told from one that collapsed. */
const USUAL_MIN_BPS = 64_000;
/** Key frames that shrank as well say that the picture changed (lights off, fog), and not the line. */
const KEY_SHARE = 0.3;
/** After this long what it sends is what it usually sends: somebody set it so. */
const ACCEPTED_MS = 900_000;

export const NO_RATE: RateMemory = {
  samples: [],
  usualBps: null,
  usualKeyBytes: 0,
  turningSinceMs: null,
  collapsed: false,
  collapsedSinceMs: null,
};

/** What is remembered after one more look at a camera that is live. */
export function followRate(memory: RateMemory, now: Sent): RateMemory {
  const last = memory.samples.at(-1);
  // Fewer bytes than before: another run began to count.
  const before = last && now.bytes < last.bytes ? [] : memory.samples;
  const samples = [...before.filter(({ atMs }) => now.atMs - atMs <= SPAN_MS), now];
  const first = samples[0]!;
  const spanMs = now.atMs - first.atMs;
  if (spanMs < SPAN_MS * 0.8) return { ...memory, samples, turningSinceMs: null };
  const bps = ((now.bytes - first.bytes) * 8_000) / spanMs;
  return judged({ ...memory, samples }, { bps, now, tookMs: now.atMs - (before.at(-1)?.atMs ?? now.atMs) });
}

/** What is kept over a pause of the video: what is usual, and what was said. */
export function pausedRate(memory: RateMemory): RateMemory {
  return memory.samples.length === 0 ? memory : { ...memory, samples: [], turningSinceMs: null };
}

function judged(memory: RateMemory, { bps, now, tookMs }: { bps: number; now: Sent; tookMs: number }): RateMemory {
  const { usualBps } = memory;
  if (usualBps === null) return { ...memory, usualBps: bps, usualKeyBytes: now.keyBytes };
  const turns = memory.collapsed ? bps >= usualBps * ENOUGH_SHARE : isLow(memory, bps, now);
  const turningSinceMs = turns ? (memory.turningSinceMs ?? now.atMs) : null;
  const next = { ...memory, turningSinceMs };
  if (turningSinceMs !== null && now.atMs - turningSinceMs >= TURNING_MS) {
    const collapsed = !memory.collapsed;
    return { ...next, collapsed, collapsedSinceMs: collapsed ? now.atMs : null, turningSinceMs: null };
  }
  if (memory.collapsedSinceMs !== null) {
    return now.atMs - memory.collapsedSinceMs >= ACCEPTED_MS ? { ...NO_RATE, samples: next.samples } : next;
  }
  // What may be a collapse must not become the usual while it is looked at.
  return turns ? next : learnt(next, { bps, keyBytes: now.keyBytes, share: Math.min(1, tookMs / USUAL_MS) });
}

function isLow({ usualBps, usualKeyBytes }: RateMemory, bps: number, { keyBytes }: Sent): boolean {
  if (usualBps === null || usualBps < USUAL_MIN_BPS || bps >= usualBps * LOW_SHARE) return false;
  return keyBytes >= usualKeyBytes * KEY_SHARE;
}

function learnt(memory: RateMemory, now: { bps: number; keyBytes: number; share: number }): RateMemory {
  const towards = (usual: number, value: number) => usual + (value - usual) * now.share;
  return {
    ...memory,
    usualBps: towards(memory.usualBps!, now.bps),
    usualKeyBytes: towards(memory.usualKeyBytes, now.keyBytes),
  };
}
