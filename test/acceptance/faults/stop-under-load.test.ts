import t from 'tap';
import { Fleet } from '../../support/gateway/fleet.ts';
import { Gateway } from '../../support/gateway/gateway.ts';
import { until } from '../../support/time/until.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

t.test('SIGTERM under load ends with 0 within 10 s, leaves nothing behind and loses nothing', async (t) => {
  const gateway = await Gateway.start(t);
  const fleet = await Fleet.connect(t, gateway, { devices: 20, perSecond: 500 });
  fleet.go();
  for (const influx of ['answers', 'hangs'] as const) {
    const before = fleet.acked;
    await until('messages are acknowledged', () => fleet.acked > before + 500);
    const family = gateway.descendants();
    const influxd = gateway.server('influxd');
    if (influx === 'hangs') process.kill(influxd, 'SIGSTOP');
    await until('more are acknowledged', () => fleet.acked > before + 700);
    // Another status, or a signal, if any part of it needs longer than its deadline of nine seconds.
    t.equal(await gateway.stop('SIGTERM'), 0, `InfluxDB ${influx}: stopped as asked`);
    t.same(gateway.orphans(family), [], 'no process is left');
    await gateway.start();
  }
  await gateway.untilGreen();
  await fleet.stop();
  t.equal((await gateway.settledLedger()).balanced, true, 'the ledger balances');
  t.comment(`${fleet.acked} messages acknowledged`);
  t.same(await fleet.faults(), []);
});
