import { isZone, type Place, significantDigits } from '../../core/jurisdiction.ts';
import { LEVELS } from '../ladder/levels.ts';

/** Digits that all codes of a city share (GB/T 2260), and those of a county or district. */
const CITY_DIGITS = 4;
const COUNTY_DIGITS = 6;

const [STATION, COUNTY, CITY] = LEVELS.map((_, place) => place) as [number, number, number];

/**
 * The level of the ladder at which a desk stands, by its area: a city or more, a county or district, or less. A police
 * agency is one level below the area in which it is named, a station in a district for instance.
 */
export function levelOfDesk({ jurisdiction, police = null }: Place): number {
  const level = levelOfArea(jurisdiction);
  return police === null ? level : Math.max(STATION, level - 1);
}

function levelOfArea(jurisdiction: string): number {
  if (isZone(jurisdiction)) return STATION;
  const { length } = significantDigits(jurisdiction);
  if (length <= CITY_DIGITS) return CITY;
  return length <= COUNTY_DIGITS ? COUNTY : STATION;
}
