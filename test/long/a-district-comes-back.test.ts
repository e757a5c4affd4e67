import t from 'tap';
import { residentMib, Storm } from '../support/faults/campaigns/storm-campaign.ts';
import { record } from '../support/faults/results.ts';
import { Gateway } from '../support/gateway/gateway.ts';

const DEVICES = 3_000;
const MESSAGES = 100;
const ALL_IN_MS = 60_000;
const QUIET_MS = 20_000;
/** What a second storm may leave behind above the first: the heap breathes, a leak of buffers would be a multiple. */
const GROWTH_MIB = 100;

t.test('3,000 devices reconnect within a second with 100 messages each, three times', async (t) => {
  const gateway = await Gateway.start(t);
  const storm = new Storm(gateway, MESSAGES);
  await storm.register(DEVICES);
  const before = await residentMib(gateway.pid, 0);
  const resident: number[] = [];
  await record(t, '3,000 devices reconnect within 1 s with 100 messages each', async () => {
    let greenMs = 0;
    let slowest = 0;
    for (let time = 0; time < 3; time += 1) {
      const report = await storm.strike(t);
      const endMs = performance.now();
      await gateway.untilGreen();
      greenMs = Math.max(greenMs, performance.now() - endMs);
      t.comment(JSON.stringify(report));
      t.ok(report.tookMs <= ALL_IN_MS, `all in after ${Math.round(report.tookMs)} ms`);
      slowest = Math.max(slowest, report.connackP99Ms);
      t.equal((await gateway.settledLedger()).balanced, true, 'the ledger balances');
      resident.push(await residentMib(gateway.pid, QUIET_MS));
    }
    return { ...(await storm.result(greenMs)), remark: `CONNACK p99 ${(slowest / 1000).toFixed(1)} s` };
  });
  t.comment(`resident memory: ${before} MiB before, ${resident.join(', ')} MiB after each`);
  const [first = 0, , last = 0] = resident;
  t.ok(last - first <= GROWTH_MIB, 'memory is back');
});
