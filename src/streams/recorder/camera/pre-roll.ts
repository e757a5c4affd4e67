import type { Epoch } from '../../fmp4/live-window.ts';
import type { Fragment } from '../../fmp4/wall-clock.ts';
import type { Consumer } from '../../pool/consumers.ts';
import type { StreamLease } from '../../pool/pool.ts';

/**
 * Gives a consumer what the pool has in memory since `fromMs` (Unix ms), then all that follows, each once and in order.
 * A camera that nobody pulled has nothing in memory. The returned function ends it.
 */
export function listenSince(lease: StreamLease, consumer: Consumer, fromMs: number): () => void {
  let token: string | null = null;
  let lastMs = Number.NEGATIVE_INFINITY;
  const epoch = (one: Epoch): void => {
    if (one.token === token) return;
    token = one.token;
    consumer.epoch(one);
  };
  const fragment = (one: Fragment): void => {
    if (one.startsAtMs <= lastMs) return;
    lastMs = one.startsAtMs;
    consumer.fragment(one);
  };
  for (const one of lease.pull.window.since(fromMs)) {
    epoch(one.epoch);
    fragment(one.fragment);
  }
  return lease.listen({ epoch, fragment, failed: (failure) => consumer.failed(failure) });
}
