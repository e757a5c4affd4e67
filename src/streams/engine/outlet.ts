import type { Clock } from '../../core/clock.ts';
import { TokenBucket } from '../../core/mechanisms/bounded.ts';
import type { Part } from '../fmp4/parser.ts';

/** What may be on its way to the gateway of one run, and of all runs of a thread; the last fragment may exceed it. */
const RUN_BYTES_MAX = 4 * 1024 * 1024;
const RUN_FRAGMENTS_MAX = 16;
const THREAD_BYTES_MAX = 32 * 1024 * 1024;
/** A camera makes two to four fragments a second; what a network has held up comes at once. */
const FRAGMENTS_PER_S = 10;
const FRAGMENTS_BURST = 40;
/** A run that was too fast goes on when it may have so many: each time is a new beginning for its viewers. */
const FRAGMENTS_TO_GO_ON = 10;

/** Bytes of all runs of a thread that the gateway has not taken yet. */
export interface UnderWay {
  bytes: number;
}

export interface OutletOptions {
  clock: Pick<Clock, 'monotonicMs'>;
  underWay: UnderWay;
  send(part: Part): void;
  /** So many fragments were left out since the last one that was sent. */
  dropped(fragments: number): void;
}

/**
 * The way of one run's parts out of its thread. The gateway says what it has taken; while it stands still, or where a
 * camera makes more fragments than any has reason to, whole fragments are left out. It goes on with a description and a
 * key frame, which players understand as a cut.
 */
export class Outlet {
  readonly #options: OutletOptions;
  readonly #bucket: TokenBucket;
  #init: Part | null = null;
  #bytes = 0;
  #fragments = 0;
  #dropped = 0;

  constructor(options: OutletOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(FRAGMENTS_PER_S, FRAGMENTS_BURST, options.clock.monotonicMs());
  }

  tell(part: Part): void {
    if (part.type === 'init') {
      this.#init = part;
      if (this.#dropped === 0) this.#send(part);
    } else if (this.#mayGo(part.fragment.key)) {
      const init = this.#dropped > 0 ? this.#init : null;
      this.end();
      if (init) this.#send(init);
      this.#send(part);
    } else {
      this.#dropped += 1;
    }
  }

  /** The gateway took a part of so many bytes. */
  taken(bytes: number): void {
    this.#bytes -= bytes;
    this.#fragments -= 1;
  }

  /** Tells what was left out and not told yet. */
  end(): void {
    if (this.#dropped > 0) this.#options.dropped(this.#dropped);
    this.#dropped = 0;
  }

  #mayGo(key: boolean): boolean {
    const goesOn = this.#dropped > 0;
    if (goesOn && !key) return false;
    const hasRoom = this.#bytes < RUN_BYTES_MAX && this.#fragments < RUN_FRAGMENTS_MAX;
    if (!hasRoom || this.#options.underWay.bytes >= THREAD_BYTES_MAX) return false;
    return this.#bucket.take(goesOn ? FRAGMENTS_TO_GO_ON : 1, this.#options.clock.monotonicMs()) === 0;
  }

  #send(part: Part): void {
    const bytes = bytesOf(part);
    this.#bytes += bytes;
    this.#fragments += 1;
    this.#options.underWay.bytes += bytes;
    this.#options.send(part);
  }
}

export function bytesOf(part: Part): number {
  return part.type === 'init' ? part.init.data.length : part.fragment.data.length;
}
