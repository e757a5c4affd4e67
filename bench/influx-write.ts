import { type FieldType, InfluxDB, type IPoint } from 'influx';
import { systemClock } from '../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../src/core/observe.ts';
import type { DecodedBatch, DecodedMessage, FieldValue } from '../src/core/types.ts';
import { Outbound } from '../src/platform/outbound/outbound.ts';
import { Influx1Store } from '../src/telemetry/stores/influx1.ts';
import { lineOf, seriesOf } from '../src/telemetry/writer/line-protocol.ts';
import { TelemetryWriter, UNLIMITED_SERIES, WRITER_LIMITS } from '../src/telemetry/writer/writer.ts';
import { Influxd } from '../test/support/telemetry/influxd.ts';
import { beside, tell, tellMachine } from './support/figures.ts';

/**
 * Points into a real InfluxDB 1.x: our writer, plain and gzip, against `writePoints` of the library. Same points,
 * equally many requests at once, one server, one run, one JSON line each. Every row but the first includes making the
 * batches, which the first row shows alone.
 */

const DEVICES = 1_000;
const POINTS = 200_000;
const BATCH = 5_000;
const WRITERS = 2;
const AT_MS = 1_767_571_200_000;

const cleanups: (() => Promise<void>)[] = [];
const alive = setInterval(() => {}, 1_000);
const influxd = await Influxd.start({ teardown: (run) => cleanups.push(run) });
const observer = createObserver({ level: 'error', secrets: new KnownSecrets() });
const http = new Outbound({ clock: systemClock, observer });
const { signal } = new AbortController();

tellMachine();
for (const round of ['warm-up', 'measured']) {
  const show = round === 'measured' ? told : () => {};
  const made = measure();
  await inTurns(async () => {});
  show('making batches', made());
  const built = measure();
  await inTurns(async (batch) => buildLines(batch));
  show('making batches, building bodies', built());
  const plain = await ours(`${round} plain`, false);
  const gzip = await ours(`${round} gzip`, true);
  const theirs = await library(`${round} library`);
  show('ours, plain', plain, theirs);
  show('ours, gzip', gzip, theirs);
  show('writePoints of influx', theirs);
}

await http.close();
for (const cleanup of cleanups) await cleanup();
clearInterval(alive);

/** Nine numbers, a boolean and a short text: what a kiosk reports at most. */
function valuesOf(n: number): Map<string, FieldValue> {
  const values = new Map<string, FieldValue>();
  for (let field = 0; field < 9; field += 1)
    values.set(`field_${field}`, ((n * 7919 + field * 104_729) % 100_000) / 1_000);
  return values.set('door_open', n % 2 === 0).set('mode', 'open');
}

function batchOf(from: number): DecodedBatch {
  const messages = Array.from({ length: BATCH }, (_, i): DecodedMessage => {
    const n = from + i;
    const device = { id: `kiosk-${n % DEVICES}`, kind: 'kiosk', kindVersion: 1, jurisdiction: '330200' };
    const atMs = AT_MS + Math.floor(n / DEVICES) * 1_000;
    const message = { device, receivedAtMs: atMs + 40, lane: 'live', offset: n, endOffset: n + 1 };
    const base = { index: 0, id: null, atMs, receivedAtMs: atMs + 40, clock: 'device', duplicate: false } as const;
    const record = { ...base, type: 'reading', timeNs: `${atMs}000001`, values: valuesOf(n) } as const;
    return { message: message as DecodedMessage['message'], records: [record], refusals: [] };
  });
  return { lane: 'live', from, to: from + BATCH, messages };
}

function buildLines({ messages }: DecodedBatch): Buffer {
  const lines: string[] = [];
  for (const { message, records } of messages) {
    const series = seriesOf(message.device) as string;
    for (const record of records) lines.push(lineOf(series, message.receivedAtMs, record) as string);
  }
  return Buffer.from(lines.join('\n'));
}

async function ours(database: string, gzip: boolean) {
  const { url, username, password } = influxd;
  const retentionDays = { raw: 3_650, fiveMinutes: 3_650, hour: 3_650 };
  const store = new Influx1Store(
    { url, username, password, database, retentionDays, gzip },
    { http, clock: systemClock, observer },
  );
  observer.metrics.clear();
  const writer = new TelemetryWriter(
    { series: UNLIMITED_SERIES, store, clock: systemClock, observer },
    { ...WRITER_LIMITS, linesMax: BATCH, requestsMax: WRITERS },
  );
  await store.ensure();
  const measured = measure();
  await inTurns((batch) => writer.write(batch, signal));
  return { ...measured(), stored: await count(database) };
}

async function library(database: string) {
  const { hostname, port } = new URL(influxd.url);
  const influx = new InfluxDB({
    host: hostname,
    port: Number(port),
    username: influxd.username,
    password: influxd.password,
    database,
  });
  await influx.createDatabase(database);
  const measured = measure();
  await inTurns(async ({ messages }) => {
    const points = messages.flatMap(({ message, records }) =>
      records.flatMap((record): IPoint[] => {
        if (record.type !== 'reading') return [];
        const fields: Record<string, FieldValue | FieldType> = Object.fromEntries(record.values);
        const tags = { dev: message.device.id, jur: message.device.jurisdiction };
        return [{ measurement: message.device.kind, tags, fields, timestamp: record.timeNs }];
      }),
    );
    await influx.writePoints(points, { precision: 'n' });
  });
  return { ...measured(), stored: await count(database) };
}

async function inTurns(write: (batch: DecodedBatch) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < POINTS) {
      next += BATCH;
      await write(batchOf(next - BATCH));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, worker));
}

async function count(database: string): Promise<number> {
  const answer = await influxd.query('SELECT COUNT(field_0) FROM kiosk', database);
  return Number(answer.results[0]?.series?.[0]?.values[0]?.[1] ?? 0);
}

interface Written {
  pointsPerS: number;
  cpuSPer100k: number;
  rssMiB: number;
  stored?: number;
}

function measure(): () => Written {
  const startMs = systemClock.monotonicMs();
  const cpu = process.cpuUsage();
  return () => {
    const used = process.cpuUsage(cpu);
    const seconds = (systemClock.monotonicMs() - startMs) / 1_000;
    const cpuS = (used.user + used.system) / 1e6;
    return {
      pointsPerS: POINTS / seconds,
      cpuSPer100k: (cpuS / POINTS) * 1e5,
      rssMiB: process.memoryUsage().rss / 2 ** 20,
    };
  };
}

function told(by: string, { pointsPerS, cpuSPer100k, rssMiB, stored }: Written, library?: Written): void {
  const than = (value: number | undefined) => (value === undefined ? [] : [beside('writePoints', value)]);
  tell(
    'points into InfluxDB',
    { by },
    {
      points: [pointsPerS, '/s', ...than(library?.pointsPerS)],
      'for 100,000': [cpuSPer100k, 'CPU s', ...than(library?.cpuSPer100k)],
      memory: [rssMiB, 'MiB'],
      stored: [stored ?? null, 'count'],
    },
  );
}
