import { setTimeout as sleep } from 'node:timers/promises';

/** What is looked for is looked for often at first, then less often: a look may be a request to the gateway. */
const FIRST_MS = 10;
const GROWTH = 1.25;
const LONGEST_MS = 150;
/** Of something that takes long, a twentieth more is not noticed, and a hundred looks fewer are. */
const LATE_SHARE = 20;
const LATE_LONGEST_MS = 500;

/**
 * Waits until `probe` returns something true and returns that; fails saying what it waited for. The limit is for what
 * will never come: a busy machine takes several times what a quiet one does.
 */
export async function until<T>(what: string, probe: () => T | Promise<T>, limitMs = 60_000): Promise<NonNullable<T>> {
  const startMs = performance.now();
  const endMs = startMs + limitMs;
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
    const lateMs = Math.min((performance.now() - startMs) / LATE_SHARE, LATE_LONGEST_MS);
    pauseMs = Math.min(pauseMs * GROWTH, Math.max(LONGEST_MS, lateMs));
  }
  throw new Error(`${what}: not within ${limitMs} ms${last ? ` (${String(last)})` : ''}`);
}

/** What a promise comes to, or a failure that says what it waited for. */
export async function settles<T>(what: string, promise: Promise<T>, limitMs = 60_000): Promise<T> {
  const limit = new AbortController();
  const late = sleep(limitMs, null, { signal: limit.signal }).then(() => {
    throw new Error(`${what}: not within ${limitMs} ms`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    limit.abort();
    late.catch(() => {});
  }
}
