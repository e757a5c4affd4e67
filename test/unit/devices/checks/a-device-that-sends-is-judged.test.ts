import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../../src/core/clock.ts';
import type { DeviceKind } from '../../../../src/core/types.ts';
import { checkDevice, type DeviceCheckPorts } from '../../../../src/devices/checks/device-check.ts';
import type { HeardMessage, LastHeard } from '../../../../src/devices/checks/heard.ts';
import { callerIn } from '../../../support/devices/registry.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const KIND = {
  periodS: 60,
  staleAfterS: 180,
  fields: new Map([
    ['rssi_dbm', { type: 'number', unit: 'dBm', min: -150, max: 0 }],
    ['battery_pct', { type: 'number', unit: '%', min: 0, max: 100 }],
  ]),
} as unknown as DeviceKind;
const DEVICE = { id: 'kiosk-1', kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330212' };
const OK = { connected: 'ok', publishing: 'ok', fits: 'ok', clock: 'ok', firmware: 'ok', signal: 'ok' };

interface World {
  heard: LastHeard | null;
  message: Partial<HeardMessage>;
  ports: Partial<DeviceCheckPorts>;
}

const clock = new ManualClock();
const nowMs = clock.nowMs();

function heard(over: Partial<LastHeard> & { rssi?: number; battery?: number } = {}): LastHeard {
  const { rssi = -70, battery = 90, ...rest } = over;
  const fields = new Map([
    ['rssi_dbm', { value: rssi, receivedAtMs: nowMs }],
    ['battery_pct', { value: battery, receivedAtMs: nowMs }],
  ]);
  return { fields, lastMessageAtMs: nowMs - 20_000, online: true, stale: false, firmware: '2.10', ...rest };
}

async function check({ heard: last, message, ports }: Partial<World>) {
  const newest = { uplink: 'mqtt', receivedAtMs: nowMs - 20_000, refused: 0, clock: 'device', offMs: -40 } as const;
  const steps = await checkDevice(callerIn('330212'), DEVICE, {
    clock,
    kind: () => KIND,
    connections: () => ({ on: ['mqtt'], tell: ['mqtt'] }),
    latest: () => (last === undefined ? heard() : last),
    recent: async () => [{ ...newest, ...message }],
    deadLetters: async () => [],
    firmware: async () => '2.10',
    unexpected: () => {},
    ...ports,
  });
  const grades = steps.map(({ name, grade, problem }) => [name, problem ? `${grade} ${problem}` : grade]);
  return { steps, grades: Object.fromEntries(grades) as Record<string, string> };
}

t.test('a device that is connected, sends, fits and is received well is sound', async (t) => {
  t.same((await check({})).grades, OK);
});

t.test('one that was never heard of, said good-bye, or has no connection', async (t) => {
  const away: Partial<DeviceCheckPorts> = { connections: () => ({ on: [], tell: ['mqtt'] }) };
  const never = await check({ heard: null, ports: { ...away, recent: async () => [] } });
  t.match(never.grades, { connected: 'failed never-seen', publishing: 'failed never-seen', fits: 'not-tried' });
  t.match(never.steps[0]?.hint, /device id and secret/);
  t.match((await check({ ports: away })).grades, { connected: 'failed not-connected', publishing: 'ok' });
  const overHttp = await check({ ports: away, message: { uplink: 'http' } });
  t.match(overHttp.grades, { connected: 'ok' }, 'HTTP has no connection to lose');
  const gone = await check({ heard: heard({ online: false }), ports: away, message: { uplink: 'http' } });
  t.match(gone.grades, { connected: 'failed offline' });
});

t.test('one that is silent, or slow', async (t) => {
  const silent = heard({ lastMessageAtMs: nowMs - HOUR_MS, stale: true });
  t.match((await check({ heard: silent })).grades, { connected: 'ok', publishing: 'failed silent' });
  const slow = heard({ lastMessageAtMs: nowMs - 2.5 * MINUTE_MS });
  t.match((await check({ heard: slow })).grades, { publishing: 'warning late' });
});

t.test('what does not fit its kind is named by its last dead letters', async (t) => {
  const letter = { reason: 'out-of-range', path: 'values.fill_pct', value: '250', receivedAtMs: nowMs - MINUTE_MS };
  const ports = { deadLetters: async () => [letter] };
  const now = await check({ ports, message: { refused: 1 } });
  t.match(now.grades, { fits: 'failed dead-letters' });
  t.equal(now.steps[2]?.seen, 'Refused: out-of-range values.fill_pct 250, 60 s ago.');
  t.match((await check({ ports })).grades, { fits: 'warning dead-letters' }, 'what it sends now fits');
  const old = { deadLetters: async () => [{ ...letter, receivedAtMs: nowMs - 30 * HOUR_MS }] };
  t.match((await check({ ports: old })).grades, { fits: 'ok' });
});

t.test('its clock, firmware, signal and battery', async (t) => {
  t.match((await check({ message: { clock: 'refused', offMs: null } })).grades, { clock: 'failed clock-skew' });
  t.match((await check({ message: { offMs: 9_000 } })).grades, { clock: 'warning clock-skew' });
  t.match((await check({ message: { offMs: -HOUR_MS } })).grades, { clock: 'warning late' });
  t.match((await check({ message: { clock: 'receipt', offMs: null } })).grades, { clock: 'ok' });
  t.match((await check({ ports: { firmware: async () => '2.1' } })).grades, { firmware: 'warning firmware-changed' });
  t.match((await check({ heard: heard({ firmware: null }) })).grades, { firmware: 'not-tried' });
  t.match((await check({ heard: heard({ rssi: -105 }) })).grades, { signal: 'warning weak-signal' });
  t.match((await check({ heard: heard({ rssi: -115 }) })).grades, { signal: 'failed weak-signal' });
  t.match((await check({ heard: heard({ battery: 5 }) })).grades, { signal: 'warning battery-low' });
});

t.test('a part that does not answer fails its step and no other', async (t) => {
  const broken: Partial<DeviceCheckPorts> = { deadLetters: () => Promise.reject(new Error('no database')) };
  t.same((await check({ ports: broken })).grades, { ...OK, fits: 'failed internal' });
});
