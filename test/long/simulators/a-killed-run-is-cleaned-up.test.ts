import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { RECEIVER_NETWORKS } from '../../support/alerts/webhook-receiver.ts';
import { ADMIN_TOKEN, Gateway } from '../../support/gateway/gateway.ts';
import { descendantsOf, stillThere } from '../../support/process-tree.ts';
import { type Run, simulate } from '../../support/simulators/command.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(600_000);

const PREFIX = 'sim-killed-';
const WAIT_MS = 180_000;
const CITY = `
city: killed
title: { zh: 测试, en: Killed }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203"]
fleets:
  - { name: spot, kind: site, count: 3 }
  - { name: kiosk, kind: recycling-kiosk, count: 12, periodS: 2, under: spot }
  - { name: gate, kind: checkpoint, count: 1 }
timeline:
  - { atS: 3, do: fire, fleet: kiosk, count: 1, forS: 5, alertWithinS: 20 }
  - { atS: 3, do: wanted, fleet: gate, plate: 浙B7K2M9, forS: 5, alertWithinS: 20 }
`;

interface Found {
  id: string;
  name: string;
  state?: string;
  revokedAt?: string | null;
}

async function listed(gateway: Gateway, path: string): Promise<Found[]> {
  return (await gateway.get(path)).items;
}

function said(run: Run, what: RegExp): boolean {
  return what.test(run.lines.join('\n'));
}

t.test('what a killed run leaves at a gateway is retired, revoked and ended, and nothing else', async (t) => {
  const gateway = await Gateway.start(t, { CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS });
  await gateway.register({ id: 'somebody-elses' });
  const tokensBefore = (await listed(gateway, '/tokens')).length;
  const directory = t.testdir();
  const token = join(directory, 'token');
  writeFileSync(token, ADMIN_TOKEN, { mode: 0o600 });
  const at = ['--gateway', gateway.httpUrl, '--mqtt', `mqtt://127.0.0.1:${gateway.mqttPort}`, '--token-file', token];
  const words = [...at, '--prefix', PREFIX, '--centre', '127.64.255.3', '--for', '10m'];
  const run = simulate(t, directory, { city: CITY, words });
  await until('the city lives', () => said(run, /s left: 16 up/), WAIT_MS);
  const family = descendantsOf(run.child.pid ?? 0);
  run.child.kill('SIGKILL');
  await once(run.child, 'close');
  await until('nothing of it runs', () => stillThere(family).length === 0, WAIT_MS);
  const own = (await listed(gateway, '/devices?limit=100')).filter(({ id }) => id.startsWith(PREFIX));
  t.equal(own.length, 16);
  t.ok(
    (await listed(gateway, '/tokens')).length > tokensBefore && (await listed(gateway, '/subscriptions')).length > 0,
  );

  const clean = simulate(t, directory, { city: CITY, words: ['--clean', PREFIX, ...at.slice(0, 2), ...at.slice(4)] });
  t.equal(await clean.ended, 0, clean.lines.join('\n'));
  const states = await Promise.all(own.map(async ({ id }) => (await gateway.get(`/devices/${id}`)).state));
  t.strictSame([...new Set(states)], ['retired']);
  t.not((await gateway.get('/devices/somebody-elses')).state, 'retired');
  const ofRun = ({ name }: Found): boolean => name.startsWith(PREFIX);
  t.ok((await listed(gateway, '/tokens')).filter(ofRun).every(({ revokedAt }) => revokedAt));
  t.ok((await listed(gateway, '/subscriptions')).filter(ofRun).every(({ state }) => state === 'removed'));
  t.strictSame(
    (await listed(gateway, '/watchlists')).filter((one) => ofRun(one) && one.state !== 'removed'),
    [],
  );
});
