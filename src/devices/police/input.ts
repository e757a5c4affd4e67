import { z } from 'zod';
import { words } from '../file/words.ts';
import { jurisdiction } from '../registry/input.ts';
import { polygon } from '../search/area.ts';

/** How high an agency stands. */
export const POLICE_LEVELS = ['city', 'county', 'station'] as const;

/** Looks like the code of a community and is none: no part that decides who sees what takes it. */
export const policeCode = z
  .string()
  .regex(/^\d{12}$/, 'use the 12 digits of a police agency, as text')
  .meta({ description: 'Code of a police agency, not of a division', examples: ['330212510000'] });

const bounds = polygon.meta({
  description: 'lon,lat;lon,lat;… in degrees of WGS-84, up to 64 corners: where a station is responsible',
});

export const boundsInput = z.strictObject({ bounds: bounds.nullable() });

export const agencyInput = z
  .strictObject({
    code: policeCode,
    name: words(64),
    level: z.enum(POLICE_LEVELS),
    parent: policeCode.nullable().default(null),
    jurisdiction: jurisdiction.describe('The division whose people keep it'),
    bounds: bounds.nullable().default(null),
  })
  .refine(({ level, parent }) => (level === 'city') === (parent === null), {
    path: ['parent'],
    message: 'is what stands above a county or a station; a city has none',
  })
  .refine(({ level, bounds: drawn }) => level === 'station' || drawn === null, {
    path: ['bounds'],
    message: 'are those of stations; what stands above has theirs',
  });

export const policeOfDevice = z.strictObject({
  agency: policeCode.nullable().describe('Null: whoever is responsible by the bounds of stations'),
});

export type AgencyInput = z.output<typeof agencyInput>;
