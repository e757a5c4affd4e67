import { z } from 'zod';
import { forbiddenName, isPersonsMac } from '../core/forbidden.ts';

const KIND = /^[a-z][a-z0-9-]{0,31}$/;
const BASE = /^_?[a-z][a-z0-9-]{0,31}$/;
const NAME = /^[a-z][A-Za-z0-9_]{0,39}$/;
const PLAIN_TAG = /^[A-Za-z0-9_.-]{1,32}$/;
const FIELDS_MAX = 64;
const EVENTS_MAX = 32;
const CODES_MAX = 256;
const PATH_KEYS_MAX = 8;
const PATH_CHARACTERS_MAX = 128;
const IGNORED_MAX = 64;
const BASES_MAX = 8;
/** More values of a tag would make too many series. */
const TAG_VALUES_MAX = 64;
/** Names that mean something else in the points of a kind's measurement. */
const RESERVED = new Set(['event', 'event_id', 'event_data', 'time', 'dev', 'jur', 'recv_ms', 'clk']);

/** Fields that the states of every device are written to: another type would be refused by the store for ever. */
const STATE_FIELDS = new Map([
  ['online', 'boolean'],
  ['firmware', 'text'],
]);

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
const path = z
  .string()
  .min(1)
  .max(PATH_CHARACTERS_MAX)
  .refine((text) => text.split('.').every((key) => key !== ''), 'has an empty key')
  .refine((text) => text.split('.').length <= PATH_KEYS_MAX, `has more than ${PATH_KEYS_MAX} keys`)
  .refine((text) => text.split('.').every(isAllowed), FORBIDDEN_NAME);

const codes = <Value extends z.ZodType>(value: Value) =>
  z
    .record(z.string().min(1).max(64), value)
    .refine((map) => Object.keys(map).length > 0, 'needs at least one code')
    .refine((map) => Object.keys(map).length <= CODES_MAX, `at most ${CODES_MAX} codes`);

const from = { path: path.optional() };
const scaled = { scale: bound.refine((scale) => scale !== 0, 'must not be 0').optional(), offset: bound.optional() };
const tag = z.literal(true).optional();

const numberField = z
  .strictObject({
    ...{ type: z.literal('number'), ...range, precision: z.int().min(0).max(9).optional() },
    ...{ ...from, ...scaled, map: codes(z.number()).optional() },
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
    ...{ type: z.literal('integer'), unit: range.unit, min: z.int(), max: z.int(), tag },
    ...{ ...from, ...scaled, map: codes(z.int()).optional() },
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
    ...{ ...from, tag, map: codes(z.string()).optional() },
  })
  .refine((spec) => !spec.tag || spec.values.length <= TAG_VALUES_MAX, {
    path: ['tag'],
    message: `a tag may have at most ${TAG_VALUES_MAX} values`,
  })
  .refine((spec) => !spec.tag || spec.values.every((value) => PLAIN_TAG.test(value)), {
    path: ['values'],
    message: 'values of a tag are letters, digits, _ . and -, at most 32',
  });

const field = z
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

const name = z
  .string()
  .regex(NAME, 'is not a name like fill_pct: a small letter, then at most 39 letters, digits, _')
  .refine(isAllowed, FORBIDDEN_NAME);

const fields = z.record(name, field);

const event = z.strictObject({ fields: fields.default({}), required: z.array(z.string()).default([]) });

const events = z.record(name, event);

const payload = z
  .strictObject({
    ts: z.strictObject({ path, unit: z.enum(['s', 'ms']).optional() }).optional(),
    id: z.strictObject({ path }).optional(),
    event: z.strictObject({ path, map: codes(z.string()).optional() }).optional(),
    ignore: z.array(path).max(IGNORED_MAX).optional(),
  })
  .optional();

const head = {
  kind: z.string().regex(KIND, 'must be like recycling-kiosk: small letters, digits and -, at most 32'),
  version: z.int().min(1).max(1_000_000),
  title: z.strictObject({ en: z.string().min(1).max(64), zh: z.string().min(1).max(64) }),
  stream: z.boolean(),
  period_s: z.number().positive().max(86_400),
  stale_after_s: z.number().positive().max(604_800),
  payload,
};

const names = z.string().regex(BASE, 'is not the name of a file of this folder, without .yaml');

/** What one or several files have in common: `extends: _health` or a list. */
const inherits = z.union([names, z.array(names).min(1).max(BASES_MAX)]).optional();

/** A file of fields and events that kinds take over; its name begins with `_`. */
export const baseFile = z.strictObject({ extends: inherits, fields: fields.default({}), events: events.default({}) });

/** A kind as somebody writes it. What it takes over from other files is not in it yet. */
export const writtenKind = z.strictObject({ ...head, extends: inherits, fields, events: events.default({}) });

/** A kind with everything it takes over, as it is judged and as the database has it. */
export const kindFile = z.strictObject({ ...head, fields, events: events.default({}) }).superRefine((file, context) => {
  const wrong = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (file.stale_after_s < file.period_s) wrong(['stale_after_s'], 'must not be below period_s');
  if (Object.keys(file.events).length > EVENTS_MAX) wrong(['events'], `at most ${EVENTS_MAX} events`);
  for (const { path, set } of setsOf(file)) {
    if (Object.keys(set).length > FIELDS_MAX) wrong(path, `at most ${FIELDS_MAX} fields`);
    for (const [key, spec] of Object.entries(set)) {
      const message = fieldProblem(key, spec, path[0] === 'fields');
      if (message) wrong([...path, key], message);
    }
  }
  for (const [type, { fields: own, required }] of Object.entries(file.events)) {
    for (const [index, key] of required.entries()) {
      if (!Object.hasOwn(own, key)) wrong(['events', type, 'required', index], `"${key}" is not one of the fields`);
    }
  }
  checkTag(file, wrong);
  checkPayload(file, wrong);
});

export type BaseFile = z.infer<typeof baseFile>;
export type WrittenKind = z.infer<typeof writtenKind>;
export type KindFile = z.infer<typeof kindFile>;
type Wrong = (path: PropertyKey[], message: string) => void;

function setsOf(file: Pick<KindFile, 'fields' | 'events'>): { path: string[]; set: KindFile['fields'] }[] {
  const ofEvents = Object.entries(file.events).map(([type, { fields: set }]) => ({
    path: ['events', type, 'fields'],
    set,
  }));
  return [{ path: ['fields'], set: file.fields }, ...ofEvents];
}

function fieldProblem(key: string, spec: FieldFile, ofReading: boolean): string | null {
  if (ofReading && RESERVED.has(key)) return 'is a reserved name';
  const shared = ofReading ? STATE_FIELDS.get(key) : undefined;
  if (shared && spec.type !== shared) return `must be ${shared}: states are written under this name too`;
  if (ofReading && spec.type === 'list') return 'a list is only possible in an event';
  const holdsMac = spec.type === 'text' && spec.content === 'mac';
  if (spec.type === 'text' && !holdsMac && forbiddenName(key) === 'mac') return 'needs content: mac';
  return null;
}

/** One structural tag at most; an event may carry it too, described alike. */
function checkTag({ fields: own, events: all }: KindFile, wrong: Wrong): void {
  const [tagged, ...more] = Object.keys(own).filter((key) => isTag(own[key]));
  for (const key of more) wrong(['fields', key, 'tag'], `only one field may be a tag, and ${tagged} is one`);
  for (const [type, { fields: set }] of Object.entries(all)) {
    for (const key of Object.keys(set)) {
      if (isTag(set[key]) && key !== tagged) wrong(['events', type, 'fields', key, 'tag'], 'is no tag of the readings');
    }
  }
}

function isTag(spec: FieldFile | undefined): boolean {
  return spec !== undefined && 'tag' in spec && spec.tag === true;
}

/** Each place of a maker's payload means one thing. */
function checkPayload(file: KindFile, wrong: Wrong): void {
  const { ts, id, event: type, ignore = [] } = file.payload ?? {};
  const common: [string, PropertyKey[]][] = ignore.map((place, index) => [place, ['payload', 'ignore', index]]);
  common.push([ts?.path ?? 'ts', ['payload', 'ts']], [id?.path ?? 'id', ['payload', 'id']]);
  for (const { path: at, set } of setsOf(file)) {
    const ofEvent = at[0] === 'events';
    const taken = [...common];
    if (ofEvent) taken.push([type?.path ?? 'type', ['payload', 'event']]);
    for (const [key, spec] of Object.entries(set)) {
      taken.push([spec.path ?? `${ofEvent ? 'data' : 'values'}.${key}`, [...at, key, 'path']]);
    }
    for (const [index, [place, where]] of taken.entries()) {
      const other = taken.slice(0, index).find(([earlier]) => overlaps(earlier, place));
      if (other) wrong(where, `${place} is taken by ${other[1].join('.')}`);
    }
  }
  for (const meant of Object.values(type?.map ?? {})) {
    if (!Object.hasOwn(file.events, meant)) wrong(['payload', 'event', 'map'], `there is no event "${meant}"`);
  }
}

function overlaps(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}
