/**
 * Jurisdictions are administrative division codes after GB/T 2260 (6 digits: province, city, county) and GB/T 10114
 * (9 and 12 digits: township, community). A code with trailing zeros stands for everything below it, and `000000` for
 * the whole country. A functional zone (开发区, 科学城) has no code: its id is the digits of the area it lies in, `z-` and
 * a name, so that it lies in whatever that area lies in (`3302z-gaoxin` in `330200`). This file is the one place that
 * decides who may see what (promise P7).
 */
export type Jurisdiction = string;

/** The whole country: covers every code. */
export const NATIONWIDE: Jurisdiction = '000000';

const CODE = /^(\d{6}|\d{9}|\d{12})$/;
const ZONE = /^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})z-[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;

/** Whether it is a division code, or the id of a zone. */
export function isJurisdictionCode(text: string): boolean {
  return CODE.test(text) || isZone(text);
}

export function isZone(code: Jurisdiction): boolean {
  return ZONE.test(code);
}

/** An area with all that belongs to it. A code alone is none: a {@link Tree} knows what belongs to a zone. */
export interface Area {
  readonly code: Jurisdiction;
  /** Of a zone what belongs to it as well. */
  readonly members: readonly Jurisdiction[];
}

/** Knows what belongs to zones; whoever reads a code somewhere asks it before anything is judged by that code. */
export interface Tree {
  area(code: Jurisdiction): Area;
}

/** Somebody with an area of their own, and with those that grants open to them for what they ask now. */
export interface Seeing {
  jurisdiction: Jurisdiction;
  members?: readonly Jurisdiction[];
  granted?: readonly Jurisdiction[];
}

export type Scope = Area | Seeing;

/** Every code of a scope: what lies in one of them lies in the scope. */
export function areasOf(scope: Scope): readonly Jurisdiction[] {
  if ('code' in scope) return [scope.code, ...scope.members];
  return [scope.jurisdiction, ...(scope.members ?? []), ...(scope.granted ?? [])];
}

/** What a code says by itself: all of a division, and of a zone what is registered in it and not in its members. */
export function codeAlone(code: Jurisdiction): Area {
  return { code, members: [] };
}

/** The whole country. */
export const COUNTRY: Area = codeAlone(NATIONWIDE);

/** The area of somebody without what grants open to them: whoever changes something goes by it. */
export function ownArea({ jurisdiction, members = [] }: Omit<Seeing, 'granted'>): Area {
  return { code: jurisdiction, members };
}

/**
 * The digits that all codes within `code` share: `330200` → `3302`, `330212` → `330212`, `000000` → ``.
 * This is the prefix that SQL filters by. Nothing but itself lies within a zone.
 */
export function significantDigits(code: Jurisdiction): string {
  if (isZone(code)) return code;
  let digits = code;
  while (digits.length > 6 && digits.endsWith('000')) digits = digits.slice(0, -3);
  if (digits.length > 6) return digits;
  while (digits.length > 0 && digits.endsWith('00')) digits = digits.slice(0, -2);
  return digits;
}

/** Whether somebody responsible for `scope` may see what lies in `code`. */
export function covers(scope: Scope, code: Jurisdiction): boolean {
  return areasOf(scope).some((area) => (isZone(area) ? code === area : code.startsWith(significantDigits(area))));
}

/**
 * The county-level part of a code: what a share is counted by. Townships of one county share, a city has its own, and a
 * zone shares with the area it lies in.
 */
export function districtOf(code: Jurisdiction): string {
  return isZone(code) ? areaOfZone(code).slice(0, 6) : code.slice(0, 6);
}

/** The code of the area that a zone lies in. */
export function areaOfZone(zone: Jurisdiction): Jurisdiction {
  return zone.slice(0, zone.indexOf('z')).padEnd(6, '0');
}
