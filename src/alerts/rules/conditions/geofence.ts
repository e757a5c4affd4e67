import { z } from 'zod';
import { DAY_S } from '../../../core/clock.ts';
import { orderMs } from '../../../core/device-time.ts';
import { isInside } from '../../../core/registry/geometry.ts';
import type { DeviceKind, FieldValue, Reading } from '../../../core/types.ts';
import { type Condition, type Input, type Misfit, type Step, said, unchanged } from './condition.ts';
import { clause, clauseMisfits, isRaised, noneOf } from './parts/clauses.ts';
import { anew, type HoldState, lasted, move, type Now } from './parts/holding.ts';
import { fieldName } from './parts/names.ts';
import { deviceOf } from './subject.ts';

const seconds = z.number().min(0).max(DAY_S);
/** Longitude before latitude, as in GeoJSON (RFC 7946 §3.1.1); in the datum of the device. */
const point = z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)]);
const ring = z.array(point).min(3).max(512);

const schema = z
  .strictObject({
    type: z.literal('geofence'),
    lat: fieldName.default('lat'),
    lon: fieldName.default('lon'),
    inside: ring.optional(),
    outside: ring.optional(),
    /** Or inside of a zone of the registry that is called so, or so and `-` and more. */
    zones: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'is the name of zones, as no-hazmat')
      .optional(),
    /** All of these must be true as well. */
    while: z.array(clause).max(8).default([]),
    hold_s: seconds.default(0),
    clear_hold_s: seconds.default(0),
  })
  .refine(({ inside, outside, zones }) => [inside, outside, zones].filter((one) => one !== undefined).length === 1, {
    path: ['inside'],
    message: 'give inside, outside or zones, and only one of them',
  });

export type Geofence = z.infer<typeof schema>;

export interface GeofenceState extends HoldState {
  type: 'geofence';
  /** Whether it is where the rule looks. */
  isThere: boolean;
  /** Per clause of `while`: over its limit and not yet back. */
  raised: boolean[];
  /** Order of the newest reading judged (core/device-time.ts); an older one changes nothing. */
  lastAtMs: number;
  /** Newest place, and newest value of each field of `while`. */
  seen: Record<string, FieldValue>;
}

/** A device that moves is inside an area, or outside of one. */
export const geofence: Condition<Geofence, GeofenceState> = {
  type: 'geofence',
  hears: 'devices',
  clock: 'duration',
  schema,

  lasts: () => true,

  ages: () => 'silence',

  concerns: ({ lat, lon }, { record }) =>
    record?.type === 'reading' && record.values.has(lat) && record.values.has(lon),

  check(settings, kind) {
    const misfits = settings.while.flatMap((one, index) => clauseMisfits(one, kind, ['while', index]));
    return [...placeMisfits(settings, kind), ...misfits];
  },

  looksAt: () => ['reading'],

  subject: (_, { message, record }) => (record?.type === 'reading' ? deviceOf(message.device) : null),

  initial(settings) {
    return {
      type: 'geofence',
      phase: 'clear',
      since: null,
      dueAtMs: null,
      isThere: false,
      raised: noneOf(settings.while),
      lastAtMs: 0,
      seen: {},
    };
  },

  judge(settings, state, { message, record, devices }) {
    if (!state || record?.type !== 'reading') return unchanged(state);
    return judgeReading(settings, state, record, { now: message, devices });
  },

  timer: (_, state) => lasted(state),

  restart(settings, state, { cause, receivedAtMs }) {
    if (cause === 'start') return state;
    const lastAtMs = Math.min(state.lastAtMs, receivedAtMs);
    return { ...state, lastAtMs, dueAtMs: anew(settings, state, receivedAtMs) };
  },

  evidence(_, state, from) {
    const deviceAtMs = from === 'timer' ? (state?.lastAtMs ?? null) : (from.record?.atMs ?? null);
    return { deviceAtMs, data: state?.seen ?? {}, plates: null };
  },
};

function judgeReading(
  settings: Geofence,
  state: GeofenceState,
  reading: Pick<Reading, 'values' | 'atMs' | 'receivedAtMs'>,
  { now, devices }: { now: Now } & Pick<Input, 'devices'>,
): Step<GeofenceState> {
  const lastAtMs = orderMs(reading);
  if (lastAtMs < state.lastAtMs) return unchanged(state);
  const seen = seenAfter(settings, state.seen, reading.values);
  if (seen === null) return unchanged(state);
  const raised = raisedAfter(settings, state.raised, reading.values);
  const isThere = isWhere(settings, reading.values, devices) ?? state.isThere;
  const { state: moved, judgements } = move(settings, state, isThere && !raised.includes(false), now);
  const isSame = moved === state && isThere === state.isThere && raised === state.raised && seen === state.seen;
  if (isSame) return said(state, lastAtMs);
  return { state: { ...moved!, isThere, raised, lastAtMs, seen }, judgements };
}

/** Null where the reading has none of what the rule looks at; the same where it says the same. */
function seenAfter({ lat, lon, while: all }: Geofence, before: GeofenceState['seen'], values: Reading['values']) {
  let seen: GeofenceState['seen'] | null = null;
  const note = (field: string): void => {
    const value = values.get(field);
    if (value === undefined) return;
    seen ??= before;
    if (seen[field] === value) return;
    if (seen === before) seen = { ...before };
    seen[field] = value;
  };
  note(lat);
  note(lon);
  for (const { field } of all) note(field);
  return seen;
}

/** The same list where nothing changed. */
function raisedAfter({ while: all }: Geofence, before: boolean[], values: Reading['values']): boolean[] {
  const after = all.map((one, index) => {
    const was = before[index] ?? false;
    const value = values.get(one.field);
    return value === undefined ? was : isRaised(one, was, value);
  });
  return after.length === before.length && after.every((one, index) => one === before[index]) ? before : after;
}

/** Null where the reading does not say where the device is: without a fix it is still where it was. */
function isWhere(
  { lat, lon, inside, outside, zones }: Geofence,
  values: Reading['values'],
  devices: Input['devices'],
): boolean | null {
  const [y, x] = [values.get(lat), values.get(lon)];
  if (typeof y !== 'number' || typeof x !== 'number') return null;
  if (zones !== undefined) return devices.boundsOfZones(zones).some((one) => isInside([x, y], one));
  return inside ? isInside([x, y], inside) : !isInside([x, y], outside!);
}

function placeMisfits({ lat, lon }: Geofence, kind: DeviceKind): Misfit[] {
  return (['lat', 'lon'] as const).flatMap((key): Misfit[] => {
    const field = key === 'lat' ? lat : lon;
    const spec = kind.fields.get(field);
    if (!spec) return [{ path: [key], message: `kind ${kind.kind} has no field "${field}"` }];
    return spec.type === 'number' ? [] : [{ path: [key], message: `${field} is ${spec.type}, no place` }];
  });
}
