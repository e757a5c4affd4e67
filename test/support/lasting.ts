import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Lets `ms` of real time pass because they are what is told: how long an outage lasts, how fast traffic comes. Whoever
 * waits for something uses {@link until} or a clock that is moved; `test/tidy` keeps this to faults and traffic.
 */
export async function lasts(ms: number): Promise<void> {
  await sleep(ms);
}
