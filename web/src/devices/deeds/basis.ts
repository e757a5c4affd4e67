import type { WholeDevice } from '../../types.ts';

/** Something that stands differently by now than when a form was begun. */
export interface Change {
  what: EditField | 'unit';
  from: string;
  to: string;
}

/** What a form was begun with, to tell afterwards what others changed: kept as text beside what is typed. */
export function basisOf(name: string, device: WholeDevice): string {
  if (name === 'edit') return JSON.stringify({ version: device.version, ...editable(device) });
  return name === 'swap' ? JSON.stringify({ unit: device.unit?.id ?? '', serial: unitText(device) }) : '{}';
}

/** What can be typed anew of a device. */
export function editable({ name, purpose, location, file }: WholeDevice): Record<EditField, string> {
  const { lat, lon } = location;
  return { name, purpose: purpose ?? '', lat: String(lat), lon: String(lon), address: file.address ?? '' };
}

export const EDIT_FIELDS = ['name', 'purpose', 'address', 'lat', 'lon'] as const;
export type EditField = (typeof EDIT_FIELDS)[number];

/** What others changed since a form was begun, of that which the form is about. */
export function changesSince(name: string, basis: string, device: WholeDevice): Change[] {
  const before = parsed(basis);
  if (name === 'edit') {
    const now = editable(device);
    return EDIT_FIELDS.filter((field) => field in before && String(before[field]) !== now[field]).map((field) => {
      return { what: field, from: String(before[field]), to: now[field] };
    });
  }
  if (name !== 'swap' || !('unit' in before) || before.unit === (device.unit?.id ?? '')) return [];
  return [{ what: 'unit', from: String(before.serial ?? ''), to: unitText(device) }];
}

function unitText({ unit }: WholeDevice): string {
  return [unit?.maker, unit?.model, unit?.serial ?? unit?.mac].filter(Boolean).join(' ') || '–';
}

/** What was kept as text; nothing where it cannot be read. */
export function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text || '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
