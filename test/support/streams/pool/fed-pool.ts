import { systemClock } from '../../../../src/core/clock.ts';
import type { Epoch } from '../../../../src/streams/fmp4/live-window.ts';
import { FragmentParser, type ParsedFragment } from '../../../../src/streams/fmp4/parser.ts';
import type { CameraPool } from '../../../../src/streams/pool/camera-pool.ts';
import type { Consumer } from '../../../../src/streams/pool/consumers.ts';
import type { Owner } from '../../services/services.ts';
import { fragmentedH264 } from '../fragmented.ts';

/** A pool whose cameras all send the same half seconds of video, by the clock, without a process or a socket. */
export class FedPool {
  readonly #consumers = new Set<Consumer>();
  readonly #epoch: Epoch;
  readonly #fragments: ParsedFragment[];
  #endMs = systemClock.nowMs();
  #sent = 0;

  constructor(t: Owner) {
    const parts = new FragmentParser().push(fragmentedH264('in order'));
    const init = parts.find((part) => part.type === 'init')!.init;
    this.#epoch = { token: 'fed', init, leaseEpoch: 1 };
    this.#fragments = parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
    const stop = systemClock.every(100, () => {
      while (this.#endMs <= systemClock.nowMs()) this.#send();
    });
    t.teardown(stop);
  }

  /** When the last picture that was sent ended, Unix ms. */
  get sentToMs(): number {
    return this.#endMs;
  }

  readonly pool = {
    lease: async () => ({
      listen: (consumer: Consumer) => {
        this.#consumers.add(consumer);
        consumer.epoch(this.#epoch);
        return () => void this.#consumers.delete(consumer);
      },
      release: () => {},
    }),
  } as unknown as Pick<CameraPool, 'lease'>;

  #send(): void {
    const fragment = this.#fragments[this.#sent++ % this.#fragments.length]!;
    // Each may be the first of a file: nobody plays them.
    const sent = { ...fragment, key: true, startsAtMs: this.#endMs };
    this.#endMs += fragment.durationMs;
    for (const consumer of this.#consumers) consumer.fragment(sent);
  }
}
