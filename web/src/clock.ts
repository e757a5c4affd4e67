/**
 * How far two moments of this computer's clock lie apart. One that was set back says for hours that nothing was long
 * ago; the clock that nobody sets stands still in a computer that sleeps, and would not tell that it did.
 */
export function msBetween(oneMs: number, otherMs: number): number {
  return Math.abs(otherMs - oneMs);
}
