import { z } from 'zod';
import { forbiddenName, isPersonsMac } from '../../core/forbidden/names.ts';

const NAME = /^[a-z][A-Za-z0-9_]{0,39}$/;
const PLAIN_TAG = /^[A-Za-z0-9_.-]{1,32}$/;
const CODES_MAX = 256;
const PATH_KEYS_MAX = 8;
const PATH_CHARACTERS_MAX = 128;
/** More values of a tag would make too many series. */
const TAG_VALUES_MAX = 64;

const bound = z.number().min(-Number.MAX_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
const range = { unit: z.string().min(1).max(16).nullable(), min: z.number(), max: z.number() };
const ordered = (spec: { min: number; max: number }) => spec.min <= spec.max;
const impossible = { path: ['max'], message: 'must not be below min' };

/** Names of what must not enter the gateway are refused here already; of hardware addresses only those of persons. */
function isAllowed(text: string): boolean {
  const what = forbiddenName(text);
  return what === null || (what === 'mac' && !isPersonsMac(text));
}

const FORBIDDEN_NAME = 'names what must not enter the gateway (docs/dead-letters.md)';

/** `d.t`: keys from the record inwards; a digit is an index of an array. */
export const path = z
  .string()
  .min(1)
  .max(PATH_CHARACTERS_MAX)
  .refine((text) => text.split('.').every((key) => key !== ''), 'has an empty key')
  .refine((text) => text.split('.').length <= PATH_KEYS_MAX, `has more than ${PATH_KEYS_MAX} keys`)
  .refine((text) => text.split('.').every(isAllowed), FORBIDDEN_NAME);

export const codes = <Value extends z.ZodType>(value: Value) =>
  z
    .record(z.string().min(1).max(64), value)
    .refine((map) => Object.keys(map).length > 0, 'needs at least one code')
    .refine((map) => Object.keys(map).length <= CODES_MAX, `at most ${CODES_MAX} codes`);

/** What people call something, in both languages. */
export const title = z.strictObject({ en: z.string().min(1).max(64), zh: z.string().min(1).max(64) });

const from = { path: path.optional(), title: title.optional() };
const scaled = { scale: bound.refine((scale) => scale !== 0, 'must not be 0').optional(), offset: bound.optional() };
const tag = z.literal(true).optional();

const numberField = z
  .strictObject({
    type: z.literal('number'),
    ...range,
    precision: z.int().min(0).max(9).optional(),
    ...from,
    ...scaled,
    map: codes(z.number()).optional(),
  })
  .refine(ordered, impossible)
  .superRefine(({ precision, min, max }, context) => {
    if (precision === undefined) return;
    for (const [key, value] of Object.entries({ min, max })) {
      if (Number(value.toFixed(precision)) === value) continue;
      context.addIssue({ code: 'custom', path: [key], message: `has more than ${precision} digits, the precision` });
    }
  });

const integerField = z
  .strictObject({
    type: z.literal('integer'),
    unit: range.unit,
    min: z.int(),
    max: z.int(),
    tag,
    ...from,
    ...scaled,
    map: codes(z.int()).optional(),
  })
  .refine(ordered, impossible)
  .refine((spec) => !spec.tag || spec.max - spec.min < TAG_VALUES_MAX, {
    path: ['tag'],
    message: `a tag may have at most ${TAG_VALUES_MAX} values`,
  });

const enumField = z
  .strictObject({
    type: z.literal('enum'),
    values: z
      .array(z.string().min(1).max(64))
      .min(1)
      .max(256)
      .refine((values) => new Set(values).size === values.length, 'the same value stands here twice'),
    ...from,
    tag,
    map: codes(z.string()).optional(),
  })
  .refine((spec) => !spec.tag || spec.values.length <= TAG_VALUES_MAX, {
    path: ['tag'],
    message: `a tag may have at most ${TAG_VALUES_MAX} values`,
  })
  .refine((spec) => !spec.tag || spec.values.every((value) => PLAIN_TAG.test(value)), {
    path: ['values'],
    message: 'values of a tag are letters, digits, _ . and -, at most 32',
  });

export const field = z
  .discriminatedUnion('type', [
    numberField,
    integerField,
    z.strictObject({ type: z.literal('boolean'), ...from, map: codes(z.boolean()).optional() }),
    z.strictObject({
      type: z.literal('text'),
      max_length: z.int().min(1).max(4096),
      sensitive: z.literal('plate').optional(),
      content: z.enum(['mac', 'digits']).optional(),
      ...from,
    }),
    enumField,
    z.strictObject({
      type: z.literal('list'),
      max_items: z.int().min(1).max(64),
      max_length: z.int().min(1).max(1024),
      ...from,
    }),
  ])
  .superRefine((spec, context) => {
    if (!('map' in spec) || spec.map === undefined) return;
    const wrong = (message: string) => context.addIssue({ code: 'custom', path: ['map'], message });
    if ('scale' in spec && (spec.scale !== undefined || spec.offset !== undefined)) wrong('excludes scale and offset');
    for (const value of Object.values(spec.map)) {
      const fits =
        spec.type === 'enum'
          ? spec.values.includes(value as string)
          : spec.type === 'boolean' || (Number(value) >= spec.min && Number(value) <= spec.max);
      if (!fits) wrong(`${JSON.stringify(value)} is no value of this field`);
    }
  });

export type FieldFile = z.infer<typeof field>;

export const name = z
  .string()
  .regex(NAME, 'is not a name like fill_pct: a small letter, then at most 39 letters, digits, _')
  .refine(isAllowed, FORBIDDEN_NAME);

export const fields = z.record(name, field);
