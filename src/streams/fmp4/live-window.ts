import { leadIn } from './lead-in.ts';
import type { InitSegment } from './parser.ts';
import { PartRule } from './part-rule.ts';
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
  /** Whether it only shows the first picture, before the time when it was taken. */
  still: boolean;
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
/** Promised where nobody has seen yet how often a camera sends key frames; most do every one or two seconds. */
const TARGET_UNKNOWN_S = 2;
/** Target durations that the first picture is shown for, so that a player has enough until it is fed regularly. */
const LEAD_IN_SEGMENTS = 2;
/** Segments kept after they left the playlist, for players that read it a moment ago. */
const KEPT_AFTERWARDS = 2;

/**
 * The last seconds of one camera in memory, cut into segments at key frames. It outlives single runs: numbers go on,
 * and the first segment of a new run says so. Segments share the fragments' bytes, nothing is copied.
 *
 * A player that is fed a segment every two seconds must lag behind by more than that. So that nobody waits for so many
 * pictures, a window begins with a lead-in: the first picture, shown for two target durations. The first segment after
 * it is as short as one fragment, and the next one ends at the next key frame.
 */
export class LiveWindow {
  /** Whether fragments can be told of before their segment is complete. */
  readonly parts = new PartRule();
  readonly #limits: WindowLimits;
  #segments: Segment[] = [];
  #open: Segment | null = null;
  #epoch: Epoch | null = null;
  #epochs = 0;
  #sequence = 0;
  /** Whole seconds; fixed by the first playlist, because a playlist may never change it (RFC 8216 §6.2.1). */
  #targetS: number | null = null;
  /** Since the key frame that the segment would begin with; the longest that came of it; that before {@link reset}. */
  #runMs = 0;
  #longestMs = 0;
  #learntMs = 0;
  #sizeBytes = 0;

  constructor(limits: WindowLimits = WINDOW_LIMITS) {
    this.#limits = limits;
  }

  /** A new run of the stream. What was not yet a whole segment of the old one is published as it is. */
  begin(epoch: Epoch): void {
    this.#close();
    this.#epoch = epoch;
    this.#epochs += 1;
    this.#runMs = 0;
  }

  /** Forgets every picture; numbers go on. For pictures too old to be followed by new ones. */
  clear(): void {
    this.#segments = [];
    this.#open = null;
    this.#sizeBytes = 0;
  }

  /** As {@link clear}, when every player is gone: the next is promised what was learnt of the camera. */
  reset(): void {
    this.clear();
    this.#targetS = null;
    this.parts.reset();
    this.#learntMs = this.#longestMs || this.#learntMs;
    this.#longestMs = 0;
  }

  /** Adds a fragment of the current epoch; returns true when a segment became complete by it. */
  add(fragment: Fragment): boolean {
    if (!this.#epoch) throw new Error('a fragment before its initialisation segment');
    const before = this.#sequence;
    this.#learn(fragment);
    if (this.#open && this.#endsBefore(this.#open, fragment)) this.#close();
    if (!this.#open && !fragment.key && this.#isFirstOfEpoch()) return false;
    const isFirst = !this.#open && this.#segments.length === 0;
    const isAlone = isFirst || (!this.#open && this.#isFirstOfEpoch() && this.parts.isShort(fragment));
    this.parts.note(fragment, this.#open?.fragments.at(-1));
    if (isFirst) this.#lead(this.#epoch, fragment);
    this.#open ??= this.#newSegment(this.#epoch, fragment.key);
    this.#put(this.#open, fragment);
    if (isAlone) this.#close();
    this.#evict();
    return this.#sequence > before;
  }

  /** What no segment is longer than, in whole seconds. */
  get targetS(): number {
    if (this.#targetS !== null) return this.#targetS;
    const known = this.#longestMs || this.#learntMs || TARGET_UNKNOWN_S * 1000;
    const there = [...this.#segments, ...(this.#open ? [this.#open] : [])].map(({ durationMs }) => durationMs);
    return Math.min(TARGET_MAX_S, Math.max(1, Math.round(Math.max(known, ...there) / 1000)));
  }

  /** Holds {@link targetS} to what a player is told now. */
  promise(): void {
    this.#targetS ??= this.targetS;
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

  /** Whether a player may begin. */
  get startable(): boolean {
    return this.#segments.length > 0;
  }

  /** The segment that is not complete; null between two. */
  get growing(): Segment | null {
    return this.#open;
  }

  /** What the next segment to become complete is numbered. */
  get nextSequence(): number {
    return this.#sequence;
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
    for (const segment of this.#taken().reverse()) {
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
    const all = this.#taken();
    const epoch = all.at(-1)?.epoch;
    if (!epoch) return null;
    const fragments = all.filter((segment) => segment.epoch === epoch).flatMap((segment) => segment.fragments);
    let from = fragments.length;
    let afterMs = 0;
    while (from > 0 && !(afterMs >= ms && fragments[from]?.key)) afterMs += fragments[--from]!.durationMs;
    return { epoch, fragments: fragments.slice(from) };
  }

  /**
   * What there is from a moment on (Unix ms), over all runs: from the last key frame before it, or from the first one
   * where all are later.
   */
  since(fromMs: number): { epoch: Epoch; fragment: Fragment }[] {
    const all = this.#taken().flatMap(({ epoch, fragments }) => fragments.map((fragment) => ({ epoch, fragment })));
    const before = all.findLastIndex(({ fragment }) => fragment.key && fragment.startsAtMs <= fromMs);
    const from = before < 0 ? all.findIndex(({ fragment }) => fragment.key) : before;
    return from < 0 ? [] : all.slice(from);
  }

  /** The current epoch and its fragments since the newest key frame: what a late viewer is given first. */
  sinceKey(): { epoch: Epoch; fragments: Fragment[] } | null {
    if (!this.#epoch) return null;
    const epoch = this.#epoch;
    const fragments: Fragment[] = [];
    const mine = this.#taken().filter((one) => one.epoch === epoch);
    for (const fragment of mine.flatMap((one) => one.fragments)) {
      if (fragment.key) fragments.length = 0;
      fragments.push(fragment);
    }
    return { epoch, fragments };
  }

  /** Every segment of pictures as they were taken, and the one that is not complete. */
  #taken(): Segment[] {
    return [...this.#segments.filter(({ still }) => !still), ...(this.#open ? [this.#open] : [])];
  }

  #isFirstOfEpoch(): boolean {
    return this.#segments.at(-1)?.epoch !== this.#epoch;
  }

  #endsBefore(open: Segment, next: Fragment): boolean {
    if (next.key && (open.durationMs >= this.#limits.segmentMs || !open.independent)) return true;
    const longestMs = (this.#targetS ?? TARGET_MAX_S) * 1000 + 499;
    return open.durationMs + next.durationMs > longestMs;
  }

  #learn({ key, durationMs }: Fragment): void {
    if (key && this.#runMs >= this.#limits.segmentMs) {
      this.#longestMs = Math.max(this.#longestMs, this.#runMs);
      this.#runMs = 0;
    }
    this.#runMs += durationMs;
  }

  #newSegment(epoch: Epoch, independent: boolean): Segment {
    return {
      sequence: this.#sequence,
      epoch,
      discontinuities: this.#epochs - 1,
      fragments: [],
      durationMs: 0,
      bytes: 0,
      independent,
      still: false,
    };
  }

  #lead(epoch: Epoch, first: Fragment): void {
    const ms = this.targetS * 1000;
    for (let left = LEAD_IN_SEGMENTS; left > 0; left -= 1) {
      const fragment = leadIn(first, epoch.init.movie, ms, left * ms);
      if (!fragment) return;
      this.#open = { ...this.#newSegment(epoch, true), still: true };
      this.#put(this.#open, fragment);
      this.#close();
    }
  }

  #put(segment: Segment, fragment: Fragment): void {
    segment.fragments.push(fragment);
    segment.durationMs += fragment.durationMs;
    segment.bytes += fragment.data.length;
    this.#sizeBytes += fragment.data.length;
  }

  #close(): void {
    const done = this.#open;
    if (!done) return;
    this.#open = null;
    this.#segments.push(done);
    this.#sequence += 1;
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

/** Bits a second of some segments, at least 1. */
export function bitsPerS(segments: readonly Segment[]): number {
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  const ms = segments.reduce((sum, segment) => sum + segment.durationMs, 0);
  return Math.max(1, Math.ceil((bytes * 8_000) / Math.max(1, ms)));
}
