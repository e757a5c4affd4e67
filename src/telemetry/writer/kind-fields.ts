import type { DeviceKind, FieldSpec } from '../../core/types.ts';
import { FIRMWARE_FIELD, ONLINE_FIELD } from './line-protocol.ts';

/** What every kind reports of itself. */
const STATE_SPECS: readonly [string, FieldSpec][] = [
  [ONLINE_FIELD, { type: 'boolean' }],
  [FIRMWARE_FIELD, { type: 'text', maxLength: 64 }],
];

/** Every field that a device's readings and state reports have in the store. */
export function fieldsOf(kind: Pick<DeviceKind, 'fields'> | undefined): ReadonlyMap<string, FieldSpec> {
  return new Map([...STATE_SPECS, ...(kind?.fields ?? [])]);
}

/** The tag that keeps apart the parts of a device, such as the channels of a recorder; null where it has none. */
export function partTagOf(kind: Pick<DeviceKind, 'fields'> | undefined): string | null {
  for (const [field, spec] of kind?.fields ?? []) if (spec.tag) return field;
  return null;
}
