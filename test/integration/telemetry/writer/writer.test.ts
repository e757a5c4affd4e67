import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import type { DecodedBatch } from '../../../../src/core/types.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { Influx1Store } from '../../../../src/telemetry/stores/influx1.ts';
import { StoreDiskFull } from '../../../../src/telemetry/stores/store.ts';
import { TelemetryWriter, UNLIMITED_SERIES, WRITER_LIMITS } from '../../../../src/telemetry/writer/writer.ts';
import { AT_MS, batch, decoded, reading } from '../../../support/ingest/batches.ts';
import { FaultProxy } from '../../../support/network/fault-proxy.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { Influxd } from '../../../support/telemetry/influxd.ts';
import { hasty } from '../../../support/time/clock.ts';
import { chance } from '../../../support/time/random.ts';
import { turns } from '../../../support/time/turns.ts';
import { until } from '../../../support/time/until.ts';

const influxd = await Influxd.start(t);
const { username, password } = influxd;
const never = new AbortController().signal;
const DAYS = { raw: 3_650, fiveMinutes: 3_650, hour: 3_650 };
let databases = 0;

function parts(t: Test, url: string, linesMax = 1_000) {
  const observer = quietObserver();
  const http = new Outbound({ clock: systemClock, observer });
  t.teardown(() => http.close());
  databases += 1;
  const database = `cw${databases}`;
  const store = new Influx1Store(
    { url, username, password, database, retentionDays: DAYS, gzip: true, writeTimeoutMs: 1_000 },
    { http, clock: systemClock, observer },
  );
  const clock = hasty(() => 50);
  const sleptMs: number[] = [];
  const sleep = (ms: number, signal?: AbortSignal) => {
    sleptMs.push(ms);
    return clock.sleep(ms, signal);
  };
  const writer = new TelemetryWriter(
    { series: UNLIMITED_SERIES, store, clock: { ...clock, sleep }, observer },
    { ...WRITER_LIMITS, linesMax },
  );
  const stored = async () => {
    const answer = await influxd.query('SELECT COUNT(fill_pct) FROM kiosk', database);
    return Number(answer.results[0]?.series?.[0]?.values[0]?.[1] ?? 0);
  };
  return { store, writer, stored, database, sleptMs, observer };
}

/** `count` readings, 100 to a message. */
function readings(count: number, from = 0): DecodedBatch {
  const messages = Array.from({ length: count / 100 }, (_, m) => {
    const records = Array.from({ length: 100 }, (_, index) =>
      reading({ fill_pct: index }, { index, timeNs: `${AT_MS + from}${String(m * 100 + index).padStart(6, '0')}` }),
    );
    return decoded(records, { offset: from + m * 100, id: `k-${m % 10}` });
  });
  return batch(messages);
}

t.test('stores every record once, duplicates not at all', async (t) => {
  const { writer, stored, observer } = parts(t, influxd.url);
  t.strictSame(await writer.write(readings(3_000), never), []);
  t.strictSame(await writer.write(readings(3_000), never), []);
  const twice = reading({ fill_pct: 1 }, { duplicate: true, timeNs: `${AT_MS}999999` });
  t.strictSame(await writer.write(batch([decoded([twice])]), never), []);
  t.equal(await stored(), 3_000);
  t.match(await observer.metrics.metrics(), /citywatch_telemetry_lines_total 6000/);
  t.strictSame(writer.status(), { ok: true, reason: null });
});

t.test('says which record of which message can never be stored', async (t) => {
  const { writer, stored } = parts(t, influxd.url);
  const good = readings(300);
  good.messages[1]?.records.splice(
    7,
    3,
    reading({ fill_pct: 'full' }, { index: 7 }),
    reading({ fill_pct: Number.NaN }, { index: 8 }),
    reading({ time: 1 }, { index: 9 }),
  );
  const rejected = await writer.write(good, never);
  t.match(rejected, [
    { offset: 100, index: 7, reason: 'store.type-conflict', detail: /type string, already exists as type float/ },
    { offset: 100, index: 8, reason: 'line.not-finite', detail: 'fill_pct' },
    { offset: 100, index: 9, reason: 'line.name', detail: 'time' },
  ]);
  t.equal(rejected.length, 3);
  t.equal(await stored(), 297);
});

t.test('InfluxDB is killed again and again while it is written to: nothing that resolved is missing', async (t) => {
  const { writer, stored } = parts(t, influxd.url);
  const random = chance();
  let written = 0;
  const write = async (): Promise<void> => {
    written += 1;
    t.strictSame(await writer.write(readings(2_000, written * 10_000), never), []);
  };
  for (let kill = 0; kill < 3; kill += 1) {
    while (written < 6 * (kill + 1)) await write();
    const caught = write();
    await turns(Math.floor(random() * 200));
    await influxd.kill();
    // It may have been done before.
    const next = write();
    await until('the end of InfluxDB is seen', () => !writer.status().ok);
    await influxd.start();
    await Promise.all([caught, next]);
  }
  t.equal(written, 20);
  await influxd.kill();
  await influxd.start();
  t.equal(await stored(), 40_000);
});

t.test('too busy, broken, slow or cut off: the same lines are sent until they are stored', async (t) => {
  const proxy = await FaultProxy.start(t, influxd.url);
  const { writer, store, stored, sleptMs } = parts(t, proxy.url, 5_000);
  await store.ensure();
  await writer.write(readings(100), never);
  proxy.plan.push(
    { type: 'answer', status: 429, headers: { 'retry-after': '1' } },
    { type: 'answer', status: 503 },
    { type: 'answer', status: 500, body: '{"error":"timeout"}' },
    { type: 'reset', passOn: false },
    { type: 'reset', passOn: true },
    { type: 'slow', ms: 1_500 },
    { type: 'slow', ms: 100 },
  );
  const seen = proxy.bodies.length;
  t.strictSame(await writer.write(readings(1_000, 10_000), never), []);
  t.ok((sleptMs[0] ?? 0) >= 1_000, 'waits as Retry-After says');
  t.ok(Math.max(...sleptMs) <= 10_000, 'never so long that it is not green within a minute');
  const sent = proxy.bodies.slice(seen);
  t.equal(sent.length, 7);
  t.ok(
    sent.every((body) => body.equals(sent[0] ?? Buffer.alloc(0))),
    'the same bytes each time',
  );
  t.equal(await stored(), 1_100);
});

t.test('a request too large for the server is split', async (t) => {
  const proxy = await FaultProxy.start(t, influxd.url);
  const { writer, store, stored } = parts(t, proxy.url);
  await store.ensure();
  await writer.write(readings(100), never);
  proxy.plan.push({ type: 'answer', status: 413 }, { type: 'answer', status: 413 });
  t.strictSame(await writer.write(readings(1_000, 10_000), never), []);
  t.equal(await stored(), 1_100);
});

t.test('a full disk is told apart from other trouble', async (t) => {
  const proxy = await FaultProxy.start(t, influxd.url);
  const { store } = parts(t, proxy.url);
  const words = 'engine: error writing WAL entry: write /x/_00002.wal: no space left on device';
  proxy.plan.push({ type: 'answer', status: 500, body: JSON.stringify({ error: words }) });
  await t.rejects(store.write(['kiosk,dev=a f=1 1'], never), { code: 'store.unavailable', cause: StoreDiskFull });
});

t.test('an answer that is not of InfluxDB puts no line aside', async (t) => {
  const proxy = await FaultProxy.start(t, influxd.url);
  const { store } = parts(t, proxy.url);
  const line = ['kiosk,dev=a fill_pct=1 1767571200000000000'];
  for (const body of ['<html>Bad Request</html>', '{"error":"database is required"}', '{"message":"no"}', '']) {
    proxy.plan.push({ type: 'answer', status: 400, body });
    await t.rejects(store.write(line, never), { code: 'store.refused' });
  }
  for (const status of [200, 301, 401, 403, 404, 418]) {
    proxy.plan.push({ type: 'answer', status });
    await t.rejects(store.write(line, never), { code: 'store.refused' }, String(status));
  }
});

t.test('while it is refused it says so, and goes on by itself when it is let in again', async (t) => {
  const proxy = await FaultProxy.start(t, influxd.url);
  const { writer, stored } = parts(t, proxy.url);
  proxy.always = { type: 'answer', status: 401, body: '{"error":"authorization failed"}' };
  const controller = new AbortController();
  const write = writer.write(readings(1_000), controller.signal);
  await until('the refusal shows', () => !writer.status().ok);
  t.match(writer.status().reason, /InfluxDB refused/);
  controller.abort(new Error('stopping'));
  await t.rejects(write, { message: 'stopping' }, 'stops at once, also while it waits');
  proxy.always = null;
  t.strictSame(await writer.write(readings(1_000), never), []);
  t.equal(await stored(), 1_000);
  t.ok(writer.status().ok);
});

t.test('a database that somebody dropped is made again', async (t) => {
  const { writer, stored, database } = parts(t, influxd.url);
  await writer.write(readings(100), never);
  await influxd.query(`DROP DATABASE ${database}`);
  t.strictSame(await writer.write(readings(200), never), []);
  t.equal(await stored(), 200);
});

t.test('an answer that never ends is given up', async (t) => {
  const proxy = await FaultProxy.start(t, influxd.url);
  const { store } = parts(t, proxy.url);
  proxy.always = { type: 'slow', ms: 1_500 };
  await t.rejects(store.write(['kiosk,dev=a f=1 1'], never), { code: 'store.unavailable' });
});
