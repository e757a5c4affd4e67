import { setTimeout as sleep } from 'node:timers/promises';

/** What is looked for is looked for often at first, then less often: a look may be a request to the gateway. */
const FIRST_MS = 10;
const GROWTH = 1.25;
const LONGEST_MS = 150;

/**
 * Waits until `probe` returns something true and returns that; fails saying what it waited for. The limit is for what
 * will never come: a busy machine takes several times what a quiet one does.
 */
export async function until<T>(what: string, probe: () => T | Promise<T>, limitMs = 30_000): Promise<NonNullable<T>> {
  const endMs = performance.now() + limitMs;
  let last: unknown;
  let pauseMs = FIRST_MS;
  while (performance.now() < endMs) {
    try {
      const value = await probe();
      if (value) return value as NonNullable<T>;
    } catch (error) {
      last = error;
    }
    await sleep(pauseMs);
    pauseMs = Math.min(pauseMs * GROWTH, LONGEST_MS);
  }
  throw new Error(`${what}: not within ${limitMs} ms${last ? ` (${String(last)})` : ''}`);
}
