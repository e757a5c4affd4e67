import type { FastifyInstance, InjectOptions } from 'fastify';
import { ROLES } from '../../../src/access/rights.ts';
import type { ApiDeps } from '../../../src/api/deps.ts';
import { buildServer } from '../../../src/api/server/server.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { CitywatchError } from '../../../src/core/errors.ts';
import { covers } from '../../../src/core/jurisdiction.ts';
import { createObserver, KnownSecrets } from '../../../src/core/observe.ts';
import type { Caller, Device, DeviceKind, NewMessage, Role } from '../../../src/core/types.ts';
import type { DeviceInput } from '../../../src/devices/registry/input.ts';
import { HERE, memoryCommands, memoryImages, memoryStreams, memoryUnits } from './api-parts.ts';
import { API_SETTINGS } from './api-settings.ts';
import { memoryChecks } from './check-parts.ts';
import { type HttpParts, httpUplink, memoryIntake } from './http-uplink.ts';
import { memoryAlerts } from './memory/alerts.ts';
import { memoryDiscoveries } from './memory/discoveries.ts';
import { memoryHealth } from './memory/health.ts';
import { memoryGround } from './memory/idempotency.ts';
import { memoryDeviceExport, memoryImportParts } from './memory/imports.ts';
import { memoryOrders } from './memory/orders.ts';
import { memoryDisplays, memoryPeople } from './memory/people.ts';
import { memoryCameras } from './memory/ptz.ts';
import { memoryAudit } from './memory/reports.ts';
import { memorySearch, memorySight } from './memory/search.ts';
import { memoryTrees } from './memory/trees.ts';
import { memoryTrials } from './memory/trials.ts';

/** The API on parts that live in memory: enough to show what the API itself does, and only that. */

const EPOCH = { id: '0a0b0c0d', since: '2026-01-05T00:00:00.000Z', countedBy: 'journal' as const };

export { HERE };
export const ELSEWHERE = '510700';
export const DEVICE_SECRET = 'device-secret-0123456789';
export const KIOSK = 'kiosk-1';
export const CAMERA = 'camera-1';

/** Bearer tokens by role, and one of an admin of another city. */
export const TOKENS = {
  admin: 'token-of-admin',
  operator: 'token-of-operator',
  technician: 'token-of-technician',
  viewer: 'token-of-viewer',
  foreign: 'token-of-foreign-admin',
} as const;

/** The token of any role; `foreign`: of somebody of another city; `police`: of one who is limited to a station. */
export function tokenOf(role: Role, where: 'here' | 'foreign' | 'police' = 'here'): string {
  return `token-of-${where === 'here' ? '' : `${where}-`}${role}`;
}

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

const KIND: DeviceKind = {
  kind: 'recycling-kiosk',
  version: 1,
  title: { en: 'Recycling kiosk', zh: '智能回收箱' },
  stream: false,
  periodS: 60,
  staleAfterS: 180,
  fields: new Map([['fill_pct', { type: 'number', unit: '%', min: 0, max: 100 }]]),
  events: new Map([['alarm', { fields: new Map([['text', { type: 'text', maxLength: 10 }]]), required: ['text'] }]]),
  commands: new Map([['unlock', { args: new Map(), required: [], timeoutS: 30, expiresS: 300, role: 'operator' }]]),
};

const CAMERA_KIND: DeviceKind = { ...KIND, kind: 'camera', stream: true, fields: new Map(), events: new Map() };

export function makeDevice(input: Partial<Device> & { id: string }): Device {
  const place = { lat: 29.82, lon: 121.55, datum: 'wgs84' as const };
  const fixed = { kind: KIND.kind, name: input.id, jurisdiction: HERE, location: place, parent: null, cameras: [] };
  const rest = { purpose: null, state: 'in-service' as const, unit: null, version: 1, createdAtMs: 0, updatedAtMs: 0 };
  return { ...fixed, ...rest, accessClass: 'public', file: {}, ...input };
}

export class MemoryRegistry {
  readonly devices = new Map<string, Device>();

  async create(caller: Caller, input: DeviceInput) {
    const id = input.id ?? `device-${this.devices.size + 1}`;
    if (!covers(caller, input.jurisdiction)) throw new CitywatchError('not-found');
    if (this.devices.has(id)) throw new CitywatchError('conflict.exists');
    const device = makeDevice({ ...(input as Partial<Device>), id });
    this.devices.set(id, device);
    return { device, secret: 'one-time-secret', addresses: await this.shownAddresses() };
  }

  async createMany(caller: Caller, inputs: readonly DeviceInput[]) {
    return Promise.all(inputs.map((input) => this.create(caller, input)));
  }

  async get(caller: Caller, id: string) {
    const device = this.devices.get(id);
    if (!device || !covers(caller, device.jurisdiction)) throw new CitywatchError('not-found');
    return device;
  }

  async list(caller: Caller, { limit, after }: { limit: number; after?: string | undefined }) {
    const mine = [...this.devices.values()].filter(({ jurisdiction }) => covers(caller, jurisdiction));
    const items = mine.filter(({ id }) => after === undefined || id > after).slice(0, limit);
    return { items, next: items.length === limit ? (items.at(-1)?.id ?? null) : null };
  }

  async update(caller: Caller, id: string, version: number, patch: object) {
    const device = await this.get(caller, id);
    if (device.version !== version) throw new CitywatchError('precondition.stale');
    const changed = { ...device, ...patch, version: version + 1 };
    this.devices.set(id, changed);
    return changed;
  }

  async retire(caller: Caller, id: string, version: number) {
    await this.update(caller, id, version, { state: 'retired' });
  }

  async rotateSecret(caller: Caller, id: string) {
    await this.get(caller, id);
    return 'rotated-secret';
  }

  async shownAddresses() {
    return { stream: null, onvif: null };
  }
}

function callerFor(token: string): Caller | null {
  const [, from, role] = /^token-of-(?:(foreign|police)-)?(\w+)$/.exec(token) ?? [];
  if (role === undefined || !ROLES.some((one) => one === role)) return null;
  const id = from ?? role;
  return {
    type: 'token',
    id,
    name: id,
    role: role as Role,
    jurisdiction: from === 'foreign' ? ELSEWHERE : HERE,
    police: from === 'police' ? '330212510000' : null,
    purpose: null,
  };
}

const UP = { ok: true, needed: true };
const ON_TOP = { ffmpeg: UP, journal: UP, disk: UP, pictures: UP, rules: UP, readers: UP };

/** The part of a test that this needs. */
interface Cleanup {
  teardown(run: () => unknown): void;
}

export interface TestApi {
  app: FastifyInstance;
  deps: ApiDeps;
  registry: MemoryRegistry;
  messages: NewMessage[];
  logLines: string[];
  call(
    options: InjectOptions,
  ): Promise<{ status: number; headers: Record<string, unknown>; body: never; text: string }>;
}

/** What a test brings itself. */
export type TestParts = Partial<ApiDeps> & HttpParts;

/** Builds the API on parts in memory; `overrides` replaces any of them. It is closed when the test ends. */
export async function startApi(t: Cleanup, overrides: TestParts = {}): Promise<TestApi> {
  const registry = new MemoryRegistry();
  registry.devices.set(KIOSK, makeDevice({ id: KIOSK }));
  const messages: NewMessage[] = [];
  const logLines: string[] = [];
  const { intake = memoryIntake(messages), preview, kindRates, ...given } = overrides;
  const parts = { ...memoryDeps(registry, logLines), ...given };
  const http = await httpUplink(parts, { intake, ...(preview && { preview }), ...(kindRates && { kindRates }) });
  const deps: ApiDeps = { http, ...parts };
  const app = await buildServer(deps);
  t.teardown(() => app.close());
  const call: TestApi['call'] = async (options) => {
    const answer = await app.inject(options);
    const isJson = String(answer.headers['content-type']).includes('json');
    const body = (isJson && answer.body !== '' ? answer.json() : null) as never;
    return { status: answer.statusCode, headers: answer.headers, body, text: answer.body };
  };
  return { app, deps, registry, messages, logLines, call };
}

type Data =
  | 'ledger'
  | 'deadLetters'
  | 'messages'
  | 'completeness'
  | 'twin'
  | 'messageRate'
  | 'passages'
  | 'history'
  | 'exports';

/** What is asked of data that came in: next to none came. */
function quietData(): Pick<ApiDeps, Data> {
  return {
    ledger: { balance: async () => ({ asOf: ['live-1'], balanced: true, epoch: EPOCH, epochs: [EPOCH], rows: [] }) },
    deadLetters: {
      list: async () => ({ items: [], next: null }),
      groups: async () => [],
      replay: async (_caller, ids) => ({ replayed: ids, skipped: [] }),
      replayGroup: async () => ({ replayed: [], skipped: [], next: null }),
    },
    messages: { byReceipt: async () => null, byDevice: async () => [] },
    completeness: {
      device: async () => [],
      list: async () => ({ items: [], next: null, sum: { expected: 0, received: 0, percent: null } }),
    },
    twin: { latest: () => null, counts: () => new Map(), presence: neverSeen },
    messageRate: { perSecond: () => 0 },
    passages: { search: async () => ({ items: [], next: null }) },
    history: {
      history: async () => ({
        points: [{ atMs: 0, values: { fill_pct: 82.5 } }],
        truncated: false,
        source: 'raw' as const,
      }),
      events: async () => ({ items: [], next: null }),
    },
    exports: {
      open: async ({ device }) => ({
        contentType: 'text/csv; charset=utf-8',
        fileName: `${device.id}.csv`,
        pieces: (async function* () {
          yield 'time\r\n';
        })(),
      }),
    },
  };
}

function memoryDeps(registry: MemoryRegistry, logLines: string[]): Omit<ApiDeps, 'http'> {
  const device = { id: KIOSK, kind: KIND.kind, kindVersion: KIND.version, jurisdiction: HERE };
  const camera = { id: CAMERA, kind: CAMERA_KIND.kind, kindVersion: 1, jurisdiction: HERE };
  const devices = new Map([device, camera].map((each) => [each.id, each]));
  const destination = { write: (line: string) => logLines.push(line) };
  return {
    registry: registry as unknown as ApiDeps['registry'],
    search: memorySearch(registry),
    kinds: { all: () => [KIND, CAMERA_KIND], latest: (kind) => [KIND, CAMERA_KIND].find((one) => one.kind === kind) },
    ...memoryTrees((caller, id) => registry.get(caller, id)),
    tokens: {
      create: async () => ({ id: 't-1', token: 'one-time-token' }),
      list: async () => [],
      revoke: async (caller) => {
        if (!covers(caller, HERE)) throw new CitywatchError('not-found');
      },
      verify: async (token) => callerFor(token),
    },
    directory: {
      authenticate: async (id, secret) => (id === KIOSK && secret === DEVICE_SECRET ? device : null),
      find: async (id) => (id === KIOSK ? device : undefined),
      identity: (id) => (id === KIOSK ? device : undefined),
      within: (scope) => [...devices.values()].filter(({ jurisdiction }) => covers(scope, jurisdiction)),
      placed: () => [],
      changes: () => 0,
      counts: () => [],
      needsIncident: () => false,
      ...memorySight(devices),
    },
    ...quietData(),
    ...memoryTrials(),
    deviceHealth: memoryHealth(),
    images: memoryImages(),
    ...memoryImportParts(),
    deviceExport: memoryDeviceExport(),
    discoveries: memoryDiscoveries(),
    ...memoryCameras(),
    cameraSetup: async () => null,
    ...memoryChecks(),
    ...memoryOrders(),
    ...memoryUnits((caller, id) => registry.get(caller, id)),
    audit: memoryAudit(),
    alerts: memoryAlerts(),
    commands: memoryCommands(),
    streams: memoryStreams(),
    ...memoryPeople(),
    displays: memoryDisplays(),
    accessRegister: { list: async () => [] },
    ...memoryGround(),
    health: {
      check: async () => ({ postgres: UP, redis: UP, influx: UP, mqtt: UP, ...ON_TOP }),
      readers: () => [],
    },
    clock: systemClock,
    observer: createObserver({ level: 'debug', secrets: new KnownSecrets(), destination }),
    settings: API_SETTINGS,
  };
}

/** The presence of a device that nothing was heard of. */
export function neverSeen() {
  return { presence: 'not-yet-seen' as const, lastSeenAtMs: null, health: null };
}
