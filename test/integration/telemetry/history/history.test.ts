import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import type { DecodedRecord, DeviceKind, FieldSpec } from '../../../../src/core/types.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { POINTS_MAX } from '../../../../src/telemetry/history/checks.ts';
import { History } from '../../../../src/telemetry/history/history.ts';
import { Influx1Store } from '../../../../src/telemetry/stores/influx1.ts';
import { TelemetryWriter, UNLIMITED_SERIES, WRITER_LIMITS } from '../../../../src/telemetry/writer/writer.ts';
import { AT_MS, batch, decoded, event, reading, report } from '../../../support/ingest/batches.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { Influxd } from '../../../support/telemetry/influxd.ts';

const text: FieldSpec = { type: 'text', maxLength: 20 };
const kiosk: DeviceKind = {
  kind: 'kiosk',
  version: 1,
  title: { en: 'Kiosk', zh: '回收柜' },
  stream: false,
  periodS: 60,
  staleAfterS: 300,
  commands: new Map(),
  fields: new Map<string, FieldSpec>([
    ['fill_pct', { type: 'number', unit: '%', min: 0, max: 100 }],
    ['weight_kg', { type: 'number', unit: 'kg', min: 0, max: 500 }],
    ['door_open', { type: 'boolean' }],
    ['mode', text],
    ['plate', { ...text, sensitive: 'plate' }],
  ]),
  events: new Map([
    [
      'passage',
      {
        required: [],
        fields: new Map<string, FieldSpec>([
          ['plate', { ...text, sensitive: 'plate' }],
          ['lane', { type: 'integer', unit: null, min: 0, max: 9 }],
          ['note', text],
        ]),
      },
    ],
  ]),
};
const kinds = { latest: (kind: string) => (kind === 'kiosk' ? kiosk : undefined) };
const device = { id: 'k-1', kind: 'kiosk' };
const never = new AbortController().signal;

const influxd = await Influxd.start(t);
const observer = quietObserver();
const http = new Outbound({ clock: systemClock, observer });
t.teardown(() => http.close());
const { url, username, password } = influxd;
const store = new Influx1Store(
  { url, username, password, database: 'cw', retentionDays: { raw: 3_650, fiveMinutes: 1, hour: 1 }, gzip: false },
  { http, clock: systemClock, observer },
);
const writer = new TelemetryWriter({ series: UNLIMITED_SERIES, store, clock: systemClock, observer }, WRITER_LIMITS);
const retentionDays = { raw: 3_650, fiveMinutes: 3_650, hour: 3_650 };
const rollups = { completeFromMs: () => 0, completeToMs: () => 0, pending: () => [] };
const history = new History({ store, kinds, clock: systemClock, retentionDays, rollups });

async function given(records: DecodedRecord[], id = 'k-1'): Promise<void> {
  t.strictSame(await writer.write(batch([decoded(records, { id })]), never), []);
}

const at = (ms: number, ns = 1) => ({ atMs: AT_MS + ms, timeNs: `${AT_MS + ms}${String(ns).padStart(6, '0')}` });
const range = { fromMs: AT_MS, toMs: AT_MS + 3_600_000 };

t.test('exactly the readings that were stored, oldest first', async (t) => {
  await given(
    [
      reading({ fill_pct: 3, door_open: true }, at(2_000)),
      reading({ fill_pct: 1.5, mode: 'open' }, at(0)),
      reading({ weight_kg: 9 }, at(1_000)),
      reading({ fill_pct: 99 }, at(-1)),
      reading({ fill_pct: 98 }, at(3_600_000)),
      report(true, '2.10', at(3_000)),
    ],
    'k-1',
  );
  await given([reading({ fill_pct: 77 }, at(5))], 'k-2');
  t.strictSame(await history.history(device, { fields: ['fill_pct', 'mode', 'door_open'], ...range }), {
    points: [
      { atMs: AT_MS, values: { fill_pct: 1.5, mode: 'open', door_open: null } },
      { atMs: AT_MS + 2_000, values: { fill_pct: 3, mode: null, door_open: true } },
    ],
    truncated: false,
    source: 'raw',
  });
  t.strictSame((await history.history(device, { fields: ['online', 'firmware'], ...range })).points, [
    { atMs: AT_MS + 3_000, values: { online: true, firmware: '2.10' } },
  ]);
  t.match(await history.history(device, { fields: ['fill_pct'], ...range, limit: 1 }), {
    points: [{ atMs: AT_MS }],
    truncated: true,
  });
});

t.test('min, max, mean, last and count, by bucket and over all', async (t) => {
  await given(
    [0, 10, 20, 60, 70].map((s) => reading({ fill_pct: s, mode: `m${s}` }, at(s * 1_000))),
    'k-3',
  );
  const of = async (
    fn: 'min' | 'max' | 'mean' | 'last' | 'count' | undefined,
    field = 'fill_pct',
    everyMs?: number,
  ) => {
    const query = { fields: [field], ...range, ...(fn && { fn }), ...(everyMs && { everyMs }) };
    const { points } = await history.history({ id: 'k-3', kind: 'kiosk' }, query);
    return points.map(({ atMs, values }) => [atMs - AT_MS, values[field]]);
  };
  t.strictSame(await of('min', 'fill_pct', 60_000), [
    [0, 0],
    [60_000, 60],
  ]);
  t.strictSame(await of('max', 'fill_pct', 60_000), [
    [0, 20],
    [60_000, 70],
  ]);
  t.strictSame(
    await of(undefined, 'fill_pct', 60_000),
    [
      [0, 10],
      [60_000, 65],
    ],
    'mean where nothing is said',
  );
  t.strictSame(await of('last', 'mode', 60_000), [
    [0, 'm20'],
    [60_000, 'm70'],
  ]);
  t.strictSame(await of('count', 'mode', 60_000), [
    [0, 3],
    [60_000, 2],
  ]);
  for (const [fn, value] of [
    ['min', 0],
    ['max', 70],
    ['mean', 32],
    ['last', 70],
    ['count', 5],
  ] as const) {
    t.strictSame(await of(fn), [[0, value]], `${fn} over all`);
  }
});

t.test('more than one answer holds is an error that names the remedy', async (t) => {
  const records = Array.from({ length: POINTS_MAX }, (_, i) => reading({ fill_pct: 1 }, at(i)));
  await given(records, 'k-4');
  const many = { id: 'k-4', kind: 'kiosk' };
  const { points } = await history.history(many, { fields: ['fill_pct'], ...range });
  t.equal(points.length, POINTS_MAX);
  await given([reading({ fill_pct: 1 }, at(POINTS_MAX))], 'k-4');
  await t.rejects(history.history(many, { fields: ['fill_pct'], ...range }), {
    code: 'request.invalid',
    issues: [{ path: 'to', message: /more than 10000 points; .* set every/ }],
  });
});

t.test('events, newest first, page by page, those of one millisecond each for itself', async (t) => {
  const records = [0, 1, 2, 3, 4].map((i) =>
    event('passage', { plate: '浙B12345', lane: i }, { id: `e-${i}`, ...at(100, i) }),
  );
  await given([...records, reading({ fill_pct: 1 }, at(200)), report(true, null, at(300))], 'k-5');
  const passages = { id: 'k-5', kind: 'kiosk' };
  const first = await history.events(passages, { ...range, limit: 2 });
  t.strictSame(first.items[0], {
    id: 'e-4',
    type: 'passage',
    atMs: AT_MS + 100,
    data: { plate: '浙B***45', lane: 4 },
  });
  const seen = first.items.map(({ id }) => id);
  for (let { next } = first; next !== null; ) {
    const page = await history.events(passages, { ...range, limit: 2, after: next });
    seen.push(...page.items.map(({ id }) => id));
    next = page.next;
  }
  t.strictSame(seen, ['e-4', 'e-3', 'e-2', 'e-1', 'e-0']);
  t.strictSame(await history.events(passages, { fromMs: AT_MS + 101, toMs: AT_MS + 999, limit: 5 }), {
    items: [],
    next: null,
  });
});

t.test('what no kind describes any more is masked', async (t) => {
  await given(
    [event('seen', { plate: '浙B12345' }, at(0)), event('passage', { note: 'hello', old: '浙B12345' }, at(1))],
    'k-6',
  );
  const { items } = await history.events({ id: 'k-6', kind: 'kiosk' }, { ...range, limit: 5 });
  t.strictSame(
    items.map(({ data }) => data),
    [{ note: 'hello', old: '浙B***45' }, { plate: '浙B***45' }],
  );
  await given([reading({ plate: '浙B12345' }, at(2))], 'k-6');
  const { points } = await history.history({ id: 'k-6', kind: 'kiosk' }, { fields: ['plate'], ...range });
  t.equal(points[0]?.values.plate, '浙B***45');
});

t.test('a question that makes no sense gets told why', async (t) => {
  const ask = (query: object) => history.history(device, { fields: ['fill_pct'], ...range, ...query } as never);
  const refused = (path: string, message: RegExp) => ({ code: 'request.invalid', issues: [{ path, message }] });
  await t.rejects(ask({ fields: ['fil'] }), refused('fields', /no field "fil"; it has .*fill_pct/));
  await t.rejects(ask({ fields: ['fill_pct"; DROP DATABASE cw; --'] }), refused('fields', /no field/));
  await t.rejects(ask({ fields: [] }), refused('fields', /at least one/));
  await t.rejects(ask({ toMs: AT_MS }), refused('to', /later than from/));
  await t.rejects(ask({ fromMs: -1 }), refused('from', /between 1970/));
  await t.rejects(ask({ toMs: 1e15 }), refused('to', /between 1970/));
  await t.rejects(ask({ fromMs: 0.5 }), refused('from', /time/));
  await t.rejects(ask({ limit: 10_001 }), refused('limit', /1 to 10000/));
  await t.rejects(ask({ everyMs: 0 }), refused('every', /millisecond/));
  await t.rejects(ask({ everyMs: 1 }), refused('every', /make every longer/));
  await t.rejects(ask({ fields: ['mode'], fn: 'max' }), refused('fn', /"mode" is text; ask for last or count/));
  await t.rejects(ask({ fields: ['door_open'], everyMs: 60_000 }), refused('fn', /mean needs numbers/));
  for (const after of ['', 'x', '-1', "1' OR '1'='1", '0', '9'.repeat(19), '9'.repeat(20)]) {
    await t.rejects(history.events(device, { ...range, limit: 5, after }), { code: 'request.cursor' }, after);
  }
  t.same((await influxd.query('SHOW DATABASES')).results[0]?.series?.[0]?.values.flat(), ['cw']);
});
