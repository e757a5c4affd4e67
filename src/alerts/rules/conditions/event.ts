import { z } from 'zod';
import { maskPlate, platesIn } from '../../../core/plates.ts';
import type { DecodedRecord, DeviceEvent, DeviceKind } from '../../../core/types.ts';
import { splitPlates } from '../plates.ts';
import {
  type Condition,
  type ConditionState,
  type Input,
  type Misfit,
  type Part,
  positionOf,
  type Transition,
  unchanged,
} from './condition.ts';
import { fieldName } from './parts/names.ts';
import { deviceOf } from './subject.ts';

/** Which events of a device are meant: the keys of every condition that looks at events. */
export const deviceEvent = {
  event: fieldName,
  where: z.record(fieldName, z.union([z.string(), z.number(), z.boolean()])).default({}),
};

const schema = z.strictObject({
  type: z.literal('event'),
  ...deviceEvent,
  watchlist: z
    .strictObject({ field: fieldName, colour: fieldName.optional(), confidence: fieldName.optional() })
    .optional(),
});

export type EventSettings = z.infer<typeof schema>;

/**
 * A device tells an event, with a watchlist: of a plate that is wanted, then one finding for each wanted plate of the
 * vehicle. It is over when it is told, so nothing is kept and nothing clears it.
 */
export const event: Condition<EventSettings, ConditionState> = {
  type: 'event',
  hears: 'devices',
  clock: 'duration',
  byPart: true,
  schema,

  lasts: () => false,

  // A wanted vehicle stays wanted.
  ages: ({ watchlist }) => (watchlist ? null : 'unended'),

  concerns: (settings, { record }) => isEvent(settings, record),

  check: (settings, kind) => eventMisfits(settings, kind, fieldsOf(settings)),

  looksAt: () => ['event'],

  subject: (_, { message, record }) => (record?.type === 'event' ? deviceOf(message.device) : null),

  initial: () => null,

  judge(settings, state, input) {
    const { message, record } = input;
    if (!isEvent(settings, record)) return unchanged(state);
    const fired = { transition: 'fired' as Transition, position: positionOf(message) };
    if (!settings.watchlist) return { state, judgements: [fired] };
    return { state, judgements: wanted(settings.watchlist, record, input).map((part) => ({ ...fired, part })) };
  },

  timer: (_, state) => unchanged(state),

  restart: (_, state) => state,

  evidence(settings, _, from) {
    if (from === 'timer' || from.record?.type !== 'event') return { deviceAtMs: null, data: {}, plates: null };
    const { atMs, data, plates } = from.record;
    // What a rule compares with plates is one, whatever its kind says of it.
    const watched = settings.watchlist ? [settings.watchlist.field] : [];
    return { deviceAtMs: atMs, ...splitPlates(data, [...(plates ?? []), ...watched]) };
  },
};

/** Whether what a finding or an alert tells is a hit on a watchlist. */
export function isWatchlistHit(data: Readonly<Record<string, unknown>>): boolean {
  return 'wanted_plate' in data && 'watchlist' in data;
}

/** Settings of {@link deviceEvent}. */
interface EventsMeant {
  event: string;
  where: Readonly<Record<string, string | number | boolean>>;
}

/** Whether a record is one of the events that are meant. */
export function isEvent({ event, where }: EventsMeant, record: DecodedRecord | null): record is DeviceEvent {
  if (record?.type !== 'event' || record.event !== event) return false;
  return Object.entries(where).every(([field, value]) => record.data.get(field) === value);
}

/** What of the events that are meant does not fit a kind; `named`: further fields of the event that a rule names. */
export function eventMisfits({ event, where }: EventsMeant, kind: DeviceKind, named: readonly string[] = []): Misfit[] {
  const spec = kind.events.get(event);
  if (!spec) return [{ path: ['event'], message: `kind ${kind.kind} has no event "${event}"` }];
  return [...Object.keys(where), ...named]
    .filter((field) => !spec.fields.has(field))
    .map((field) => ({ path: [], message: `event ${event} of ${kind.kind} has no field "${field}"` }));
}

/** Fields that the watchlist of a rule names. */
function fieldsOf({ watchlist }: EventSettings): string[] {
  return Object.values(watchlist ?? {}).filter((field) => field !== undefined);
}

type Watched = NonNullable<EventSettings['watchlist']>;

function wanted(fields: Watched, record: DeviceEvent, { message, watch }: Input): Part[] {
  const of = (field: string | undefined) => (field === undefined ? undefined : record.data.get(field));
  const [text, confidence] = [of(fields.field), of(fields.confidence)];
  const read = {
    colour: of(fields.colour),
    confidence: typeof confidence === 'number' ? confidence : null,
    jurisdiction: message.device.jurisdiction,
    passedAtMs: record.atMs,
    receivedAtMs: message.receivedAtMs,
  };
  const parts = platesIn(typeof text === 'string' ? text : '').flatMap((plate, index) => {
    const place = `${message.lane}-${message.offset}-${record.index}-${index}`;
    return watch.match({ ...read, plate, at: place }).map(({ scope, data, seenBy }) => ({
      scope,
      seenBy,
      data: { ...data, wanted_plate: maskPlate(plate) },
      plates: { wanted_plate: plate },
    }));
  });
  return parts.map((part, at) => ({ at, ...part }));
}
