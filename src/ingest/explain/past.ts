import type { Clock } from '../../core/clock.ts';
import type { DecodedMessage, Message } from '../../core/types.ts';
import { Decoder } from '../decode/decoder.ts';
import type { DuplicateIndex, Marked } from '../duplicates/index.ts';
import type { KindSource } from '../readers/journal-feed.ts';

export interface PastDeps {
  /** The live lane: what came late says nothing of when it would have been judged. */
  journal: {
    readonly head: number;
    /** Where what was received at or after `atMs` begins, or somewhat before. */
    placeOf(atMs: number): number;
    read(
      offset: number,
      limits: { maxBytes: number; maxMessages: number },
    ): Promise<{ messages: Message[]; next: number }>;
  };
  duplicates: Pick<DuplicateIndex, 'mark' | 'highWater'>;
  kinds: KindSource;
  /** Knows what may not be decoded because the process died of it. */
  guard: { isPoison(message: Message): boolean };
  clock: Clock;
}

export interface Stretch {
  /** Times of receipt, Unix ms; the first is in it, the last is not. */
  fromMs: number;
  toMs: number;
  /** Whether a message is asked for. */
  wants(message: Message): boolean;
}

const BATCH = { maxBytes: 256 * 1024, maxMessages: 500 };
/** As long as was worked, so that what comes in has the processor at least half of the time; at most this long. */
const REST_MS_MAX = 50;

/** Reads what was received once more, decoded as it was then and with its duplicates marked. */
export class Past {
  readonly #deps: PastDeps;
  readonly #decoder = new Decoder();

  constructor(deps: PastDeps) {
    this.#deps = deps;
  }

  /**
   * In the order of the journal, portion by portion, as far as it stood when this began. What the journal let go of
   * is left out: the first message says from when on it had it.
   */
  async *decoded({ fromMs, toMs, wants }: Stretch): AsyncGenerator<DecodedMessage[]> {
    const { journal, duplicates, clock } = this.#deps;
    // What nobody has read yet is not entered in the index of duplicates.
    const end = Math.min(journal.head, duplicates.highWater);
    for (let offset = journal.placeOf(fromMs); offset < end; ) {
      const beganMs = clock.monotonicMs();
      const { messages, next } = await journal.read(offset, BATCH);
      if (next === offset) return;
      const asked = messages.filter(
        (message) =>
          message.endOffset <= end && message.receivedAtMs >= fromMs && message.receivedAtMs < toMs && wants(message),
      );
      if (asked.length > 0) yield await this.#decode(asked, Math.min(next, end));
      offset = next;
      await clock.sleep(Math.min(REST_MS_MAX, clock.monotonicMs() - beganMs));
    }
  }

  async #decode(messages: Message[], to: number): Promise<DecodedMessage[]> {
    const { kinds, guard, duplicates } = this.#deps;
    const decoded: DecodedMessage[] = [];
    const marked: Marked[] = [];
    for (const message of messages) {
      if (guard.isPoison(message)) continue;
      const kind = kinds.at(message.device.kind, message.device.kindVersion);
      const { records, identities, refusals } = this.#decoder.decode(message, kind);
      decoded.push({ message, records, refusals });
      marked.push({ message, records, identities });
    }
    await duplicates.mark(marked, to);
    return decoded;
  }
}
