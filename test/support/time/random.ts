import { randomInt } from 'node:crypto';

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * As {@link randomFrom}, with another seed in each run. The seed is printed, and shown with the results of a test that
 * fails; `TEST_SEED` repeats the run.
 */
export function chance(): () => number {
  const seed = Number(process.env.TEST_SEED ?? randomInt(2 ** 32));
  process.stdout.write(`seed: TEST_SEED=${seed} makes the same choices again\n`);
  return randomFrom(seed);
}
