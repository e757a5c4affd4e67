import { z } from 'zod';
import { words } from '../file/words.ts';
import { jurisdiction } from '../registry/input.ts';
import { polygon } from '../search/area.ts';

/** How high an agency stands. */
export const POLICE_LEVELS = ['city', 'county', 'station'] as const;

const REPLACED_MAX = 16;
const day = z.iso.date({ error: 'use a day such as 2018-04-16' });

/** Looks like the code of a community and is none: no part that decides who sees what takes it. */
export const policeCode = z
  .string()
  .regex(/^\d{12}$/, 'use the 12 digits of a police agency, as text')
  .meta({ description: 'Code of a police agency, not of a division', examples: ['330212510000'] });

const bounds = polygon.meta({
  description: 'lon,lat;lon,lat;… in degrees of WGS-84, up to 64 corners: where a station is responsible',
});

export const boundsInput = z.strictObject({ bounds: bounds.nullable() });

/** The last day of an agency is the one before `on`. */
export const agencyEnd = z.strictObject({
  on: day,
  successor: policeCode.nullable().default(null).describe('What its points belong to from that day on'),
});

export const agencyName = z.strictObject({ name: words(64) });

export const agencyInput = z
  .strictObject({
    code: policeCode,
    name: words(64),
    level: z.enum(POLICE_LEVELS),
    parent: policeCode.nullable().default(null),
    jurisdiction: jurisdiction.describe('The division whose people keep it'),
    bounds: bounds.nullable().default(null),
    validFrom: day.nullable().default(null),
    replaces: z
      .array(policeCode)
      .max(REPLACED_MAX)
      .default([])
      .describe('Agencies of the same level that it follows: they end on its first day'),
  })
  .refine(({ level, parent }) => (level === 'city') === (parent === null), {
    path: ['parent'],
    message: 'is what stands above a county or a station; a city has none',
  })
  .refine(({ level, bounds: drawn }) => level === 'station' || drawn === null, {
    path: ['bounds'],
    message: 'are those of stations; what stands above has theirs',
  })
  .refine(({ replaces, validFrom }) => replaces.length === 0 || validFrom !== null, {
    path: ['validFrom'],
    message: 'is missing: what it replaces ends on that day',
  });

export const policeOfDevice = z.strictObject({
  agency: policeCode.nullable().describe('Null: whoever is responsible by the bounds of stations'),
});

export type AgencyEnd = z.output<typeof agencyEnd>;
export type AgencyInput = z.output<typeof agencyInput>;
