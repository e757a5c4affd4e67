import { setTimeout as sleep } from 'node:timers/promises';
import { chance } from './random.ts';

/**
 * Lets `ms` of real time pass because they are what is told: how long an outage lasts, how fast traffic comes. Whoever
 * waits for something uses {@link until} or a clock that is moved; `test/tidy` keeps this to faults and traffic.
 */
export async function lasts(ms: number): Promise<void> {
  await sleep(ms);
}

/** Moments at which something is killed under load: each call resolves within `ms`, as the seed of the run says. */
export function momentsWithin(ms: number): () => Promise<void> {
  const random = chance();
  return async () => await sleep(random() * ms);
}
