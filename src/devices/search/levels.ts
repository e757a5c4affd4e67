import { areaOfZone, covers, isZone, type Jurisdiction, type Scope } from '../../core/jurisdiction.ts';

/** Digits of a code at each level of GB/T 2260 and GB/T 10114, and of what it is filled up to. */
const LEVELS = [
  { level: 'province', digits: 2, filled: 6 },
  { level: 'city', digits: 4, filled: 6 },
  { level: 'county', digits: 6, filled: 6 },
  { level: 'township', digits: 9, filled: 9 },
  { level: 'community', digits: 12, filled: 12 },
] as const;

export type Level = (typeof LEVELS)[number]['level'] | 'zone';

export const LEVEL_NAMES: [Level, ...Level[]] = ['zone', ...LEVELS.map(({ level }) => level)];

/**
 * The codes of each level that `code` lies in, from the province down, as far as `scope` covers them; a code that ends
 * with zeros has no levels below. A zone comes behind those of the area it lies in.
 */
export function levelsOf(code: Jurisdiction, scope: Scope): { level: Level; code: Jurisdiction }[] {
  if (isZone(code)) {
    const own = covers(scope, code) ? [{ level: 'zone' as const, code }] : [];
    return [...levelsOf(areaOfZone(code), scope), ...own];
  }
  return LEVELS.flatMap(({ level, digits, filled }) => {
    const own = code.slice(digits - (digits > 6 ? 3 : 2), digits);
    if (code.length < digits || /^0*$/.test(own)) return [];
    const area = code.slice(0, digits).padEnd(filled, '0');
    return covers(scope, area) ? [{ level, code: area }] : [];
  });
}
