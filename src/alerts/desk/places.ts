import type { DeviceId } from '../../core/types.ts';
import type { RawBuilder } from '../../platform/database/database.ts';
import { DISTRICT, deviceIn, subjectOf } from '../rules/conditions/subject.ts';
import type { AlertPlace } from './alert.ts';
import type { AlertRow, FindingRow } from './tables.ts';

/** What the desk asks of the registry and of the districts. */
export interface Places {
  /** Names and positions of devices, and what sees them; those that are not known any more are left out. */
  placesOf(devices: DeviceId[]): Promise<Map<DeviceId, AlertPlace>>;
  /** How a device stands in the directory in memory; null where it does not know it. */
  standsNow(device: DeviceId): Pick<AlertPlace, 'retired'> | null;
  /** What people call a district; null where its code is not known. */
  nameOfDistrict(code: string): string | null;
}

/** Lets a statement that is made anyway say where devices are. */
export interface AskedPlaces {
  /** A part of a larger statement, with one value. */
  asking(devices: readonly DeviceId[]): RawBuilder<unknown>;
  /** What that value says, as {@link Places.placesOf}. */
  told(value: unknown): Map<DeviceId, AlertPlace>;
}

/** The devices among written subjects, each once. */
export function devicesAmong(subjects: Iterable<string>): DeviceId[] {
  return [...new Set(subjects)].flatMap((text) => deviceIn(text) ?? []);
}

/**
 * Where what a finding says happens. Who asks after it knows where a device stands now. What is no device, or is not
 * known any more, has no position and stays whose it was when its alert was opened.
 */
export function placeOf(
  { subject: text, jurisdiction }: FindingRow,
  open: AlertRow | null,
  { known, places }: { known: ReadonlyMap<DeviceId, AlertPlace>; places: Pick<Places, 'nameOfDistrict'> },
): AlertPlace {
  const area = open ?? { jurisdiction, police: null };
  const nowhere = { lat: null, lon: null, retired: false, jurisdiction: area.jurisdiction, police: area.police };
  const device = deviceIn(text);
  if (device !== null) return known.get(device) ?? { ...nowhere, name: device };
  const { type, id } = subjectOf(text);
  return { ...nowhere, name: (type === DISTRICT ? places.nameOfDistrict(id) : null) ?? id };
}

/** Whether an alert is of the area that this place belongs to. */
export function isOfPlace(alert: Pick<AlertRow, 'jurisdiction' | 'police'>, place: AlertPlace): boolean {
  return alert.jurisdiction === place.jurisdiction && alert.police === (place.police ?? null);
}
