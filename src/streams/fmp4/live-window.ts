import type { InitSegment } from './parser.ts';
import type { Fragment } from './wall-clock.ts';

/** A run of one stream between two starts: everything in it is decoded with the same initialisation segment. */
export interface Epoch {
  /** Opaque and unguessable; part of every name, so that names of different runs never meet. */
  token: string;
  init: InitSegment;
  /** Epoch of the lease under which the camera was pulled: rows and files that are made of it carry it. */
  leaseEpoch: number;
}

export interface Segment {
  /** Grows by one per segment of this camera, also across epochs. */
  sequence: number;
  epoch: Epoch;
  /** How many epochs of this window began before this one. */
  discontinuities: number;
  fragments: Fragment[];
  durationMs: number;
  bytes: number;
  /** Whether it begins with a key frame. */
  independent: boolean;
}

export interface WindowLimits {
  /** A segment ends at the first key frame after this much. */
  segmentMs: number;
  /** What the playlist shows, beyond the three target durations players need. */
  windowMs: number;
  /** All segments together; the oldest go first. */
  bytesMax: number;
}

const WINDOW_LIMITS: WindowLimits = { segmentMs: 1_900, windowMs: 10_000, bytesMax: 32 * 1024 * 1024 };

/** Longest segment where a camera sends key frames too rarely; later ones are cut between key frames. */
const TARGET_MAX_S = 10;
/** Segments a first playlist has, so that a player has pictures while the next one is being made. */
const STARTING_SEGMENTS = 2;
/** With segments longer than this, one is enough: nobody is held so long. */
const LONG_SEGMENT_S = 6;
/** Segments kept after they left the playlist, for players that read it a moment ago. */
const KEPT_AFTERWARDS = 2;

/**
 * The last seconds of one camera in memory, cut into segments at key frames. It outlives single runs of ffmpeg:
 * numbers go on, and the first segment of a new run says so. Segments share the fragments' bytes, nothing is copied.
 */
export class LiveWindow {
  readonly #limits: WindowLimits;
  #segments: Segment[] = [];
  #open: Segment | null = null;
  #epoch: Epoch | null = null;
  #epochs = 0;
  #sequence = 0;
  /** Whole seconds; fixed by the first segment, because a playlist may never change it (RFC 8216 §6.2.1). */
  #targetS: number | null = null;
  #sizeBytes = 0;

  constructor(limits: WindowLimits = WINDOW_LIMITS) {
    this.#limits = limits;
  }

  /** A new run of the stream. What was not yet a whole segment of the old one is published as it is. */
  begin(epoch: Epoch): void {
    this.#close();
    this.#epoch = epoch;
    this.#epochs += 1;
  }

  /** Forgets every picture; numbers go on. For pictures too old to be followed by new ones. */
  clear(): void {
    this.#segments = [];
    this.#open = null;
    this.#sizeBytes = 0;
  }

  /** Adds a fragment of the current epoch; returns true when a segment became complete by it. */
  add(fragment: Fragment): boolean {
    if (!this.#epoch) throw new Error('a fragment before its initialisation segment');
    const before = this.#sequence;
    if (this.#open && this.#endsBefore(this.#open, fragment)) this.#close();
    if (!this.#open && !fragment.key && this.#isFirstOfEpoch()) return false;
    this.#open ??= this.#newSegment(this.#epoch, fragment.key);
    this.#open.fragments.push(fragment);
    this.#open.durationMs += fragment.durationMs;
    this.#open.bytes += fragment.data.length;
    this.#sizeBytes += fragment.data.length;
    this.#evict();
    return this.#sequence > before;
  }

  get targetS(): number {
    return this.#targetS ?? Math.ceil(this.#limits.segmentMs / 1000);
  }

  /** Bytes held. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Complete segments to announce, oldest first: the window, but never fewer than three where there are three. */
  announced(): Segment[] {
    let from = this.#segments.length;
    let ms = 0;
    const wantedMs = Math.max(this.#limits.windowMs, 3_000 * this.targetS);
    while (from > 0 && ms < wantedMs) {
      from -= 1;
      ms += this.#segments[from]!.durationMs;
    }
    return this.#segments.slice(from);
  }

  /** Whether a player may begin: there is enough to play until the next segment is complete. */
  get startable(): boolean {
    const { length } = this.#segments;
    const noMoreFit = this.targetS > LONG_SEGMENT_S || this.#sizeBytes * STARTING_SEGMENTS > this.#limits.bytesMax;
    return length >= STARTING_SEGMENTS || (length > 0 && noMoreFit);
  }

  segment(token: string, sequence: number): Segment | null {
    return this.#segments.find((one) => one.epoch.token === token && one.sequence === sequence) ?? null;
  }

  epoch(token: string): Epoch | null {
    if (this.#epoch?.token === token) return this.#epoch;
    return this.#segments.find((one) => one.epoch.token === token)?.epoch ?? null;
  }

  /** Initialisation segment and newest fragment that begins with a key frame: enough for one picture. */
  newestKey(): { epoch: Epoch; fragment: Fragment } | null {
    const newestFirst = [...(this.#open ? [this.#open] : []), ...this.#segments.slice().reverse()];
    for (const segment of newestFirst) {
      const fragment = segment.fragments.findLast((one) => one.key);
      if (fragment) return { epoch: segment.epoch, fragment };
    }
    return null;
  }

  /**
   * The newest epoch and its fragments from a key frame on that has at least `ms` of video after it: where a camera
   * refreshes its picture bit by bit, enough to build a whole one. Everything there is where there is less.
   */
  recent(ms: number): { epoch: Epoch; fragments: Fragment[] } | null {
    const all = [...this.#segments, ...(this.#open ? [this.#open] : [])];
    const epoch = all.at(-1)?.epoch;
    if (!epoch) return null;
    const fragments = all.filter((segment) => segment.epoch === epoch).flatMap((segment) => segment.fragments);
    let from = fragments.length;
    let afterMs = 0;
    while (from > 0 && !(afterMs >= ms && fragments[from]?.key)) afterMs += fragments[--from]!.durationMs;
    return { epoch, fragments: fragments.slice(from) };
  }

  /** The current epoch and its fragments since the newest key frame: what a late viewer is given first. */
  sinceKey(): { epoch: Epoch; fragments: Fragment[] } | null {
    if (!this.#epoch) return null;
    const epoch = this.#epoch;
    const fragments: Fragment[] = [];
    const mine = [...this.#segments, ...(this.#open ? [this.#open] : [])].filter((one) => one.epoch === epoch);
    for (const fragment of mine.flatMap((one) => one.fragments)) {
      if (fragment.key) fragments.length = 0;
      fragments.push(fragment);
    }
    return { epoch, fragments };
  }

  #isFirstOfEpoch(): boolean {
    return this.#segments.at(-1)?.epoch !== this.#epoch;
  }

  #endsBefore(open: Segment, next: Fragment): boolean {
    if (next.key && open.durationMs >= this.#limits.segmentMs) return true;
    const longestMs = (this.#targetS ?? TARGET_MAX_S) * 1000 + 499;
    return open.durationMs + next.durationMs > longestMs;
  }

  #newSegment(epoch: Epoch, independent: boolean): Segment {
    const discontinuities = this.#epochs - 1;
    return { sequence: this.#sequence, epoch, discontinuities, fragments: [], durationMs: 0, bytes: 0, independent };
  }

  #close(): void {
    const done = this.#open;
    if (!done) return;
    this.#open = null;
    this.#segments.push(done);
    this.#sequence += 1;
    this.#targetS ??= Math.min(TARGET_MAX_S, Math.max(1, Math.ceil(done.durationMs / 1000)));
  }

  #evict(): void {
    const keep = this.announced().length + KEPT_AFTERWARDS;
    const overflows = () => this.#sizeBytes > this.#limits.bytesMax && this.#segments.length > 0;
    while (this.#segments.length > keep || overflows()) this.#sizeBytes -= this.#segments.shift()!.bytes;
    if (!this.#open || this.#sizeBytes <= this.#limits.bytesMax) return;
    // One segment larger than everything allowed: publish what there is, the next fragments start another one.
    this.#close();
  }
}
