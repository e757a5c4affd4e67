import { z } from 'zod';
import { DAY_S } from '../../../../core/clock.ts';
import { orderMs } from '../../../../core/device-time.ts';
import { distanceM, type Point } from '../../../../core/registry/geometry.ts';
import type { DecodedRecord, DeviceKind } from '../../../../core/types.ts';
import { type Condition, type ConditionState, type Input, type Misfit, positionOf, unchanged } from '../condition.ts';
import { deviceEvent, eventMisfits, isEvent } from '../event.ts';
import { clause, clauseMisfits, isRaised } from '../parts/clauses.ts';
import { GROUPS, groupOf } from './groups.ts';

/** Kinds it is looked for at; all kinds of the rule when absent. */
const kinds = z.array(z.string().min(1).max(64)).min(1).max(64).optional();
const sign = z.union([
  z.strictObject({ kinds, any: z.array(clause).min(1).max(16) }),
  z.strictObject({ kinds, ...deviceEvent }),
]);

const schema = z.strictObject({
  type: z.literal('together'),
  by: GROUPS,
  signs: z.array(sign).min(1).max(8),
  devices: z.number().int().min(2).max(100),
  /** Every sign must be there, at whichever devices. */
  each_sign: z.boolean().default(false),
  within_s: z.number().min(1).max(DAY_S),
  /** All of them within so many metres of one of them. */
  radius_m: z.number().min(1).max(100_000).optional(),
});

export type Together = z.infer<typeof schema>;
type Sign = z.infer<typeof sign>;

interface Member {
  device: string;
  /** Which of the signs. */
  sign: number;
  /** When it was heard last, Unix ms of receipt. */
  heardAtMs: number;
  place: Point | null;
}

export interface TogetherState extends ConditionState {
  type: 'together';
  phase: 'clear' | 'active';
  /** Those that show a sign, oldest first; at most {@link MEMBERS_MAX}. */
  members: Member[];
  /** The newest receipt judged; an older one changes nothing. */
  lastAtMs: number;
}

/** What is remembered of one district or parent: the newest that show something. */
const MEMBERS_MAX = 256;
/** Devices that an alert about a district names. */
const NAMED_MAX = 16;

/** Several devices show something within a time: of one district, below one parent, or at one site. */
export const together: Condition<Together, TogetherState> = {
  type: 'together',
  hears: 'devices',
  clock: 'duration',
  schema,

  lasts: () => true,

  check({ signs }, kind) {
    const meant = signs.map((one, index) => ({ one, index })).filter(({ one }) => isMeant(one, kind.kind));
    if (meant.length === 0) return [{ path: ['signs'], message: `no sign is looked for at kind ${kind.kind}` }];
    return meant.flatMap(({ one, index }) => signMisfits(one, kind, ['signs', index]));
  },

  looksAt: ({ signs }) => signs.map((one) => ('any' in one ? 'reading' : 'event')),

  subject: (settings, input) => (signsIn(settings, input).length > 0 ? groupOf(settings.by, input) : null),

  initial: () => ({ type: 'together', phase: 'clear', members: [], lastAtMs: 0, since: null, dueAtMs: null }),

  judge(settings, state, input) {
    const { message, record } = input;
    const nowMs = message.receivedAtMs;
    const windowMs = settings.within_s * 1000;
    // What was measured long ago does not say what is so together now.
    if (!state || !record || nowMs < state.lastAtMs || orderMs(record) <= nowMs - windowMs) return unchanged(state);
    const members = withSigns(settings, state.members, input, nowMs - windowMs);
    const position = positionOf(message);
    const dueAtMs = untilMs(settings, members);
    if (dueAtMs === null) {
      const clear: TogetherState = { ...state, members, lastAtMs: nowMs, phase: 'clear', since: null, dueAtMs: null };
      return { state: clear, judgements: state.phase === 'active' ? [{ transition: 'cleared', position }] : [] };
    }
    return {
      state: { ...state, members, lastAtMs: nowMs, phase: 'active', since: position, dueAtMs },
      judgements: state.phase === 'active' ? [] : [{ transition: 'fired', position }],
    };
  },

  /** What an event told is over by then; what a device measured may last: nobody has said that it does not. */
  timer(settings, state) {
    if (state.phase !== 'active' || state.since === null) return unchanged(state);
    const isLost = state.members.some(({ sign }) => 'any' in (settings.signs[sign] ?? {}));
    return {
      state: { ...state, phase: 'clear', since: null, dueAtMs: null },
      judgements: [{ transition: isLost ? 'stale' : 'cleared', position: state.since }],
    };
  },

  restart(settings, state, { cause, receivedAtMs }) {
    if (cause === 'start') return state;
    const dueAtMs = state.dueAtMs === null ? null : receivedAtMs + settings.within_s * 1000;
    return { ...state, members: [], lastAtMs: Math.min(state.lastAtMs, receivedAtMs), dueAtMs };
  },

  evidence({ by, within_s }, state) {
    const devices = [...new Set(state?.members.map(({ device }) => device))];
    const data = { devices: devices.length, within_s };
    // What hangs on one parent may stand in several districts, and whoever sees one must not be told of the others.
    if (by !== 'district') return { deviceAtMs: null, data, plates: null };
    return { deviceAtMs: null, data: { ...data, which: devices.slice(-NAMED_MAX).join(', ') }, plates: null };
  },
};

function isMeant({ kinds }: Sign, kind: string): boolean {
  return kinds === undefined || kinds.includes(kind);
}

function signMisfits(one: Sign, kind: DeviceKind, path: (string | number)[]): Misfit[] {
  if ('any' in one) return one.any.flatMap((each, index) => clauseMisfits(each, kind, [...path, 'any', index]));
  return eventMisfits(one, kind).map(({ path: below, message }) => ({ path: [...path, ...below], message }));
}

/** Signs that this record says something of. */
function signsIn({ signs }: Together, { message, record }: Input): { one: Sign; index: number }[] {
  if (record === null) return [];
  return signs
    .map((one, index) => ({ one, index }))
    .filter(({ one }) => isMeant(one, message.device.kind) && isSaid(one, record));
}

function isSaid(one: Sign, record: DecodedRecord): boolean {
  if (!('any' in one)) return isEvent(one, record);
  return record.type === 'reading' && one.any.some(({ field }) => record.values.has(field));
}

/** Those that still count, with what this record says. */
function withSigns(settings: Together, members: readonly Member[], input: Input, afterMs: number): Member[] {
  const { message, record, devices } = input;
  let left = members.filter(({ heardAtMs }) => heardAtMs > afterMs);
  for (const { one, index } of signsIn(settings, input)) {
    const isOld = ({ device, sign }: Member) => device === message.device.id && sign === index;
    const wasOn = left.some(isOld);
    left = left.filter((member) => !isOld(member));
    if (!shows(one, wasOn, record!)) continue;
    const place = settings.radius_m === undefined ? null : devices.placeOf(message.device.id);
    left.push({ device: message.device.id, sign: index, heardAtMs: message.receivedAtMs, place });
  }
  return left.slice(-MEMBERS_MAX);
}

function shows(one: Sign, before: boolean, record: DecodedRecord): boolean {
  if (!('any' in one)) return true;
  if (record.type !== 'reading') return before;
  return one.any.some((each) => {
    const value = record.values.get(each.field);
    return value !== undefined && isRaised(each, before, value);
  });
}

/** Until when enough of them show it if nothing more is heard, Unix ms; null where there are not enough. */
function untilMs(settings: Together, members: readonly Member[]): number | null {
  if (settings.radius_m === undefined) return untilAmong(settings, members);
  const ends = members.map((middle) =>
    untilAmong(
      settings,
      members.filter((one) => isNear(settings, middle, one)),
    ),
  );
  return ends.reduce((latest, end) => (end !== null && (latest === null || end > latest) ? end : latest), null);
}

function isNear({ radius_m }: Together, middle: Member, one: Member): boolean {
  if (middle.device === one.device) return true;
  return middle.place !== null && one.place !== null && distanceM(middle.place, one.place) <= radius_m!;
}

function untilAmong({ devices, each_sign, signs, within_s }: Together, members: readonly Member[]): number | null {
  const newest = (of: 'device' | 'sign') =>
    [...new Map(members.map((member) => [member[of], member.heardAtMs])).values()].sort((a, b) => b - a);
  const heard = newest('device');
  if (heard.length < devices) return null;
  const shown = newest('sign');
  if (each_sign && shown.length < signs.length) return null;
  const lastMs = each_sign ? Math.min(heard[devices - 1]!, shown[signs.length - 1]!) : heard[devices - 1]!;
  return lastMs + within_s * 1000;
}
