/**
 * A number from 0 up to, not including, 1. What is drawn by it only spreads load; secrets and ids come from
 * `node:crypto`. Whoever draws is handed one, so that a test can say what comes.
 */
export type Random = () => number;

/** The only place that draws by itself; see test/tidy/rules/import-rule.ts. */
export const systemRandom: Random = () => Math.random();

/** A whole number from `from` up to, not including, `to`. */
export function wholeBetween(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from));
}
