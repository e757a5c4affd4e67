import { maskPlate, platesIn } from '../../core/plates.ts';
import type { DeviceEvent, Message } from '../../core/types.ts';
import { eventMatches } from './conditions/conditions.ts';
import type { Finding, FindingIndex } from './findings.ts';
import { splitPlates } from './plates.ts';
import type { Condition } from './rules.ts';

/** Asks whether a plate is wanted at this place and time. */
export interface Watch {
  match(plate: string, jurisdiction: string, atMs: number): { scope: string; data: Finding['data'] } | null;
}

export interface EventHit extends Pick<Finding, 'scope' | 'data' | 'plates'> {
  index: FindingIndex;
}

/** One for the event, or one for each wanted plate of its vehicle; the first plate has the index of the record. */
export function eventHits(
  condition: Extract<Condition, { type: 'event' }>,
  record: DeviceEvent,
  { device, receivedAtMs }: Message,
  watch: Watch,
): EventHit[] {
  if (!eventMatches(condition, record)) return [];
  const { index } = record;
  const watched = condition.watchlist?.field;
  // What a rule compares with plates is one, whatever its kind says of it.
  const seen = splitPlates(record.data, [...(record.plates ?? []), ...(watched === undefined ? [] : [watched])]);
  if (watched === undefined) return [{ index, scope: '', ...seen }];
  const text = record.data.get(watched);
  return platesIn(typeof text === 'string' ? text : '').flatMap((plate, at) => {
    const hit = watch.match(plate, device.jurisdiction, receivedAtMs);
    const place: FindingIndex = at === 0 ? index : `${index}.${at}`;
    if (!hit) return [];
    const data = { ...seen.data, ...hit.data, wanted_plate: maskPlate(plate) };
    return [{ index: place, scope: hit.scope, data, plates: { ...seen.plates, wanted_plate: plate } }];
  });
}
