import { join } from 'node:path';
import t from 'tap';
import { fillInfluxDisk } from '../support/faults/campaigns/full-disk-campaign.ts';
import {
  always,
  down,
  harmInflux,
  type InfluxScene,
  refuseSomeLines,
  underLoadBeforeInflux,
} from '../support/faults/campaigns/influx-campaign.ts';
import { FaultyGateway, loadOf } from '../support/faults/faulty-gateway.ts';
import { record } from '../support/faults/results.ts';
import { SmallDisk } from '../support/faults/small-disk.ts';

const TEN_MINUTES_MS = 600_000;
const FAULTS = {
  'InfluxDB answers after 5 s': always({ type: 'slow', ms: 5_000 }, 30_000),
  'InfluxDB says 429, Retry-After 2': always({ type: 'answer', status: 429, headers: { 'retry-after': '2' } }, 20_000),
  'InfluxDB says 503': always({ type: 'answer', status: 503 }, 20_000),
  'InfluxDB resets before it wrote': always({ type: 'reset', passOn: false }, 20_000),
  'InfluxDB resets after it wrote': always({ type: 'reset', passOn: true }, 20_000),
};

t.test('InfluxDB fails in each way at 600 messages/s', async (t) => {
  const scene: InfluxScene = await underLoadBeforeInflux(t, 600);
  for (const [name, fault] of Object.entries(FAULTS)) await record(t, name, () => harmInflux(scene, fault));
  await record(t, 'InfluxDB refuses some lines of a batch', () => refuseSomeLines(scene));
  await record(t, 'InfluxDB killed and started', () => harmInflux(scene, down(3_000), 5));
  await record(t, 'InfluxDB down for 10 min at 600/s', () => harmInflux(scene, down(TEN_MINUTES_MS)));
  t.same(await scene.fleet.faults(), [], 'and in the end everything is there once');
});

t.test('the disk of the private InfluxDB is full, and freed, and InfluxDB is killed', async (t) => {
  const faulty = await FaultyGateway.prepare(t);
  const disk = SmallDisk.mount(t, join(faulty.gateway.directory, 'influx'), 256);
  await faulty.gateway.start();
  const scene = await loadOf(t, faulty);
  await record(t, 'disk of InfluxDB full', () => fillInfluxDisk(scene, 2, { disk, leaveBytes: 0, lastsMs: 45_000 }));
  t.same(await scene.fleet.faults(), [], 'what it has is there after it was killed');
});
