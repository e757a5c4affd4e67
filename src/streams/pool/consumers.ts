import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/observe.ts';
import type { Epoch } from '../fmp4/live-window.ts';
import type { Fragment } from '../fmp4/wall-clock.ts';
import type { StreamFailure } from './types.ts';

/**
 * What takes the video of a pull: a viewer with a connection of its own, or a recorder. It is told in order: an epoch
 * before its fragments, and failures between epochs. It is called where the video comes in, so it returns at once: what
 * it wants to write it queues, within limits of its own. The bytes of a fragment are shared with everybody else.
 */
export interface Consumer {
  epoch(epoch: Epoch): void;
  fragment(fragment: Fragment): void;
  failed(failure: StreamFailure): void;
}

/** The consumers of one pull. One that throws is given nothing more; the others go on. */
export class Consumers {
  readonly #log: Logger;
  readonly #consumers = new Set<Consumer>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Gives a new consumer what there is, then all that follows; the returned function ends it. */
  add(consumer: Consumer, begun: { epoch: Epoch; fragments: readonly Fragment[] } | null): () => void {
    this.#consumers.add(consumer);
    if (begun) {
      this.#give(consumer, (one) => one.epoch(begun.epoch));
      for (const fragment of begun.fragments) this.#give(consumer, (one) => one.fragment(fragment));
    }
    return () => void this.#consumers.delete(consumer);
  }

  /** Calls every consumer with `tell`. */
  tell(tell: (consumer: Consumer) => void): void {
    for (const consumer of this.#consumers) this.#give(consumer, tell);
  }

  #give(consumer: Consumer, tell: (consumer: Consumer) => void): void {
    if (!this.#consumers.has(consumer)) return;
    try {
      tell(consumer);
    } catch (error) {
      this.#consumers.delete(consumer);
      this.#log.error({ error: messageOf(error) }, 'a consumer of video failed and gets no more of it');
    }
  }
}
