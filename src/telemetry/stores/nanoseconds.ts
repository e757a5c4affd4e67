import { toRfc3339 } from '../../core/clock.ts';

/**
 * Times of points are nanoseconds since 1970 as decimal text, because they have more digits than a JavaScript number
 * keeps. Only times from 1970 to 2262 occur: the clock window of decode lies within them.
 */

const NS_DIGITS = 6;

export function msToNs(atMs: number): string {
  return atMs === 0 ? '0' : `${atMs}${'0'.repeat(NS_DIGITS)}`;
}

export function nsToMs(timeNs: string): number {
  return Number(timeNs.slice(0, -NS_DIGITS));
}

/** RFC 3339 with nine digits of a second, the exact form of a time in InfluxQL. */
export function nsToRfc3339(timeNs: string): string {
  const digits = timeNs.padStart(NS_DIGITS, '0').slice(-NS_DIGITS);
  return `${toRfc3339(nsToMs(timeNs)).slice(0, -1)}${digits}Z`;
}

/** The other way round, for any number of digits of a second up to nine. Null where the text is no such time. */
export function rfc3339ToNs(text: string): string | null {
  const [, seconds, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text) ?? [];
  const atMs = seconds === undefined ? Number.NaN : Date.parse(`${seconds}Z`);
  return Number.isNaN(atMs) ? null : String(BigInt(atMs) * 1_000_000n + BigInt(fraction.padEnd(9, '0')));
}
