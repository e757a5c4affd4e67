import { DAY_MS } from './clock.ts';

/** What the clocks of devices are worth. */

/** A device's clock is believed from 30 days ago to 5 minutes ahead. */
const CLOCK_PAST_MS = 30 * DAY_MS;
const CLOCK_AHEAD_MS = 5 * 60 * 1000;

/** Whether a time that a device tells is believed, both Unix ms. One that is not is no part of an identity either. */
export function isBelieved(deviceMs: number, receivedAtMs: number): boolean {
  return deviceMs >= receivedAtMs - CLOCK_PAST_MS && deviceMs <= receivedAtMs + CLOCK_AHEAD_MS;
}

/**
 * By what the records of a device follow each other, Unix ms: the time of the device, but never later than its receipt.
 * A clock that runs ahead would otherwise hide all that comes after it was set right.
 */
export function orderMs({ atMs, receivedAtMs }: { atMs: number; receivedAtMs: number }): number {
  return Math.min(atMs, receivedAtMs);
}
