import type { DeviceKind, FieldValue } from '../../core/types.ts';
import { nsToMs } from '../stores/nanoseconds.ts';
import type { StoredPoint } from '../stores/store.ts';
import { EVENT_DATA_FIELD, EVENT_FIELD, EVENT_ID_FIELD } from '../writer/line-protocol.ts';
import { shown } from '../writer/masking.ts';

export interface StoredEvent {
  id: string | null;
  type: string;
  atMs: number;
  data: Record<string, FieldValue | string[]>;
}

/** The event of a point, its plates masked. */
export function toEvent({ timeNs, values }: StoredPoint, kind: DeviceKind | undefined): StoredEvent {
  const type = String(values.get(EVENT_FIELD) ?? '');
  const id = values.get(EVENT_ID_FIELD);
  const specs = kind?.events.get(type)?.fields;
  const data = Object.entries(parseData(values.get(EVENT_DATA_FIELD))).map(
    ([field, value]) => [field, shown(value, specs?.get(field))] as const,
  );
  return { id: typeof id === 'string' ? id : null, type, atMs: nsToMs(timeNs), data: Object.fromEntries(data) };
}

/** We wrote it ourselves, but somebody else may have written into the database since. */
function parseData(text: FieldValue | undefined): Record<string, FieldValue | string[]> {
  try {
    const data: unknown = JSON.parse(String(text));
    return typeof data === 'object' && data !== null ? (data as Record<string, FieldValue | string[]>) : {};
  } catch {
    return {};
  }
}
