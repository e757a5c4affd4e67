import { z } from 'zod';
import { oneLine, words } from '../file/words.ts';
import { jurisdiction } from '../registry/input.ts';

const NAMES_MAX = 16;
const REPLACED_MAX = 16;

export const departmentId = oneLine(64);
/** As long as the owner in the file of a position. */
const name = words(64);
const day = z.iso.date({ error: 'use a day such as 2018-04-16' });

export const departmentName = z.strictObject({ name: z.strictObject({ zh: name, en: name.nullable().default(null) }) });

/** The last day of a department is the one before `on`. */
export const departmentEnd = z.strictObject({
  on: day,
  successor: departmentId.nullable().default(null).describe('What stands in its place from that day on'),
});

/** A department that is added: one that follows others, or a name of before for one that is there. */
export const departmentInput = z
  .strictObject({
    name: departmentName.shape.name,
    names: z.array(name).max(NAMES_MAX).default([]).describe('Other names by which the files of points call it'),
    jurisdiction: jurisdiction.describe('Where its names mean it'),
    validFrom: day.nullable().default(null),
    validTo: day.nullable().default(null).describe('The day from which its successor stands in its place'),
    successor: departmentId.nullable().default(null).describe('What followed it; for one that has ended'),
    replaces: z
      .array(departmentId)
      .max(REPLACED_MAX)
      .default([])
      .describe('Departments of your area that it follows: they end on its first day'),
  })
  .refine(({ validTo, successor }) => (validTo === null) === (successor === null), {
    path: ['successor'],
    message: 'belongs to `validTo`: send both or neither',
  })
  .refine(({ validFrom, validTo }) => validFrom === null || validTo === null || validFrom < validTo, {
    path: ['validTo'],
    message: 'must be later than `validFrom`',
  })
  .refine(({ replaces, validFrom }) => replaces.length === 0 || validFrom !== null, {
    path: ['validFrom'],
    message: 'is missing: what it replaces ends on that day',
  })
  .refine(({ replaces, successor }) => replaces.length === 0 || successor === null, {
    path: ['replaces'],
    message: 'is for a department that goes on: send no `successor` with it',
  });

export type DepartmentEnd = z.output<typeof departmentEnd>;
export type DepartmentInput = z.output<typeof departmentInput>;
