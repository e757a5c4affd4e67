import type { FastifyInstance } from 'fastify';
import { HEALTHS } from '../../../src/devices/health/judge.ts';
import type { FakeAlert } from './fake-alert.ts';
import { GRAVITY } from './fake-alert-list.ts';

export interface FakeMapDevice {
  id: string;
  /** Its id where it has none. */
  name?: string;
  kind: string;
  area: string;
  lon: number;
  lat: number;
  health: (typeof HEALTHS)[number];
}

/** What stands on the map, and where what moves said last that it is. */
export interface FakeMap {
  base: { city: boolean; tiles: { datum: string; zoomMax: number; attribution: string } | null; outlines: boolean };
  devices: FakeMapDevice[];
  moving: { id: string; lon: number; lat: number; atMs: number }[];
}

/** A picture of one grey pixel. */
const TILE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

/** Kiosks on a grid around the city's middle, of two districts, and a bus. */
export function fakeCityMap(kiosks: number): FakeMap {
  const wide = Math.ceil(Math.sqrt(kiosks));
  const devices = Array.from({ length: kiosks }, (_, n): FakeMapDevice => {
    const [x, y] = [n % wide, Math.floor(n / wide)];
    return {
      id: `kiosk-${String(n).padStart(3, '0')}`,
      kind: 'recycling-kiosk',
      area: x < wide / 2 ? '330203' : '330212',
      lon: 121.5 + (0.1 * x) / wide,
      lat: 29.84 + (0.06 * y) / wide,
      health: n % 50 === 7 ? 'offline' : 'online',
    };
  });
  const bus: FakeMapDevice = {
    id: 'bus-1',
    kind: 'vehicle',
    area: '330203',
    lon: 121.55,
    lat: 29.87,
    health: 'online',
  };
  return {
    base: { city: false, tiles: null, outlines: false },
    devices: [...devices, bus],
    moving: [{ id: bus.id, lon: bus.lon, lat: bus.lat, atMs: Date.now() }],
  };
}

/** Routes that only the map asks for. */
export function mapRoutes(app: FastifyInstance, fake: { map: FakeMap }, alerts: ReadonlyMap<string, FakeAlert>): void {
  app.get('/api/v1/map/devices', async () => {
    const { devices } = fake.map;
    const kinds = [...new Set(devices.map(({ kind }) => kind))];
    const areas = [...new Set(devices.map(({ area }) => area))];
    return {
      truncated: false,
      kinds,
      areas,
      healths: HEALTHS,
      id: devices.map(({ id }) => id),
      name: devices.map(({ name = null }) => name),
      lon: devices.map(({ lon }) => lon),
      lat: devices.map(({ lat }) => lat),
      kind: devices.map(({ kind }) => kinds.indexOf(kind)),
      area: devices.map(({ area }) => areas.indexOf(area)),
      health: devices.map(({ health }) => HEALTHS.indexOf(health)),
      alerts: openAlerts(devices, alerts),
    };
  });
  app.get('/api/v1/map/base', async () => fake.map.base);
  app.get('/api/v1/map/tiles/:tile', async (_request, reply) => reply.type('image/png').send(TILE));
  app.get('/api/v1/map/moving', async () => {
    const { moving } = fake.map;
    return {
      id: moving.map(({ id }) => id),
      lon: moving.map(({ lon }) => lon),
      lat: moving.map(({ lat }) => lat),
      atMs: moving.map(({ atMs }) => atMs),
    };
  });
}

function openAlerts(devices: readonly FakeMapDevice[], alerts: ReadonlyMap<string, FakeAlert>) {
  const columns = { device: [] as number[], worst: [] as string[], open: [] as number[] };
  const byDevice = new Map<unknown, FakeAlert[]>();
  for (const alert of alerts.values()) {
    if (alert.handling !== 'closed') byDevice.set(alert.device, [...(byDevice.get(alert.device) ?? []), alert]);
  }
  for (const [place, { id }] of devices.entries()) {
    const open = byDevice.get(id) ?? [];
    const worst = GRAVITY.find((severity) => open.some((one) => one.severity === severity));
    if (worst === undefined) continue;
    columns.device.push(place);
    columns.worst.push(worst);
    columns.open.push(open.length);
  }
  return columns;
}
