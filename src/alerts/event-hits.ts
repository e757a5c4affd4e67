import { platesIn } from '../core/plates.ts';
import type { DeviceEvent, Message } from '../core/types.ts';
import { eventMatches } from './conditions.ts';
import type { Finding, FindingIndex } from './findings.ts';
import type { Condition } from './rules.ts';

/** Asks whether a plate is wanted at this place and time. */
export interface Watch {
  match(plate: string, jurisdiction: string, atMs: number): { scope: string; data: Finding['data'] } | null;
}

export interface EventHit extends Pick<Finding, 'scope' | 'data'> {
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
  const seen = Object.fromEntries(record.data);
  const { index } = record;
  if (!condition.watchlist) return [{ index, scope: '', data: seen }];
  const text = record.data.get(condition.watchlist.field);
  return platesIn(typeof text === 'string' ? text : '').flatMap((plate, at) => {
    const hit = watch.match(plate, device.jurisdiction, receivedAtMs);
    const place: FindingIndex = at === 0 ? index : `${index}.${at}`;
    return hit ? [{ index: place, scope: hit.scope, data: { ...seen, ...hit.data } }] : [];
  });
}
