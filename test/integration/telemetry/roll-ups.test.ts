import t, { type Test } from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/clock.ts';
import type { FieldValue } from '../../../src/core/types.ts';
import { AT_MS, decoded, event, reading, report } from '../../support/ingest/batches.ts';
import { FaultProxy } from '../../support/network/fault-proxy.ts';
import { Influx2StandIn } from '../../support/telemetry/influx2-standin.ts';
import { Influxd } from '../../support/telemetry/influxd.ts';
import { Rolling } from '../../support/telemetry/rolling.ts';
import { until } from '../../support/time/until.ts';

const influxd = await Influxd.start(t);
let offset = 0;

/** One message with one reading at a minute after the common start. */
function at(minute: number, values: Record<string, FieldValue>, over: { id?: string; tag?: string; ns?: number } = {}) {
  const { id = 'p-1', tag, ns = 1 } = over;
  const atMs = AT_MS + minute * MINUTE_MS;
  const timeNs = `${atMs}${String(ns).padStart(6, '0')}`;
  const record = reading(values, { atMs, timeNs, ...(tag ? { tag } : {}) });
  return message([record], id);
}

function message(records: Parameters<typeof decoded>[0], id = 'p-1') {
  offset += 100;
  const device = { id, kind: 'pump', kindVersion: 1, jurisdiction: '330200' };
  const receivedAtMs = AT_MS + 12 * HOUR_MS;
  return decoded(records, { offset, endOffset: offset + 100, id, device, receivedAtMs });
}

for (const version of ['1.x', '2.x']) {
  t.test(`${version}: a window keeps min, max, sum, count and last; its hour is made of its windows`, async (t) => {
    const server = version === '1.x' ? influxd : await Influx2StandIn.start(t);
    await windowsAndTheirHour(t, new Rolling(t, server, { database: 'cw_windows' }));
  });
}

async function windowsAndTheirHour(t: Test, rolling: Rolling): Promise<void> {
  const values = [3, -1, 2.5, 8];
  await rolling.take([4.9, 0, 1, 7].map((minute, index) => at(minute, { level_m: values[index] ?? 0 })));
  await rolling.settle();
  t.strictSame(await rolling.kept('5m', 'p-1'), [
    { minute: 0, min: -1, max: 3, sum: 4.5, count: 3, last: 3 },
    { minute: 5, min: 8, max: 8, sum: 8, count: 1, last: 8 },
  ]);
  t.strictSame(await rolling.kept('1h', 'p-1'), [{ minute: 0, min: -1, max: 8, sum: 12.5, count: 4, last: 8 }]);
  const figures = await rolling.observer.metrics.metrics();
  t.match(figures, /^citywatch_rollup_waiting\{lane="live"\} 0$/m, 'nothing is said to wait');
}

t.test('states are counted and the last is kept; text and events are not; parts of a device stay apart', async (t) => {
  const rolling = new Rolling(t, influxd, { database: 'cw_states' });
  const state = report(true, '2.10', { atMs: AT_MS, timeNs: `${AT_MS}000009` });
  await rolling.take([
    at(0, { running: true, mode: 'auto', note: 'seen', pump: 1 }, { tag: 'pump' }),
    at(1, { running: false, mode: 'manual', level_m: 2, pump: 2 }, { tag: 'pump' }),
    message([state, event('alarm', { level_m: 7 }, { atMs: AT_MS, timeNs: `${AT_MS}000010` })]),
  ]);
  await rolling.settle();
  t.strictSame(await rolling.kept('5m', 'p-1', 'running'), [
    { minute: 0, pump: '1', count: 1, last: true },
    { minute: 0, pump: '2', count: 1, last: false },
  ]);
  t.strictSame(await rolling.kept('1h', 'p-1', 'mode'), [
    { minute: 0, pump: '1', count: 1, last: 'auto' },
    { minute: 0, pump: '2', count: 1, last: 'manual' },
  ]);
  t.strictSame(await rolling.kept('1h', 'p-1', 'online'), [{ minute: 0, count: 1, last: true }]);
  t.strictSame(await rolling.kept('5m', 'p-1', 'note'), []);
  t.strictSame(await rolling.kept('5m', 'p-1'), [{ minute: 0, pump: '2', min: 2, max: 2, sum: 2, count: 1, last: 2 }]);
});

t.test('late, doubled and shuffled readings correct a window and its hour', async (t) => {
  const rolling = new Rolling(t, influxd, { database: 'cw_late' });
  await rolling.take([at(2, { level_m: 5 })]);
  await rolling.settle();
  await rolling.take([at(4, { level_m: 9 }), at(2, { level_m: 5 }), at(1, { level_m: 1 })]);
  await rolling.settle();
  const corrected = { minute: 0, min: 1, max: 9, sum: 15, count: 3, last: 9 };
  t.strictSame(await rolling.kept('5m', 'p-1'), [corrected]);
  t.strictSame(await rolling.kept('1h', 'p-1'), [corrected]);
});

t.test('killed between storing and rolling up, or while rolling up: the next life misses nothing', async (t) => {
  const rolling = new Rolling(t, influxd, { database: 'cw_killed' });
  await rolling.take([at(0, { level_m: 1 })]);
  await rolling.settle();
  await rolling.take([at(1, { level_m: 2 })], { noted: false });
  await rolling.take([at(2, { level_m: 3 })]);
  await rolling.kill();
  rolling.start();
  await rolling.readAgain();
  await rolling.clock.advance(6_000);
  await rolling.kill();
  rolling.start();
  await rolling.readAgain();
  await rolling.settle();
  t.strictSame(await rolling.kept('5m', 'p-1'), [{ minute: 0, min: 1, max: 3, sum: 6, count: 3, last: 3 }]);
});

t.test('a slow, busy or killed InfluxDB delays roll-ups and loses none', async (t) => {
  const proxy = await FaultProxy.start(t, influxd.url);
  const rolling = new Rolling(t, influxd, { database: 'cw_slow', url: proxy.url });
  await rolling.store.ensure();
  await rolling.take([at(0, { level_m: 1 }), at(65, { level_m: 2 })]);
  const seen = proxy.requests;
  proxy.plan.push({ type: 'answer', status: 503 }, { type: 'slow', ms: 1_500 }, { type: 'reset', passOn: true });
  await until('it was tried', async () => {
    await rolling.clock.advance(1_000);
    return proxy.requests >= seen + 4;
  });
  await influxd.kill();
  await rolling.clock.advance(20_000);
  await influxd.start();
  await rolling.settle();
  t.equal((await rolling.kept('1h', 'p-1')).length, 2);
  t.equal(rolling.gaveUpMs, 0);
});

t.test('what the store refuses for good is given up, remembered, and holds up nothing', async (t) => {
  const rolling = new Rolling(t, influxd, { database: 'cw_refused' });
  await rolling.take([at(0, { level_m: 1 })]);
  await influxd.query('DROP RETENTION POLICY "5m" ON cw_refused');
  const { ensure } = rolling.store;
  rolling.store.ensure = async () => {};
  await rolling.settle();
  t.ok(rolling.gaveUpMs > 0);
  t.strictSame((await rolling.store.points({ ...ALL, device: 'p-1' })).length, 1, 'readings are as they were');
  rolling.store.ensure = ensure;
  await rolling.take([at(10, { level_m: 1 })]);
  await rolling.settle();
  t.equal((await rolling.kept('5m', 'p-1')).length, 1);
});

const ALL = { measurement: 'pump', fields: ['level_m'], fromNs: '0', toNs: `${AT_MS + HOUR_MS}000000`, limit: 9 };

t.test(
  'an open window is rolled up when it is over, and never holds the journal for more than some minutes',
  async (t) => {
    const rolling = new Rolling(t, influxd, { database: 'cw_open' });
    const minute = (rolling.clock.nowMs() - AT_MS) / MINUTE_MS;
    await rolling.take([at(minute + 0.5, { level_m: 1 }), at(minute + 9, { level_m: 2 })]);
    await rolling.clock.advance(5 * MINUTE_MS + 20_000);
    t.strictSame(await rolling.kept('5m', 'p-1'), []);
    await rolling.clock.advance(45_000);
    await until('the rest is rolled up', async () => {
      await rolling.clock.advance(500);
      return rolling.cursor === offset + 100;
    });
    t.equal((await rolling.kept('5m', 'p-1')).length, 2);
    t.ok(rolling.clock.nowMs() - AT_MS < (minute + 9) * MINUTE_MS, 'before the last one is over');
  },
);

t.test('nothing is noted before it is stored, and what is noted is bounded', async (t) => {
  const rolling = new Rolling(t, influxd, { database: 'cw_bounded', dirtyMax: 10 });
  const now = (rolling.clock.nowMs() - AT_MS) / MINUTE_MS;
  rolling.storedUpTo = 0;
  let isNoted = false;
  const taking = rolling.take([at(now, { level_m: 0 })]).then(() => {
    isNoted = true;
  });
  await rolling.clock.advance(5_000);
  t.equal(isNoted, false);
  rolling.storedUpTo = Number.MAX_SAFE_INTEGER;
  await until('it is noted', async () => {
    await rolling.clock.advance(100);
    return isNoted;
  });
  await taking;
  for (let device = 0; device < 30; device += 1) {
    let isTaken = false;
    const one = rolling.take([at(now, { level_m: 1 }, { id: `p-${device}` })]).then(() => {
      isTaken = true;
    });
    await until('it is taken', async () => {
      await rolling.clock.advance(100);
      return isTaken;
    });
    await one;
  }
  // There is room once a window is off the list; which of them InfluxDB shows first is its own business.
  await until('it is rolled up before its time to make room', async () => {
    await rolling.clock.advance(10);
    return (await rolling.kept('5m', 'p-3')).length === 1;
  });
  t.ok(rolling.clock.nowMs() - AT_MS < (now + 5) * MINUTE_MS, 'its time has not come');
});
