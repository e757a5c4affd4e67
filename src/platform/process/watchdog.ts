import { Worker } from 'node:worker_threads';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';

export interface WatchdogLimits {
  /** How often it looks. */
  roundMs: number;
  /** Rounds without a sign of life after which the process is ended. */
  roundsMax: number;
}

/** Collecting garbage or loading 100,000 devices takes seconds; nothing that ends takes this long. */
const LIMITS: WatchdogLimits = { roundMs: 1_000, roundsMax: 30 };

/**
 * Ends the process with SIGKILL when its event loop stands still: an endless loop answers nobody and would never be
 * left. Who supervises us starts us again, and the message that did it is found out (ingest/poison). Returns the end of
 * it. A debugger holds the loop for as long as it likes.
 */
export function startWatchdog(clock: Clock, { log }: Pick<Observer, 'log'>, limits = LIMITS): () => void {
  if (process.execArgv.some((argument) => argument.startsWith('--inspect'))) return () => {};
  const counter = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const thread = new Worker(new URL('./watchdog-thread.mjs', import.meta.url), {
    workerData: { counter, ...limits },
    execArgv: [],
    env: {},
  });
  // Without it we go on as before there was one.
  thread.on('error', (error) =>
    log.error({ part: 'watchdog', error: messageOf(error) }, 'nobody watches the event loop'),
  );
  thread.unref();
  const cancel = clock.every(limits.roundMs / 2, () => void Atomics.add(counter, 0, 1));
  return () => {
    cancel();
    Atomics.store(counter, 1, 1);
    Atomics.notify(counter, 1);
  };
}
