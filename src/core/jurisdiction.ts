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

/** Code of a police agency: 12 digits that look like those of a community and are none. */
export type AgencyCode = string;

/** Whose something is: where it lies, and to which police agency it belongs, where it does to one. */
export interface Place {
  jurisdiction: Jurisdiction;
  police?: AgencyCode | null;
}

/** A police agency with all below it. */
export interface PoliceLimit {
  readonly agency: AgencyCode;
  /** Itself among them, in order of code; none where there is no such agency. */
  readonly agencies: readonly AgencyCode[];
}

/** An area with all that belongs to it. A code alone is none: a {@link Tree} knows what belongs to a zone. */
export interface Area {
  readonly code: Jurisdiction;
  /** Of a zone what belongs to it as well. */
  readonly members: readonly Jurisdiction[];
  /** Only what belongs to these agencies as well. */
  readonly police?: PoliceLimit;
}

/** Knows what belongs to zones; whoever reads a code somewhere asks it before anything is judged by that code. */
export interface Tree {
  area(code: Jurisdiction): Area;
}

/** Knows what stands below a police agency. */
export interface PoliceTree {
  /** With the agency itself, in order of code. None where there is no such agency. */
  below(agency: AgencyCode): readonly AgencyCode[];
}

/** Somebody with an area of their own, and with those that grants open to them for what they ask now. */
export interface Seeing {
  jurisdiction: Jurisdiction;
  members?: readonly Jurisdiction[];
  /** Of the own area only what belongs to this agency or to one below it. */
  police?: AgencyCode | null;
  /** All of these, in order of code; none where nobody has said which there are. */
  agencies?: readonly AgencyCode[];
  granted?: readonly Area[];
}

export type Scope = Area | Seeing;

/** A scope area by area: what lies in one of them lies in the scope. */
export function partsOf(scope: Scope): readonly Area[] {
  return 'code' in scope ? [scope] : [ownArea(scope), ...(scope.granted ?? [])];
}

/** Names of all that a scope consists of; two scopes with the same ones are the same. */
export function namesOfScope(scope: Scope): readonly string[] {
  return partsOf(scope).flatMap(({ code, members, police }) => {
    const limit = police === undefined ? '' : `@${[police.agency, ...police.agencies].join('+')}`;
    return [code, ...members].map((area) => area + limit);
  });
}

/** Whether nothing of `before` is gone from `now`. */
export function isStillThere(before: Scope, now: Scope): boolean {
  const parts = partsOf(now);
  return partsOf(before).every(({ code, members, police: was }) =>
    [code, ...members].every((area) =>
      parts.some(({ code: own, members: others, police: is }) => {
        if (own !== area && !others.includes(area)) return false;
        if (is === undefined || was === undefined) return is === was || is === undefined;
        return was.agencies.every((agency) => isAmong(is.agencies, agency));
      }),
    ),
  );
}

/** What a code says by itself: all of a division, and of a zone what is registered in it and not in its members. */
export function codeAlone(code: Jurisdiction): Area {
  return { code, members: [] };
}

/** The whole country. */
export const COUNTRY: Area = codeAlone(NATIONWIDE);

/** The area of somebody without what grants open to them: whoever changes something goes by it. */
export function ownArea({ jurisdiction, members = [], police, agencies = [] }: Omit<Seeing, 'granted'>): Area {
  const own = { code: jurisdiction, members };
  return police == null ? own : { ...own, police: { agency: police, agencies } };
}

/** A code with all that belongs to it, or of that only what belongs to a police agency and those below it. */
export function limitedArea(trees: Tree & PoliceTree, code: Jurisdiction, agency: AgencyCode | null): Area {
  const area = trees.area(code);
  return agency === null ? area : { ...area, police: { agency, agencies: trees.below(agency) } };
}

/** The scope without what limits it to police agencies: for what everybody of an area may know, such as its name. */
export function wholeAreas(scope: Scope): Seeing {
  const [own, ...granted] = partsOf(scope).map(({ code, members }) => ({ code, members }));
  return { jurisdiction: own!.code, members: own!.members, granted };
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

/**
 * Whether somebody responsible for `scope` may see what lies in a place. What is known by its code alone belongs to no
 * police agency: an area that is limited to some does not have it.
 */
export function covers(scope: Scope, place: Jurisdiction | Place): boolean {
  const { jurisdiction: code, police = null } = typeof place === 'string' ? { jurisdiction: place } : place;
  return partsOf(scope).some(({ code: own, members, police: limit }) => {
    if (limit && (police === null || !isAmong(limit.agencies, police))) return false;
    return lies(code, own) || members.some((member) => lies(code, member));
  });
}

function lies(code: Jurisdiction, area: Jurisdiction): boolean {
  return isZone(area) ? code === area : code.startsWith(significantDigits(area));
}

/** By halves: it is asked for every device of a city, and a city has hundreds of agencies. */
function isAmong(agencies: readonly AgencyCode[], agency: AgencyCode): boolean {
  let [from, to] = [0, agencies.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (agencies[middle]! < agency) from = middle + 1;
    else to = middle;
  }
  return agencies[from] === agency;
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
