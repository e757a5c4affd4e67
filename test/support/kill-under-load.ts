import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { Fleet } from './fleet.ts';
import { Gateway } from './gateway.ts';
import type { Process } from './process-tree.ts';
import { until } from './processes.ts';

/** What the kernel and our children have to be gone. */
const ORPHANS_MS = 3_000;
/** Longest life of a gateway once messages are acknowledged; each life ends at a random moment of it. */
const LIFE_MS_MAX = 800;

/** Kills the gateway again and again: nothing acknowledged is lost or there twice, nothing of a dead one is left. */
export async function killUnderLoad(t: Test, { kills, perSecond }: { kills: number; perSecond: number }) {
  const gateway = await Gateway.start(t);
  const fleet = await Fleet.connect(t, gateway, { devices: 20, perSecond });
  fleet.go();
  const gone: Process[] = [];
  for (let kill = 1; kill <= kills; kill += 1) {
    const ackedBefore = fleet.acked;
    await until('messages are acknowledged', () => fleet.acked > ackedBefore);
    await sleep(Math.random() * LIFE_MS_MAX);
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
  t.comment(`${fleet.acked} messages acknowledged over ${kills} kills`);
  t.same(await fleet.faults(), []);
  t.same(gateway.orphans(gone), []);
}
