import t from 'tap';
import { Fleet } from '../../support/gateway/fleet.ts';
import { Gateway } from '../../support/gateway/gateway.ts';
import { isRunning } from '../../support/processes.ts';
import { momentsWithin } from '../../support/time/lasting.ts';
import { until } from '../../support/time/until.ts';

t.test('kill -9 of influxd, redis-server and postgres under load: acks go on, nothing is lost', async (t) => {
  const gateway = await Gateway.start(t);
  const fleet = await Fleet.connect(t, gateway, { devices: 20, perSecond: 500 });
  fleet.go();
  const someMoment = momentsWithin(1_000);
  for (const program of ['influxd', 'redis-server', 'postgres']) {
    const before = fleet.acked;
    await until('messages are acknowledged', () => fleet.acked > before + 500);
    await someMoment();
    const pid = gateway.server(program);
    process.kill(pid, 'SIGKILL');
    await until(`${program} is gone`, () => !isRunning(pid));
    const acked = fleet.acked;
    await until(`messages are acknowledged after the end of ${program}`, () => fleet.acked >= acked + 100);
    await until(`${program} is back`, () => gateway.descendants().some((each) => each.program === program));
    t.not(gateway.server(program), pid, `${program} was started again`);
    await gateway.untilGreen();
  }
  await fleet.stop();
  t.equal((await gateway.settledLedger()).balanced, true, 'the ledger balances');
  t.comment(`${fleet.acked} messages acknowledged`);
  t.same(await fleet.faults(), []);
});
