import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Fleet } from '../support/fleet.ts';
import { Gateway } from '../support/gateway.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

/** The promise of SIGTERM. */
const STOP_MS_MAX = 10_000;

t.test('SIGTERM under load ends with 0 within 10 s, leaves nothing behind and loses nothing', async (t) => {
  const gateway = await Gateway.start(t);
  const fleet = await Fleet.connect(t, gateway, { devices: 20, perSecond: 500 });
  fleet.go();
  for (const influx of ['answers', 'hangs'] as const) {
    await sleep(1_500);
    const family = gateway.descendants();
    const influxd = gateway.server('influxd');
    if (influx === 'hangs') process.kill(influxd, 'SIGSTOP');
    await sleep(500);
    const startMs = performance.now();
    t.equal(await gateway.stop('SIGTERM'), 0, `InfluxDB ${influx}: stopped as asked`);
    const tookMs = Math.round(performance.now() - startMs);
    t.ok(tookMs < STOP_MS_MAX, `within 10 s (${tookMs} ms)`);
    t.same(gateway.orphans(family), [], 'no process is left');
    await gateway.start();
  }
  await gateway.untilGreen();
  await fleet.stop();
  t.equal((await gateway.settledLedger()).balanced, true, 'the ledger balances');
  t.comment(`${fleet.acked} messages acknowledged`);
  t.same(await fleet.faults(), []);
});
