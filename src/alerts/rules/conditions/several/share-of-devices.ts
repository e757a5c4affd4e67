import { z } from 'zod';
import { DAY_S } from '../../../../core/clock.ts';
import { orderMs } from '../../../../core/device-time.ts';
import type { DecodedRecord, Reading } from '../../../../core/types.ts';
import { type Condition, type Input, type Step, unchanged } from '../condition.ts';
import { type Clause, clause, clauseMisfits, isRaised } from '../parts/clauses.ts';
import { anew, type HoldState, lasted, move } from '../parts/holding.ts';
import { isOverShare, shareLimits, sharesFit, WRONG_SHARES } from '../parts/shares.ts';
import { GROUPS, groupOf } from './groups.ts';

const schema = z
  .strictObject({
    type: z.literal('share-of-devices'),
    by: GROUPS,
    /** A device counts while one of these is true of it. */
    any: z.array(clause).min(1).max(16),
    ...shareLimits,
    /** Of fewer that were heard no share is told. */
    devices: z.number().int().min(2).max(1_000),
    /** Only devices that were heard within this time are looked at. */
    heard_within_s: z.number().min(60).max(DAY_S),
    hold_s: z.number().min(0).max(DAY_S).default(0),
  })
  .refine(sharesFit, WRONG_SHARES);

export type ShareOfDevices = z.infer<typeof schema>;

interface Member {
  /** Order of the newest reading that says something of it (core/device-time.ts); noted roughly. */
  atMs: number;
  /** Per clause: over its limit and not yet back. */
  raised: boolean[];
}

export interface ShareOfDevicesState extends HoldState {
  type: 'share-of-devices';
  /** Those that were heard; at most {@link MEMBERS_MAX}. */
  members: Record<string, Member>;
}

/** Of one group; who comes later is looked at once another was not heard any more. */
const MEMBERS_MAX = 1_024;
/** When somebody was heard is noted once in this part of `heard_within_s`: most readings change nothing. */
const NOTED = 8;
/** Devices that an alert about a district names. */
const NAMED_MAX = 16;

/** Of the devices of a group more than a share shows something: of a district, below one parent, or at one site. */
export const shareOfDevices: Condition<ShareOfDevices, ShareOfDevicesState> = {
  type: 'share-of-devices',
  hears: 'devices',
  clock: 'duration',
  schema,

  lasts: () => true,

  ages: () => 'silence',

  /** It is believed while one of them still says so: that the others are well says nothing of those. */
  concerns: ({ any }, { record }) => record?.type === 'reading' && any.some((one) => isShown(one, record)),

  check: ({ any }, kind) => any.flatMap((one, index) => clauseMisfits(one, kind, ['any', index])),

  looksAt: () => ['reading'],

  subject: (settings, input) => (isSaid(settings, input.record) ? groupOf(settings.by, input) : null),

  initial: () => ({ type: 'share-of-devices', phase: 'clear', since: null, dueAtMs: null, members: {} }),

  judge(settings, state, input) {
    if (!state || !isSaid(settings, input.record)) return unchanged(state);
    const members = withReading(settings, state.members, input, input.record);
    return members === state.members ? unchanged(state) : judgeMembers(settings, { ...state, members }, input);
  },

  timer: (_, state) => lasted(state),

  restart({ hold_s }, state, { cause, receivedAtMs }) {
    if (cause === 'start') return state;
    const all = Object.entries(state.members);
    const members = Object.fromEntries(
      all.map(([device, one]) => [device, { ...one, atMs: Math.min(one.atMs, receivedAtMs) }]),
    );
    return { ...state, members, dueAtMs: anew({ hold_s, clear_hold_s: 0 }, state, receivedAtMs) };
  },

  evidence({ by }, state) {
    const all = Object.entries(state?.members ?? {});
    const shown = all.filter(([, member]) => shows(member)).map(([device]) => device);
    const data = { share_pct: Math.round((1000 * shown.length) / Math.max(1, all.length)) / 10, devices: all.length };
    // What hangs on one parent may stand in several districts, and whoever sees one must not be told of the others.
    if (by !== 'district') return { deviceAtMs: null, data, plates: null };
    return { deviceAtMs: null, data: { ...data, which: shown.slice(0, NAMED_MAX).join(', ') }, plates: null };
  },
};

function isSaid({ any }: ShareOfDevices, record: DecodedRecord | null): record is Reading {
  return record?.type === 'reading' && any.some(({ field }) => record.values.has(field));
}

function isShown(one: Clause, { values }: Reading): boolean {
  const value = values.get(one.field);
  return value !== undefined && isRaised(one, false, value);
}

function shows({ raised }: Member): boolean {
  return raised.includes(true);
}

/** The same object where the reading says nothing new. */
function withReading(
  { any, heard_within_s }: ShareOfDevices,
  members: ShareOfDevicesState['members'],
  { message: { device, receivedAtMs } }: Input,
  reading: Reading,
): ShareOfDevicesState['members'] {
  const heardMs = heard_within_s * 1000;
  const atMs = orderMs(reading);
  const before = members[device.id];
  // What was measured long ago does not say how it is now.
  if (atMs <= receivedAtMs - heardMs || (before && atMs < before.atMs)) return members;
  const raised = any.map((one, index) => {
    const was = before?.raised[index] ?? false;
    const value = reading.values.get(one.field);
    return value === undefined ? was : isRaised(one, was, value);
  });
  const isNew = before === undefined || raised.some((one, index) => one !== before.raised[index]);
  if (!isNew && atMs < before.atMs + heardMs / NOTED) return members;
  const isFull = before === undefined && Object.keys(members).length >= MEMBERS_MAX;
  if (isFull && Object.values(members).every((one) => one.atMs > receivedAtMs - heardMs)) return members;
  return { ...members, [device.id]: { atMs, raised } };
}

/**
 * With what is known of the members now. Who was not heard for long is a member no more, unless it showed what the
 * alert is about: that it is over nobody has said then.
 */
function judgeMembers(
  settings: ShareOfDevices,
  state: ShareOfDevicesState,
  { message, devices }: Input,
): Step<ShareOfDevicesState> {
  const { receivedAtMs } = message;
  const wasOver = state.phase === 'active';
  const afterMs = receivedAtMs - settings.heard_within_s * 1000;
  const left = Object.entries(state.members).filter(([device, member]) => {
    return (member.atMs > afterMs || (wasOver && shows(member))) && !devices.isRetired(device);
  });
  const shown = left.filter(([, member]) => shows(member)).length;
  const isEnough = wasOver ? left.length > 0 : left.length >= settings.devices;
  const isOver = isEnough && isOverShare(settings, wasOver, shown / left.length);
  const holding = { hold_s: settings.hold_s, clear_hold_s: 0 };
  return move(holding, { ...state, members: Object.fromEntries(left) }, isOver, message);
}
