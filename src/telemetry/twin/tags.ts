import type { DeviceId, DeviceKind, FieldSpec, FieldValue, Reading } from '../../core/types.ts';
import { shown } from '../writer/masking.ts';
import type { TwinTable } from './table.ts';

/** Newest value of each field (core/device-time.ts), plates masked. */
export type LatestFields = Map<string, { value: FieldValue; atMs: number; receivedAtMs: number }>;

/** Begins the names of the tables whose rows are a device and a value of its structural tag; no kind begins so. */
export const TAGGED = '#';

/** No device id holds a slash. */
export function rowId(device: DeviceId, value: string): string {
  return `${device}/${value}`;
}

/** What the structural tag of a kind can be; a kind allows few. */
export function tagValues(spec: FieldSpec): string[] {
  if (spec.type === 'enum') return spec.values;
  if (spec.type !== 'integer') return [];
  return Array.from({ length: spec.max - spec.min + 1 }, (_, index) => String(spec.min + index));
}

export function keep(table: TwinTable, row: number, record: Reading): void {
  for (const [field, value] of record.values) table.column(field).set(row, value, record);
}

export function fieldsOf(table: TwinTable, row: number, kind: DeviceKind | undefined): LatestFields {
  const fields: LatestFields = new Map();
  for (const [field, column] of table.columns) {
    const slot = column.get(row);
    if (slot) fields.set(field, { ...slot, value: shown(slot.value, kind?.fields.get(field)) });
  }
  return fields;
}
