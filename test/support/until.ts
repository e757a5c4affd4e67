import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `probe` returns something true and returns that; fails saying what it waited for. */
export async function until<T>(what: string, probe: () => T | Promise<T>, limitMs = 15_000): Promise<NonNullable<T>> {
  const endMs = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < endMs) {
    try {
      const value = await probe();
      if (value) return value as NonNullable<T>;
    } catch (error) {
      last = error;
    }
    await sleep(20);
  }
  throw new Error(`${what}: not within ${limitMs} ms${last ? ` (${String(last)})` : ''}`);
}
