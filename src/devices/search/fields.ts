import { z } from 'zod';
import { ACCESS_CLASSES, TIERS } from '../../core/registry/position-file.ts';
import { DEVICE_STATES } from '../../core/types.ts';

const word = (max: number) => z.string().min(1).max(max);
const flag = z.enum(['true', 'false']);

/**
 * What devices have in common, and are filtered and counted by: the texts in `device_group.facets`. One more is a line
 * here and one in `device_search_rows` of the next migration. Their jurisdiction stands there as well; see levels.ts.
 */
export const FIELDS = {
  kind: word(64),
  state: z.enum(DEVICE_STATES).meta({ description: 'Without it, all but retired ones' }),
  owner: word(64),
  tier: z.enum(TIERS),
  placeType: word(64),
  accessClass: z.enum(ACCESS_CLASSES),
  lowLight: flag,
  hlc: flag,
  wdr: flag,
} as const satisfies Record<string, z.ZodType<string>>;

export type FieldName = keyof typeof FIELDS;

export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];
