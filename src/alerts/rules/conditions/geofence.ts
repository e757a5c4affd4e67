import { z } from 'zod';
import { DAY_S } from '../../../core/clock.ts';
import { orderMs } from '../../../core/device-time.ts';
import { isInside } from '../../../core/registry/geometry.ts';
import type { DeviceKind, FieldValue, Reading } from '../../../core/types.ts';
import { type Condition, type Misfit, positionOf, type Step, unchanged } from './condition.ts';
import { clause, clauseMisfits, isRaised } from './parts/clauses.ts';
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
    /** All of these must be true as well. */
    while: z.array(clause).max(8).default([]),
    hold_s: seconds.default(0),
    clear_hold_s: seconds.default(0),
  })
  .refine(({ inside, outside }) => (inside === undefined) !== (outside === undefined), {
    path: ['inside'],
    message: 'give inside or outside, and only one of them',
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

  subject: (_, { message, record }) => (record?.type === 'reading' ? deviceOf(message.device) : null),

  initial(settings) {
    return {
      type: 'geofence',
      phase: 'clear',
      since: null,
      dueAtMs: null,
      isThere: false,
      raised: settings.while.map(() => false),
      lastAtMs: 0,
      seen: {},
    };
  },

  judge(settings, state, { message, record }) {
    if (!state || record?.type !== 'reading') return unchanged(state);
    return judgeReading(settings, state, record, { position: positionOf(message), receivedAtMs: message.receivedAtMs });
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
  now: Now,
): Step<GeofenceState> {
  const lastAtMs = orderMs(reading);
  if (lastAtMs < state.lastAtMs) return unchanged(state);
  const values = [settings.lat, settings.lon, ...settings.while.map(({ field }) => field)].flatMap((field) => {
    const value = reading.values.get(field);
    return value === undefined ? [] : [[field, value] as const];
  });
  if (values.length === 0) return unchanged(state);
  const raised = settings.while.map((one, index) => {
    const value = reading.values.get(one.field);
    const before = state.raised[index] ?? false;
    return value === undefined ? before : isRaised(one, before, value);
  });
  const isThere = isWhere(settings, reading.values) ?? state.isThere;
  const seen = { ...state.seen, ...Object.fromEntries(values) };
  return move(settings, { ...state, isThere, raised, lastAtMs, seen }, isThere && !raised.includes(false), now);
}

/** Null where the reading does not say where the device is: without a fix it is still where it was. */
function isWhere({ lat, lon, inside, outside }: Geofence, values: Reading['values']): boolean | null {
  const [y, x] = [values.get(lat), values.get(lon)];
  if (typeof y !== 'number' || typeof x !== 'number') return null;
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
