import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import type { Sight } from '../desk/alert.ts';
import type { AlertRow, AlertTables } from '../desk/tables.ts';
import { deviceIn } from '../rules/conditions/subject.ts';
import type { JustOpened } from './opened.ts';

/** An alert as it is now, and what sees its place. */
export interface Looked {
  alert: AlertRow | null;
  /** Null for what is at no place that a camera could see: a district, or the gateway itself. */
  cameras: readonly Sight[] | null;
}

export interface LookedAtInput {
  database: Tables;
  pictures: {
    camerasFor(devices: readonly DeviceId[], readers: Jurisdiction): Promise<ReadonlyMap<DeviceId, readonly Sight[]>>;
  };
  /** What is known of some of them without reading. */
  known: readonly JustOpened[];
  /** Whether the cameras of an alert are asked for; one that has what it needs has none. */
  needsCameras(alert: AlertRow): boolean;
}

/** The alerts of `ids`, in their order, and their cameras: with one statement for all, and one for each district. */
export async function lookAtAlerts(ids: readonly string[], input: LookedAtInput): Promise<Looked[]> {
  const { database, pictures, known, needsCameras } = input;
  const isKnown = new Set(known.map(({ alert }) => alert.id));
  const rest = ids.filter((id) => !isKnown.has(id));
  const read = rest.length > 0 ? await alertsOf(database, rest) : [];
  const alerts = new Map([...known.map(({ alert }) => alert), ...read].map((alert) => [alert.id, alert]));
  const told = new Map(known.map(({ alert, cameras }) => [alert.id, cameras]));
  const byArea = new Map<Jurisdiction, DeviceId[]>();
  for (const alert of alerts.values()) {
    const device = deviceIn(alert.device);
    if (device === null || told.get(alert.id) || !needsCameras(alert)) continue;
    byArea.set(alert.jurisdiction, [...(byArea.get(alert.jurisdiction) ?? []), device]);
  }
  const seeing = new Map<Jurisdiction, ReadonlyMap<DeviceId, readonly Sight[]>>();
  for (const [area, devices] of byArea) seeing.set(area, await pictures.camerasFor(devices, area));
  return ids.map((id) => {
    const alert = alerts.get(id) ?? null;
    const device = alert && deviceIn(alert.device);
    if (device === null) return { alert, cameras: null };
    return { alert, cameras: told.get(id) ?? seeing.get(alert!.jurisdiction)?.get(device) ?? [] };
  });
}

/** Alerts by their ids, in no order; those that are not there are left out. */
export function alertsOf(tables: Tables, ids: readonly string[]): Promise<AlertRow[]> {
  const alerts = tables.tables<AlertTables>().selectFrom('alert').selectAll();
  return alerts.where(sql<boolean>`id = any (${ids}::uuid[])`).execute();
}
