import { z } from 'zod';
import { DAY_S } from '../../core/clock.ts';
import { CODEC_NAMES } from '../../core/codec-names.ts';
import { forbiddenName } from '../../core/forbidden/names.ts';
import { commands } from './kind-command.ts';
import { codes, type FieldFile, fields, name, path, title } from './kind-field.ts';

const KIND = /^[a-z][a-z0-9-]{0,31}$/;
const BASE = /^_?[a-z][a-z0-9-]{0,31}$/;
const FIELDS_MAX = 64;
const EVENTS_MAX = 32;
const IGNORED_MAX = 64;
const BASES_MAX = 8;
const HANGS_ON_MAX = 32;
/** Names that mean something else in the points of a kind's measurement. */
const RESERVED = new Set(['event', 'event_id', 'event_data', 'time', 'dev', 'jur', 'recv_ms', 'clk']);

/** Fields that the states of every device are written to: another type would be refused by the store for ever. */
const STATE_FIELDS = new Map([
  ['online', 'boolean'],
  ['firmware', 'text'],
]);

const event = z.strictObject({
  title: title.optional(),
  fields: fields.default({}),
  required: z.array(z.string()).default([]),
});

const events = z.record(name, event);

const payload = z
  .strictObject({
    ts: z.strictObject({ path, unit: z.enum(['s', 'ms']).optional() }).optional(),
    id: z.strictObject({ path }).optional(),
    event: z.strictObject({ path, map: codes(z.string()).optional() }).optional(),
    ignore: z.array(path).max(IGNORED_MAX).optional(),
  })
  .optional();

/** In what its devices write their payloads. */
/** Long enough for a device that reports once a month. */
const raisedS = z
  .number()
  .positive()
  .max(31 * DAY_S)
  .optional();
const codec = z.enum(CODEC_NAMES).optional();

/** What devices of the kind may send; every limit has a default (docs/kinds.md). */
const rate = z
  .strictObject({ device_per_s: z.number().min(0.1).max(100_000), total_per_s: z.number().min(1).max(1_000_000) })
  .partial()
  .optional();

/** Series that devices of the kind may make in the telemetry store. */
const series = z
  .strictObject({ per_device: z.int().min(1).max(4_096), total: z.int().min(1).max(5_000_000) })
  .partial()
  .optional();

const KIND_NAME = z.string().regex(KIND, 'must be like recycling-kiosk: small letters, digits and -, at most 32');

const head = {
  kind: KIND_NAME,
  version: z.int().min(1).max(1_000_000),
  title,
  stream: z.boolean(),
  hangs_on: z.array(KIND_NAME).min(1).max(HANGS_ON_MAX).optional(),
  period_s: z.number().positive().max(DAY_S),
  stale_after_s: z.number().positive().max(604_800),
  raised: z.strictObject({ silence_s: raisedS, unended_s: raisedS }).optional(),
  codec,
  payload,
  rate,
  series,
};

const names = z.string().regex(BASE, 'is not the name of a file of this folder, without .yaml');

/** What one or several files have in common: `extends: _health` or a list. */
const inherits = z.union([names, z.array(names).min(1).max(BASES_MAX)]).optional();

/** A file of fields, events and commands that kinds take over; its name begins with `_`. */
export const baseFile = z.strictObject({
  extends: inherits,
  fields: fields.default({}),
  events: events.default({}),
  commands,
});

/** A kind as somebody writes it. What it takes over from other files is not in it yet. */
export const writtenKind = z.strictObject({ ...head, extends: inherits, fields, events: events.default({}), commands });

/**
 * A kind with everything it takes over, as it is judged and as the database has it. What was added to it later is
 * optional without a default, so that a kind that was stored before still has the content it was stored with.
 */
export const kindFile = z
  .strictObject({ ...head, fields, events: events.default({}), commands })
  .superRefine((file, context) => {
    const wrong = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (file.stream && file.codec && file.codec !== 'json') {
      wrong(['codec'], 'excludes stream: the gateway itself writes the events of cameras, as json');
    }
    if (file.stale_after_s < file.period_s) wrong(['stale_after_s'], 'must not be below period_s');
    if (Object.keys(file.events).length > EVENTS_MAX) wrong(['events'], `at most ${EVENTS_MAX} events`);
    for (const { path, set } of [...setsOf(file), ...argsOf(file)]) {
      if (Object.keys(set).length > FIELDS_MAX) wrong(path, `at most ${FIELDS_MAX} fields`);
      for (const [key, spec] of Object.entries(set)) {
        const message = fieldProblem(key, spec, path[0]!);
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
export type { FieldFile };

type Wrong = (path: PropertyKey[], message: string) => void;

function setsOf(file: Pick<KindFile, 'fields' | 'events'>): { path: string[]; set: KindFile['fields'] }[] {
  const ofEvents = Object.entries(file.events).map(([type, { fields: set }]) => ({
    path: ['events', type, 'fields'],
    set,
  }));
  return [{ path: ['fields'], set: file.fields }, ...ofEvents];
}

function argsOf({ commands: all = {} }: Pick<KindFile, 'commands'>): { path: string[]; set: KindFile['fields'] }[] {
  return Object.entries(all).map(([command, { args = {} }]) => ({ path: ['commands', command, 'args'], set: args }));
}

function fieldProblem(key: string, spec: FieldFile, where: string): string | null {
  const ofReading = where === 'fields';
  if (ofReading && RESERVED.has(key)) return 'is a reserved name';
  const shared = ofReading ? STATE_FIELDS.get(key) : undefined;
  if (shared && spec.type !== shared) return `must be ${shared}: states are written under this name too`;
  if (ofReading && spec.type === 'list') return 'a list is only possible in an event or command';
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
