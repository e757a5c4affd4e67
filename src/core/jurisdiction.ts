/**
 * Jurisdictions are administrative division codes after GB/T 2260 (6 digits: province, city, county) and GB/T 10114
 * (9 and 12 digits: township, community). A code with trailing zeros stands for everything below it, and `000000` for
 * the whole country. This file is the one place that decides who may see what (promise P7).
 */
export type Jurisdiction = string;

/** The whole country: covers every code. */
export const NATIONWIDE: Jurisdiction = '000000';

const CODE = /^(\d{6}|\d{9}|\d{12})$/;

export function isJurisdictionCode(text: string): boolean {
  return CODE.test(text);
}

/** An area; or somebody with an area of their own, and with those that grants open to them for what they ask now. */
export type Scope = Jurisdiction | { jurisdiction: Jurisdiction; granted?: readonly Jurisdiction[] };

/** Every area of a scope. */
export function areasOf(scope: Scope): readonly Jurisdiction[] {
  return typeof scope === 'string' ? [scope] : [scope.jurisdiction, ...(scope.granted ?? [])];
}

/**
 * The digits that all codes within `code` share: `330200` → `3302`, `330212` → `330212`, `000000` → ``.
 * This is the prefix that SQL filters by.
 */
export function significantDigits(code: Jurisdiction): string {
  let digits = code;
  while (digits.length > 6 && digits.endsWith('000')) digits = digits.slice(0, -3);
  if (digits.length > 6) return digits;
  while (digits.length > 0 && digits.endsWith('00')) digits = digits.slice(0, -2);
  return digits;
}

/** Whether somebody responsible for `scope` may see what lies in `code`. */
export function covers(scope: Scope, code: Jurisdiction): boolean {
  return areasOf(scope).some((area) => code.startsWith(significantDigits(area)));
}

/** The county-level part of a code: what a share is counted by. Townships of one county share, a city has its own. */
export function districtOf(code: Jurisdiction): string {
  return code.slice(0, 6);
}
