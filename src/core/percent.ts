/**
 * `part` of `whole` in percent, to one decimal, half up: 3,529 of 11,765 (29.9957…) are 30.0. Null where there is no
 * whole. Whether a gate is passed is decided by the numbers and never by this: 89.96 is shown as 90.0 and is less.
 */
export function percentOf(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.floor((2_000 * part + whole) / (2 * whole)) / 10;
}
