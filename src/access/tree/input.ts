import { z } from 'zod';
import { isJurisdictionCode, significantDigits } from '../../core/jurisdiction.ts';

const CODES_MAX = 200;
const REPLACED_MAX = 16;
const NAME_MAX = 64;
const CONTROLS = /[\p{Cc}\u2028\u2029]/u;

const code = z
  .string()
  .max(64)
  .refine(isJurisdictionCode, 'use the digits of a division code, or the id of a zone such as 330212z-kexuecheng');
const name = z
  .string()
  .trim()
  .min(1)
  .max(NAME_MAX)
  .refine((text) => !CONTROLS.test(text), 'must not hold control characters')
  .describe('No control characters');

/** What belongs to a zone. */
export const membersInput = z.strictObject({
  members: z.array(code).max(CODES_MAX).describe('Areas and zones within the area that the zone lies in'),
});

export const nameInput = z.strictObject({ name: z.strictObject({ zh: name, en: name.optional() }) });

/** The last day of an area is the one before `on`. */
export const endInput = z.strictObject({
  on: z.iso.date({ error: 'use a day such as 2016-09-14' }),
  successor: code.nullable().default(null).describe('What took its area over'),
});

/** A node of the civil tree that is added: a township, a community, a functional zone, or what follows an old code. */
export const jurisdictionInput = z
  .strictObject({
    code,
    name: nameInput.shape.name,
    validFrom: z.iso.date({ error: 'use a day such as 2016-09-14' }).nullable().default(null),
    replaces: z.array(code).max(REPLACED_MAX).default([]).describe('Codes that end on its first day'),
    members: membersInput.shape.members.default([]),
  })
  .refine(({ code: own }) => significantDigits(own) === own || own.length === 6, {
    path: ['code'],
    message: 'ends with zeros that say nothing: use the shorter code',
  })
  .refine(({ replaces, validFrom }) => replaces.length === 0 || validFrom !== null, {
    path: ['validFrom'],
    message: 'is missing: what it replaces ends on that day',
  });

export type NameInput = z.output<typeof nameInput>['name'];
export type EndInput = z.output<typeof endInput>;
export type JurisdictionInput = z.output<typeof jurisdictionInput>;
