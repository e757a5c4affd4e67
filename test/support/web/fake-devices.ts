import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MINUTE_MS } from '../../../src/core/clock.ts';
import { addingRoutes } from './fake-adding.ts';
import { areasOfCameras, type FakeCamera, pageOfCameras } from './fake-video.ts';

/** A device as the API answers it. */
export interface FakeDevice {
  id: string;
  kind: string;
  name: string;
  jurisdiction: string;
  state: string;
  version: number;
  unit: { id: string; serial: string; maker: string | null; model: string | null } | null;
  health: { health: string; cause: string | null; since: string; why: { en: string; zh: string } | null } | null;
  [field: string]: unknown;
}

/** Devices of the made-up gateway, and what was done with them. */
export interface FakeDevices {
  all: FakeDevice[];
  /** What was sent, as `POST /path` with its body. */
  done: { what: string; body: unknown }[];
  /** Steps of a check that is under way; null: checks are over at once. */
  checking: object[] | null;
  /** Ends the check that is under way. */
  endCheck(): void;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

interface Fake {
  cameras: FakeCamera[];
  devices: FakeDevices;
}

const AT = new Date(Date.now() - 3 * 60 * MINUTE_MS).toISOString();
const WELL = { health: 'online', cause: null, since: AT, why: null };
const AWAY = {
  health: 'offline',
  cause: 'silent',
  since: AT,
  why: { en: 'Nothing was heard for longer than its kind allows.', zh: '超过该类设备允许的时长未上报。' },
};

/** So many kiosks of two districts; every fiftieth is away. */
export function someDevices(count: number): FakeDevices {
  const all = Array.from({ length: count }, (_, n) => deviceLike(n));
  return { all, done: [], checking: null, endCheck: () => undefined };
}

export function deviceLike(n: number, fields: Partial<FakeDevice> = {}): FakeDevice {
  const id = `kiosk-${String(n).padStart(5, '0')}`;
  return {
    id,
    kind: 'recycling-kiosk',
    name: `回收箱 ${n}`,
    jurisdiction: n % 2 ? '330203' : '330212',
    location: { lat: 29.87, lon: 121.55, datum: 'wgs84' },
    parent: null,
    cameras: ['cam-0'],
    purpose: null,
    accessClass: 'public',
    file: { address: '鼓楼街道 17 号', pole: 'P-17' },
    state: 'in-service',
    unit: { id: `u-${n}`, serial: `S-${n}`, maker: 'ACME', model: 'R2' },
    lastSeenAt: AT,
    presence: 'online',
    health: n % 50 === 7 ? AWAY : WELL,
    department: null,
    stream: null,
    onvif: null,
    version: 1,
    createdAt: AT,
    updatedAt: AT,
    ...fields,
  };
}

/** Routes that the list of devices and the page of one ask for. */
export function deviceRoutes(app: FastifyInstance, fake: Fake): void {
  const find = (request: FastifyRequest) => {
    const { id } = request.params as { id: string };
    const camera = fake.cameras.find((one) => one.id === id);
    if (camera) return deviceLike(0, { ...camera, kind: 'camera', cameras: [] });
    return fake.devices.all.find((one) => one.id === id) ?? (id === 'kiosk-017' ? KIOSK_17 : undefined);
  };
  const some = (run: (device: FakeDevice, request: FastifyRequest) => unknown): Handler => {
    return (request, reply) => {
      const device = find(request);
      return device ? run(device, request) : reply.code(404).send({ code: 'not-found' });
    };
  };
  listRoutes(app, fake);
  app.get(
    '/api/v1/devices/:id',
    some((device) => device),
  );
  for (const [part, answer] of Object.entries(PARTS)) app.get(`/api/v1/devices/:id/${part}`, some(answer));
  changing(app, fake, find);
  addingRoutes(app, fake.devices);
}

const KIOSK_17 = deviceLike(17, { id: 'kiosk-017', name: 'kiosk-017', cameras: ['cam-0', 'cam-1'] });

function filtered({ all }: FakeDevices, query: Record<string, string>): FakeDevice[] {
  const { kind, state, jurisdiction, health, q } = query;
  return all.filter((one) => {
    return (
      (kind === undefined || one.kind === kind) &&
      (state === undefined || one.state === state) &&
      (jurisdiction === undefined || one.jurisdiction === jurisdiction) &&
      (health === undefined || one.health?.health === health) &&
      (q === undefined || `${one.id} ${one.name} ${one.unit?.serial}`.includes(q))
    );
  });
}

function listRoutes(app: FastifyInstance, fake: Fake): void {
  app.get('/api/v1/devices', (request) => {
    const query = request.query as Record<string, string>;
    // The wall asks for cameras.
    if (query.kind === 'camera') return pageOfCameras(fake.cameras, query);
    const found = filtered(fake.devices, query);
    const from = Number(query.cursor ?? 0);
    const to = from + Number(query.limit ?? 100);
    return { items: found.slice(from, to), ...(to < found.length && { next: String(to) }) };
  });
  app.get('/api/v1/device-facets', (request) => {
    const query = request.query as Record<string, string>;
    if (query.kind === 'camera') return areasOfCameras(fake.cameras);
    const found = filtered(fake.devices, query);
    const count = (of: (one: FakeDevice) => string | undefined) => {
      const counts = new Map<string, number>();
      for (const value of found.map(of)) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
      return [...counts].map(([value, n]) => ({ value, count: n }));
    };
    return {
      total: found.length,
      kind: count(({ kind }) => kind),
      state: count(({ state }) => state),
      health: count(({ health }) => health?.health),
      accessClass: count(({ accessClass }) => String(accessClass)),
      tag: [],
      jurisdiction: count(({ jurisdiction }) => jurisdiction).map((one) => ({ ...one, level: 'county' })),
    };
  });
}

const PARTS: Record<string, (device: FakeDevice, request: FastifyRequest) => unknown> = {
  latest: ({ id }) => ({
    device: id,
    online: true,
    stale: false,
    lastMessageAt: AT,
    firmware: null,
    fields: {
      temp_c: { value: 21.5, at: AT, receivedAt: AT },
      smoke: { value: false, at: AT, receivedAt: AT },
    },
    tagged: null,
  }),
  health: ({ health }) => ({
    ...health,
    because: null,
    maintenance: false,
    downtime: { offlineS: 5_400, countedS: 5_400, stretches: [{ what: 'offline', from: AT, to: null }] },
  }),
  events: () => ({ items: [{ id: 'e-1', type: 'full', at: AT, data: { fill_pct: 97 } }] }),
  commands: () => ({ items: [{ id: 'c-1', name: 'unlock', state: 'answered', createdAt: AT, by: { name: '李娜' } }] }),
  units: ({ unit }) => ({ items: [{ unit, from: AT, to: null, how: 'registered', by: '王伟', reason: null }] }),
  maintenance: () => ({ items: [] }),
  credentials: ({ id, login = null }) => ({ id, last: login, secret: null, kept: [] }),
  completeness: ({ id }) => ({
    device: id,
    days: [{ day: AT.slice(0, 10), expected: 1_440, received: 1_400, percent: 97.2, gaps: [] }],
  }),
};

function changing(app: FastifyInstance, fake: Fake, find: (request: FastifyRequest) => FakeDevice | undefined) {
  const noted = (request: FastifyRequest) => {
    fake.devices.done.push({ what: `${request.method} ${request.url.replace('/api/v1', '')}`, body: request.body });
  };
  app.patch('/api/v1/devices/:id', (request, reply) => {
    const device = find(request);
    if (!device) return reply.code(404).send({ code: 'not-found' });
    if (request.headers['if-match'] !== `"${device.version}"`)
      return reply.code(412).send({ code: 'conflict.version' });
    noted(request);
    return Object.assign(device, request.body, { version: device.version + 1 });
  });
  app.post('/api/v1/devices/:id/credentials/rotate', (request, reply) => {
    noted(request);
    const change = { id: 'l-1', state: 'running', problem: null, steps: [checkStep('login')], by: '王伟', began: AT };
    Object.assign(find(request) ?? {}, { login: { ...change, ended: null } });
    return reply.code(202).send(change);
  });
  app.post('/api/v1/devices/:id/maintenance', (request, reply) => {
    noted(request);
    Object.assign(find(request) ?? {}, { state: 'maintenance' });
    return reply.code(201).send({});
  });
  app.post('/api/v1/devices/:id/maintenance/end', (request) => {
    noted(request);
    Object.assign(find(request) ?? {}, { state: 'in-service' });
    return {};
  });
  checks(app, fake);
}

const STEPS = ['reach', 'port', 'clock', 'login', 'identity', 'profiles', 'rtsp', 'snapshot'];

export function checkStep(name: string, grade = 'ok'): object {
  const bad = grade === 'failed' ? { problem: 'auth', hint: 'Use the right password.' } : { problem: null, hint: null };
  return { name, grade, seen: `${name} was seen.`, tookMs: 10, ...bad };
}

function checks(app: FastifyInstance, fake: Fake): void {
  app.get('/api/v1/devices/:id/check', (request) => {
    const { id } = request.params as { id: string };
    return { device: id, running: fake.devices.checking !== null, steps: fake.devices.checking ?? [] };
  });
  app.post('/api/v1/devices/:id/check', async (request) => {
    const { id } = request.params as { id: string };
    if (fake.devices.checking !== null) {
      await new Promise<void>((resolve) => {
        fake.devices.endCheck = resolve;
      });
      fake.devices.checking = null;
    }
    const steps = STEPS.map((name) => checkStep(name));
    const picture = { jpeg: null, withheld: 'no order' };
    const report = { grade: 'ok', cause: null, steps, at: AT, tookMs: 900, unit: null };
    return { device: id, ...report, shared: false, picture, opened: null };
  });
}
