import { CitywatchError, messageOf } from '../../core/errors.ts';
import { InTurn, JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';
import type { Observer } from '../../core/observe.ts';
import type { DecodedBatch, DecodedMessage, DeviceKind, JournalPosition, Lane, Message } from '../../core/types.ts';
import type { Decoded } from '../decode/decode.ts';
import { Decoder, putAside } from '../decode/decoder.ts';
import type { DuplicateIndex, Marked } from '../duplicates/index.ts';

export interface KindSource {
  at(kind: string, version: number): DeviceKind | undefined;
}

/** What the feed needs of a lane's journal. */
export interface FeedJournal {
  readonly head: number;
  read(
    offset: number,
    limits: { maxBytes: number; maxMessages: number },
  ): Promise<{ messages: Message[]; next: number }>;
  waitBeyond(offset: number, signal: AbortSignal): Promise<void>;
}

export interface FeedLane {
  journal: FeedJournal;
  duplicates: DuplicateIndex;
}

export interface FeedLimits {
  /** A batch holds at most this many messages … */
  batchMessages: number;
  /** … and this many bytes of payload and head, but always one message. */
  batchBytes: number;
  /** Decoded messages kept for readers that come by later. */
  cacheMessages: number;
}

/**
 * Those of a gateway. A backfill is decoded in small pieces: a large one would hold up the live lane, which has the
 * same thread.
 */
export const FEED_LIMITS: Readonly<Record<Lane, FeedLimits>> = {
  live: { batchMessages: 5000, batchBytes: 2 * 1024 * 1024, cacheMessages: 20_000 },
  bulk: { batchMessages: 250, batchBytes: 256 * 1024, cacheMessages: 1_000 },
};

/** Finds out which message ends the whole process; see poison/crash-guard.ts. */
export interface DecodeGuard {
  isPoison(message: Message): boolean;
  putAside(by: string, message: Message): void;
  /** How many messages from `at` on may be decoded together. */
  decodeStep(messages: readonly Message[], at: number): number;
  decoding<Result>(messages: readonly Message[], run: () => Result): Result;
}

/** For tests and benchmarks: a message that kills the process is decoded again after each restart. */
export const UNGUARDED: DecodeGuard = {
  isPoison: () => false,
  putAside: () => {},
  decodeStep: (messages) => messages.length,
  decoding: (_, run) => run(),
};

export interface JournalFeedDeps {
  lanes: Partial<Record<Lane, FeedLane>>;
  kinds: KindSource;
  observer: Observer;
  guard: DecodeGuard;
  limits: Readonly<Record<Lane, FeedLimits>>;
}

/**
 * Hands decoded messages to any number of readers. Each stretch of the log is decoded and marked once while it is
 * fresh; a reader far behind has its own stretches decoded and delays nobody.
 */
export class JournalFeed {
  readonly #lanes = new Map<Lane, LaneFeed>();

  constructor({ lanes, kinds, observer, guard, limits }: JournalFeedDeps) {
    for (const [name, lane] of Object.entries(lanes) as [Lane, FeedLane][]) {
      this.#lanes.set(name, new LaneFeed(name, lane, { kinds, observer, guard, limits: limits[name] }));
    }
  }

  /**
   * The messages from `position` on; waits for one when there is none. When `signal` is aborted while it waits, the
   * batch is empty. The batch is shared: readers must not change it. What all that gave a name are past is let go.
   */
  read({ lane, offset }: JournalPosition, signal: AbortSignal, reader?: string): Promise<DecodedBatch> {
    const feed = this.#feed(lane);
    if (reader !== undefined) feed.passed(reader, offset);
    return feed.read(offset, signal);
  }

  /** Resolves when `read` would not wait, or `signal` is aborted. */
  beyond({ lane, offset }: JournalPosition, signal: AbortSignal, reader: string): Promise<void> {
    const feed = this.#feed(lane);
    feed.passed(reader, offset);
    return feed.beyond(offset, signal);
  }

  #feed(lane: Lane): LaneFeed {
    const feed = this.#lanes.get(lane);
    if (!feed) throw new CitywatchError('not-found', { detail: `There is no lane ${lane}.` });
    return feed;
  }

  /**
   * Brings the index of duplicates of a lane to where the foremost reader stands, from which a kill may have thrown it
   * back, and saves it. It is saved with many messages otherwise, and the journal keeps what is not: where no more
   * come, this lets the journal go on.
   */
  async saveIndex(lane: Lane): Promise<void> {
    await this.#lanes.get(lane)?.saveIndex();
  }
}

function beyondEnd(offset: number, head: number): CitywatchError {
  return new CitywatchError('conflict.state', {
    detail:
      `A reader stands at ${offset}, behind the end of the journal (${head}), which was changed under the running ` +
      'gateway. Start it again: it says what does not fit.',
  });
}

/** A stretch of the log, decoded. */
interface Piece {
  to: number;
  messages: DecodedMessage[];
}

class LaneFeed {
  readonly #lane: Lane;
  readonly #journal: FeedJournal;
  readonly #duplicates: DuplicateIndex;
  readonly #kinds: KindSource;
  readonly #observer: Observer;
  readonly #guard: DecodeGuard;
  readonly #limits: FeedLimits;
  readonly #decoder = new Decoder();
  readonly #pieces = new Map<number, Piece>();
  #cached = 0;
  /** Where each reader that gave a name stands. */
  readonly #places = new Map<string, number>();
  /** Of these, those so far behind that what is kept would be forgotten before they come to it. */
  readonly #leftBehind = new Set<string>();
  readonly #loading = new JoinedByKey<number, Piece>();
  /** The last one who enters records into the index; the next waits for it. */
  readonly #indexing = new InTurn();

  constructor(
    lane: Lane,
    { journal, duplicates }: FeedLane,
    deps: { kinds: KindSource; observer: Observer; guard: DecodeGuard; limits: FeedLimits },
  ) {
    this.#lane = lane;
    this.#journal = journal;
    this.#duplicates = duplicates;
    this.#kinds = deps.kinds;
    this.#observer = deps.observer;
    this.#guard = deps.guard;
    this.#limits = deps.limits;
  }

  async beyond(offset: number, signal: AbortSignal): Promise<void> {
    if (offset > this.#journal.head) throw beyondEnd(offset, this.#journal.head);
    if (offset === this.#journal.head) await this.#journal.waitBeyond(offset, signal);
  }

  async read(offset: number, signal: AbortSignal): Promise<DecodedBatch> {
    if (offset > this.#journal.head) throw beyondEnd(offset, this.#journal.head);
    let at = offset;
    const messages: DecodedMessage[] = [];
    while (messages.length === 0) {
      if (at >= this.#journal.head) await this.#journal.waitBeyond(at, signal);
      if (signal.aborted || at >= this.#journal.head) break;
      const piece = await this.#piece(at);
      messages.push(...piece.messages);
      at = piece.to;
    }
    at = this.#addCached(at, messages);
    return { lane: this.#lane, from: offset, to: at, messages };
  }

  /** Small stretches that others had decoded as they came join into one batch. */
  #addCached(from: number, messages: DecodedMessage[]): number {
    let at = from;
    for (let piece = this.#pieces.get(at); piece; piece = this.#pieces.get(at)) {
      if (messages.length === 0 || messages.length + piece.messages.length > this.#limits.batchMessages) return at;
      messages.push(...piece.messages);
      at = piece.to;
    }
    return at;
  }

  #piece(offset: number): Promise<Piece> | Piece {
    const known = this.#pieces.get(offset);
    if (known) return known;
    return this.#loading.run(offset, () => this.#load(offset));
  }

  async #load(offset: number): Promise<Piece> {
    await this.#indexUpTo(offset);
    const { piece, marked } = await this.#decode(offset);
    if (piece.to <= this.#duplicates.highWater) await this.#duplicates.mark(marked, piece.to);
    else await this.#inTurn(() => this.#duplicates.mark(marked, piece.to));
    this.#keep(offset, piece);
    return piece;
  }

  /** After a kill the index may stand before the readers: what lies between is entered first. */
  async #indexUpTo(offset: number): Promise<void> {
    if (this.#duplicates.highWater >= offset) return;
    await this.#inTurn(async () => {
      while (this.#duplicates.highWater < offset) {
        const { piece, marked } = await this.#decode(this.#duplicates.highWater);
        await this.#duplicates.mark(marked, piece.to);
      }
    });
  }

  async saveIndex(): Promise<void> {
    await this.#indexUpTo(Math.max(0, ...this.#places.values()));
    await this.#inTurn(() => this.#duplicates.save());
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    return this.#indexing.run(run);
  }

  async #decode(offset: number): Promise<{ piece: Piece; marked: Marked[] }> {
    const { batchBytes: maxBytes, batchMessages: maxMessages } = this.#limits;
    const { messages, next } = await this.#journal.read(offset, { maxBytes, maxMessages });
    const marked: Marked[] = [];
    const piece: Piece = { to: next, messages: [] };
    for (let at = 0; at < messages.length; ) {
      const step = messages.slice(at, at + this.#guard.decodeStep(messages, at));
      this.#guard.decoding(step, () => {
        for (const message of step) {
          const { records, identities, refusals } = this.#one(message);
          piece.messages.push({ message, records, refusals });
          marked.push({ message, records, identities });
        }
      });
      at += step.length;
    }
    return { piece, marked };
  }

  #one(message: Message): Decoded {
    if (this.#guard.isPoison(message)) {
      this.#guard.putAside('decode', message);
      return putAside();
    }
    try {
      return this.#decoder.decode(message, this.#kinds.at(message.device.kind, message.device.kindVersion));
    } catch (error) {
      this.#observer.log.error({ offset: message.offset, error: messageOf(error) }, 'decoding a message failed');
      return putAside();
    }
  }

  /**
   * Forgets what all readers are past, or all that would come to it in time. Kept until there are too many, decoded
   * messages outlive several garbage collections, each of which copies them: most of the delay of a PUBACK at 5,000
   * messages/s was that. With as many as get through, when telemetry falls behind, it was half of all processor time.
   */
  passed(reader: string, offset: number): void {
    this.#places.set(reader, offset);
    if (this.#pieces.has(offset) || offset >= this.#journal.head) this.#leftBehind.delete(reader);
    let allPast = Number.POSITIVE_INFINITY;
    for (const [name, place] of this.#places) if (!this.#leftBehind.has(name)) allPast = Math.min(allPast, place);
    for (const [oldest, piece] of this.#pieces) {
      if (piece.to > allPast) return;
      this.#forget(oldest, piece);
    }
  }

  #keep(offset: number, piece: Piece): void {
    this.#pieces.set(offset, piece);
    this.#cached += piece.messages.length;
    for (const [oldest, first] of this.#pieces) {
      if (this.#cached <= this.#limits.cacheMessages) return;
      this.#forget(oldest, first);
      for (const [reader, place] of this.#places) if (place < first.to) this.#leftBehind.add(reader);
    }
  }

  #forget(offset: number, { messages }: Piece): void {
    this.#pieces.delete(offset);
    this.#cached -= messages.length;
  }
}
