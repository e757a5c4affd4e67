import { type DeviceColumns, type MovingColumns, SEVERITIES, type Severity } from '../types.ts';
import type { Point } from './geometry.ts';

/** What a device is coloured by, the worst last: its gravest open alert, or else how it is. */
export const LEVELS = ['unknown', 'online', 'degraded', 'offline', ...SEVERITIES.toReversed()] as const;
export type Level = 'unknown' | 'online' | 'degraded' | 'offline' | Severity;

export interface MapDevice {
  id: string;
  /** What people call it; the id where it has no other name. */
  name: string;
  kind: string;
  /** Code of its jurisdiction. */
  area: string;
  /** Where it stands; of one that moves, where it said last that it was. */
  at: Point;
  /** When it said so, Unix ms; null for one that stands. */
  saidAtMs: number | null;
  level: Level;
  /** Its place among {@link LEVELS}. */
  rank: number;
  /** How many alerts of it are open. */
  open: number;
  /** What is written on it in place of the letter of its level. */
  mark?: string;
}

export function devicesOf({
  kinds,
  areas,
  healths,
  id,
  name,
  lon,
  lat,
  kind,
  area,
  health,
  alerts,
}: DeviceColumns): MapDevice[] {
  const devices = id.map((one, n): MapDevice => {
    const level = healths[health[n] ?? -1] ?? 'unknown';
    return {
      id: one,
      name: name[n] ?? one,
      kind: kinds[kind[n] ?? -1] ?? '',
      area: areas[area[n] ?? -1] ?? '',
      at: [lon[n] ?? 0, lat[n] ?? 0],
      saidAtMs: null,
      level,
      rank: LEVELS.indexOf(level),
      open: 0,
    };
  });
  for (const [n, place] of alerts.device.entries()) {
    const device = devices[place];
    const level = alerts.worst[n];
    if (!device || level === undefined) continue;
    device.level = level;
    device.rank = LEVELS.indexOf(level);
    device.open = alerts.open[n] ?? 0;
  }
  return devices;
}

/** The same devices, those that move where they said last that they are. */
export function moved(devices: readonly MapDevice[], { id, lon, lat, atMs }: MovingColumns): readonly MapDevice[] {
  if (id.length === 0) return devices;
  const places = new Map(id.map((one, n) => [one, n]));
  return devices.map((device) => {
    const n = places.get(device.id);
    return n === undefined ? device : { ...device, at: [lon[n]!, lat[n]!], saidAtMs: atMs[n]! };
  });
}

/** The gravest first, and of those alike in order of id. */
export function byGravity(a: MapDevice, b: MapDevice): number {
  return b.rank - a.rank || b.open - a.open || (a.id < b.id ? -1 : 1);
}
