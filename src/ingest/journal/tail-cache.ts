import type { Message } from '../../core/types.ts';

/** Memory one cached message takes beyond its bytes: the object, its texts and the view on its payload. */
const OBJECT_BYTES = 300;
/** Forgotten groups at the front of the list before it is shortened. */
const FORGOTTEN_MAX = 1024;

interface Run {
  to: number;
  bytes: number;
  messages: Message[];
}

export interface ReadLimits {
  maxBytes: number;
  maxMessages: number;
}

/**
 * The newest messages of a log, kept in memory so that a reader who keeps up never touches the disk. Holds whole groups
 * until they are read, once, and forgets the oldest unread when `maxBytes` is exceeded: what is kept for longer than it
 * is needed is copied by every garbage collection.
 */
export class TailCache {
  readonly #runs: Run[] = [];
  readonly #maxBytes: number;
  #first = 0;
  #bytes = 0;
  /** Everything from here to the head is in memory. */
  from: number;

  constructor(maxBytes: number, head: number) {
    this.#maxBytes = maxBytes;
    this.from = head;
  }

  /** Adds the next group of the log. */
  push(messages: Message[], to: number, payloadBytes: number): void {
    const bytes = payloadBytes + messages.length * OBJECT_BYTES;
    this.#runs.push({ to, bytes, messages });
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes && this.#first < this.#runs.length - 1) {
      this.#forgetFirst();
    }
    if (this.#first <= FORGOTTEN_MAX) return;
    this.#runs.splice(0, this.#first);
    this.#first = 0;
  }

  /** Messages from `offset`, which must not be before `from`, in order. Groups read to their end are forgotten. */
  read(offset: number, limits: ReadLimits): Message[] {
    const found = this.#find(offset, limits);
    const end = found.at(-1)?.endOffset ?? offset;
    while (this.#first < this.#runs.length && this.#runs[this.#first]!.to <= end) this.#forgetFirst();
    return found;
  }

  #forgetFirst(): void {
    const run = this.#runs[this.#first]!;
    run.messages = [];
    this.#first += 1;
    this.#bytes -= run.bytes;
    this.from = run.to;
  }

  #find(offset: number, { maxBytes, maxMessages }: ReadLimits): Message[] {
    const found: Message[] = [];
    let left = maxBytes;
    for (let run = this.#runAt(offset); run < this.#runs.length; run += 1) {
      for (const message of this.#runs[run]!.messages) {
        if (message.offset < offset) continue;
        left -= message.endOffset - message.offset;
        if (found.length > 0 && (left < 0 || found.length >= maxMessages)) return found;
        found.push(message);
      }
    }
    return found;
  }

  /** Index of the first group that ends behind `offset`. */
  #runAt(offset: number): number {
    let low = this.#first;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#runs[middle]!.to > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
