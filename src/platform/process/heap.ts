import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../core/observe.ts';

/** After the first rush of devices that come back, and before anybody looks at what a gateway at rest takes. */
const CALM_AFTER_MS = 5_000;

export interface HeapDeps {
  clock: Clock;
  observer: Observer;
  /** Collects everything at once, as `node --expose-gc` offers it; where it is not offered nothing is done. */
  collect: (() => unknown) | undefined;
}

/**
 * Collects once what a start has made and nobody needs any more. Left to itself the engine would keep it until
 * messages fill the rest of its first room, and then look through all of it while they wait
 * (`docs/performance-history.md`). Returns how to call it off.
 */
export function tidyHeapAfterStart({ clock, observer, collect }: HeapDeps): () => void {
  return clock.after(CALM_AFTER_MS, () => {
    if (collect === undefined) return;
    const beforeMs = clock.monotonicMs();
    collect();
    observer.log.debug({ part: 'gateway', tookMs: Math.round(clock.monotonicMs() - beforeMs) }, 'heap tidied');
  });
}
