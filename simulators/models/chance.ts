/**
 * Chance without memory: the same question has the same answer each time, so what a device says at some moment follows
 * from its seed and the time alone, in whatever order and by whomever it is asked.
 */

/** A seed of 32 bits for a text (FNV-1a). */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** In [0, 1), for the `step`-th question about `topic`. Two rounds of the finisher of MurmurHash3. */
export function chance(seed: number, topic: string, step = 0): number {
  let hash = (seed ^ seedOf(topic) ^ Math.imul(step | 0, 0x9e3779b1)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ (step | 0), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

export function between(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** A whole number from `from` to `to`, both possible. */
export function wholeBetween(from: number, to: number, share: number): number {
  return from + Math.floor((to - from + 1) * share);
}

export function pick<Item>(items: readonly [Item, ...Item[]], share: number): Item {
  return items[Math.floor(items.length * share)] ?? items[0];
}

/** A value in [-1, 1] that changes smoothly, and is another one after each `spanMs`. */
export function wander(seed: number, topic: string, atMs: number, spanMs: number): number {
  const step = Math.floor(atMs / spanMs);
  const part = atMs / spanMs - step;
  const eased = part * part * (3 - 2 * part);
  return between(chance(seed, topic, step), chance(seed, topic, step + 1), eased) * 2 - 1;
}

/** Within the limits, rounded to so many digits; what rounding would carry out of them stays in. */
export function within(value: number, min: number, max: number, digits = 1): number {
  const factor = 10 ** digits;
  const rounded = Math.round(Math.min(max, Math.max(min, value)) * factor) / factor;
  return rounded === 0 ? 0 : rounded;
}

/** A stretch of time: after `fromMs`, up to and with `toMs`. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/**
 * The moments within a span at which something happens by chance: time is cut into slots of `slotMs`, in each of which
 * it happens once, with the probability `oddsAt` its beginning. However a stretch of time is cut into spans, the
 * moments are the same.
 */
export function momentsOf(seed: number, topic: string, { span, slotMs, oddsAt }: Recurring): number[] {
  const found: number[] = [];
  const last = Math.floor(span.toMs / slotMs);
  for (let slot = Math.floor(span.fromMs / slotMs); slot <= last; slot += 1) {
    const share = chance(seed, topic, slot);
    const odds = oddsAt(slot * slotMs);
    if (share >= odds) continue;
    // What is left of the answer is as much by chance as the whole of it was.
    const atMs = Math.floor((slot + share / odds) * slotMs);
    if (atMs > span.fromMs && atMs <= span.toMs) found.push(atMs);
  }
  return found;
}

interface Recurring {
  span: Span;
  slotMs: number;
  oddsAt(atMs: number): number;
}
