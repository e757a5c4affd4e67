import t from 'tap';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import type { MappedDevices, MovingDevices } from '../../../../src/api/device-map.ts';
import type { Caller, DeviceKind } from '../../../../src/core/types.ts';
import { Directory } from '../../../../src/devices/registry/directory.ts';
import { SecretHasher } from '../../../../src/platform/secrets/hasher.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { bearer, ELSEWHERE, HERE, neverSeen, startApi, TOKENS, tokenOf } from '../../../support/api/api.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const CITY = 10_000;
/** What one device of a city may cost in the answer. */
const BYTES_EACH_MAX = 50;

function entry(id: string, jurisdiction: string, place: [number, number], kind = 'recycling-kiosk') {
  const identity = { id, kind, kindVersion: 1, jurisdiction };
  const rest = { parent: null, accessClass: 'public' as const, secretHash: Buffer.alloc(32), version: 1 };
  return { identity, name: id, state: 'in-service' as const, place, ...rest };
}

function directoryOf(entries: ReturnType<typeof entry>[]) {
  const directory = new Directory(new SecretHasher(Buffer.alloc(32)));
  for (const one of entries) directory.apply(one);
  return {
    placed: directory.placed.bind(directory),
    within: directory.within.bind(directory),
    changes: directory.changes.bind(directory),
  };
}

t.test('a map has the devices of the reader, and of their open alerts the gravest', async (t) => {
  const { api, desk, raise, alertOf, ask } = await startAlertsApi(t);
  const entries = [
    entry('kiosk-a', HERE, [121.5512345678, 29.87]),
    { ...entry('kiosk-b', HERE, [121.56, 29.88]), name: '天一广场' },
    entry('kiosk-c', ELSEWHERE, [104.7, 31.4]),
  ];
  Object.assign(api.deps.directory, directoryOf(entries));
  const read = async (token: string) => {
    const answer = await api.call({ method: 'GET', url: '/api/v1/map/devices', headers: bearer(token) });
    return answer.body as MappedDevices;
  };
  await alertOf('kiosk-a');
  const closed = await alertOf('kiosk-b');
  await ask('POST', `/alerts/${closed}/close`, { payload: { verdict: 'confirmed' } });
  await raise('kiosk-c');
  t.match(await read(TOKENS.viewer), {
    truncated: false,
    kinds: ['recycling-kiosk'],
    areas: [HERE],
    id: ['kiosk-a', 'kiosk-b'],
    name: [null, '天一广场'],
    lon: [121.551235, 121.56],
    lat: [29.87, 29.88],
    kind: [0, 0],
    area: [0, 0],
    health: [-1, -1],
    alerts: { device: [0], worst: ['extreme'], open: [1] },
  });
  t.match(await read(TOKENS.foreign), { id: ['kiosk-c'], areas: [ELSEWHERE] });
  const auditor = await read(tokenOf('auditor'));
  t.same(auditor.id, ['kiosk-a', 'kiosk-b'], 'who sees devices and no alerts');
  t.same(auditor.alerts, { device: [], worst: [], open: [] });
  t.same((await read(TOKENS.technician)).alerts.device, [], 'alerts of the police desk are not for technicians');
  const tables = desk.database.tables<AlertTables>();
  await tables.updateTable('alert').set({ desk: 'maintenance', severity: 'minor' }).execute();
  t.same((await read(TOKENS.technician)).alerts, { device: [0], worst: ['minor'], open: [1] });
});

t.test('devices that report a place are told where they are', async (t) => {
  const degrees = { type: 'number', unit: '°', min: -180, max: 180 } as const;
  const vehicle = { kind: 'vehicle', fields: new Map(['lat', 'lon'].map((name) => [name, degrees])) } as never;
  const kinds = { all: () => [vehicle as DeviceKind], latest: () => undefined };
  const said = (value: number, atMs: number) => ({ value, atMs, receivedAtMs: atMs });
  const fields = new Map([
    ['lat', said(29.9, 5_000)],
    ['lon', said(121.6, 4_000)],
  ]);
  const latest = (id: string) => (id === 'bus-2' ? null : { fields });
  const twin = { latest: latest as never, counts: () => new Map(), presence: neverSeen };
  const api = await startApi(t, { kinds, twin });
  const entries = ['bus-1', 'bus-2'].map((id) => entry(id, HERE, [121.5, 29.8], 'vehicle'));
  Object.assign(api.deps.directory, directoryOf([...entries, entry('kiosk-a', HERE, [121.5, 29.8])]));
  const read = (token: string) => api.call({ method: 'GET', url: '/api/v1/map/moving', headers: bearer(token) });
  const expected: MovingDevices = { id: ['bus-1'], lon: [121.6], lat: [29.9], atMs: [4_000] };
  t.same((await read(TOKENS.viewer)).body, expected);
  t.same((await read(TOKENS.foreign)).body, { id: [], lon: [], lat: [], atMs: [] });
  t.equal((await read(tokenOf('auditor'))).status, 403);
});

t.test('ten thousand devices are a small answer', async (t) => {
  const api = await startApi(t);
  const entries = Array.from({ length: CITY }, (_, n) => entry(`kiosk-${n}`, HERE, [121.5 + n / 1e5, 29.8 + n / 2e5]));
  Object.assign(api.deps.directory, directoryOf(entries));
  const before = process.cpuUsage();
  const { text, body } = await api.call({ method: 'GET', url: '/api/v1/map/devices', headers: bearer(TOKENS.viewer) });
  t.comment(`${text.length / CITY} bytes each, ${process.cpuUsage(before).user / 1_000} ms of processor time`);
  t.equal((body as MappedDevices).id.length, CITY);
  t.ok(text.length < CITY * BYTES_EACH_MAX);
});

t.test('one pass over the devices answers all windows of an area, until something is changed', async (t) => {
  const clock = new ManualClock();
  const api = await startApi(t, { clock });
  const directory = new Directory(new SecretHasher(Buffer.alloc(32)));
  directory.apply(entry('kiosk-a', HERE, [121.55, 29.87]));
  const passes: string[] = [];
  Object.assign(api.deps.directory, {
    changes: () => directory.changes(),
    placed: (scope: Caller) => {
      passes.push(scope.jurisdiction);
      return directory.placed(scope);
    },
  });
  const read = async (token: string) => {
    const { status, body } = await api.call({ method: 'GET', url: '/api/v1/map/devices', headers: bearer(token) });
    t.equal(status, 200);
    return (body as MappedDevices).id;
  };
  const windows = [TOKENS.viewer, TOKENS.technician, tokenOf('auditor')].flatMap((one) => [one, one, one, one]);
  for (const ids of await Promise.all(windows.map(read))) t.same(ids, ['kiosk-a']);
  t.same(passes, [HERE]);
  t.same(await read(TOKENS.foreign), [], 'another area has its own');
  t.same(passes, [HERE, ELSEWHERE]);
  directory.apply({ ...entry('kiosk-a', ELSEWHERE, [104.7, 31.4]), version: 2 });
  t.same(await read(TOKENS.viewer), [], 'what has left the area is seen there no more');
  t.same(await read(TOKENS.foreign), ['kiosk-a']);
  t.equal(passes.length, 4);
  await clock.advance(2_000);
  await read(TOKENS.viewer);
  t.equal(passes.length, 5, 'and how they are is at most 2 s old');
});
