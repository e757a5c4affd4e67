import { z } from 'zod';
import { words } from '../file/words.ts';
import { jurisdiction } from '../registry/input.ts';

const ENTRIES_MAX = 5_000;
/** More than any city has. */
const POSITIONS_MAX = 10_000_000;

/** A day of China, `2026-03-31`. */
export const day = z.iso.date({ error: 'use a day such as 2026-03-31' });

const entry = z.strictObject({
  jurisdiction,
  kind: z.string().min(1).max(64).nullable().default(null).describe('Null: of any kind that no other entry names'),
  positions: z.int().min(1).max(POSITIONS_MAX),
});

/** A revision of a plan: a name that the area has no plan of yet begins one. */
export const planInput = z.strictObject({
  name: words(128),
  jurisdiction: jurisdiction.describe('The area that the plan is made for'),
  from: day.describe('From this day on it replaces the revision before'),
  note: words(512).nullable().default(null),
  entries: z.array(entry).min(1).max(ENTRIES_MAX),
});

export type PlanInput = z.output<typeof planInput>;
