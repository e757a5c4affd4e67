import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Fleet } from '../support/fleet.ts';
import { Gateway } from '../support/gateway.ts';
import type { Process } from '../support/process-tree.ts';
import { until } from '../support/processes.ts';

const KILLS = 10;
/** What the kernel and our children have to be gone. */
const ORPHANS_MS = 3_000;

t.test('kill -9 under 500 messages/s, ten times: nothing acknowledged is lost or there twice', async (t) => {
  const gateway = await Gateway.start(t);
  const fleet = await Fleet.connect(t, gateway, { devices: 20, perSecond: 500 });
  fleet.go();
  const gone: Process[] = [];
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const ackedBefore = fleet.acked;
    await until('messages are acknowledged', () => fleet.acked > ackedBefore);
    await sleep(Math.random() * 800);
    const family = gateway.descendants();
    t.ok(family.length >= 4, 'postgres, redis, influxd and the spawner run');
    await gateway.stop('SIGKILL');
    gone.push(...family);
    await until('nothing of it is left', () => gateway.orphans(family).length === 0, ORPHANS_MS).catch(() => {
      t.same(gateway.orphans(family), [], 'processes of a killed gateway');
    });
    await gateway.start();
  }
  await gateway.untilGreen();
  await fleet.stop();
  const ledger = await gateway.settledLedger();
  t.equal(ledger.balanced, true, 'the ledger balances');
  t.comment(`${fleet.acked} messages acknowledged over ${KILLS} kills`);
  t.same(await fleet.faults(), []);
  t.same(gateway.orphans(gone), []);
});
