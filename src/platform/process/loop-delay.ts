import type { Clock } from '../../core/clock.ts';
import { Histogram, type Observer } from '../../core/observe.ts';

/**
 * From one look to the next: what holds the loop for longer is noticed each time, the rest as often as it hurts. Not
 * more often: whoever reads metrics all the time pays for each look with a processor that wakes.
 */
const LOOK_MS = 100;
/** Who reads metrics reads them at least this often; for nobody it is not looked, as each look wakes the processor. */
const ASKED_WITHIN_MS = 90_000;
const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/**
 * Tells `/metrics` how long whatever arrives waits for the event loop: a timer looks how late it comes itself. It runs
 * from the first time that metrics are read until nobody has read them for a minute and a half. Returns the end of it.
 */
export function watchLoopDelay(clock: Clock, { metrics }: Pick<Observer, 'metrics'>): () => void {
  let askedMs = 0;
  let cancel: (() => void) | null = null;
  const stop = (): void => {
    cancel?.();
    cancel = null;
  };
  const look = (): void => {
    let lastMs = clock.monotonicMs();
    cancel = clock.every(LOOK_MS, () => {
      const nowMs = clock.monotonicMs();
      delay.observe(Math.max(0, nowMs - lastMs - LOOK_MS) / 1_000);
      lastMs = nowMs;
      if (nowMs - askedMs > ASKED_WITHIN_MS) stop();
    });
  };
  const delay = new Histogram({
    name: 'citywatch_event_loop_delay_seconds',
    help: 'How long what arrived waited for the event loop, from the first time that metrics were read.',
    buckets: SECONDS,
    registers: [metrics],
    collect() {
      askedMs = clock.monotonicMs();
      if (cancel === null) look();
    },
  });
  return stop;
}
