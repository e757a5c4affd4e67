import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import type { Caller, DecodedRecord, DeviceKind, FieldSpec } from '../../../../src/core/types.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import type { Look } from '../../../../src/platform/records/access-register.ts';
import { type ExportQuery, Exports } from '../../../../src/telemetry/history/export.ts';
import { Influx1Store } from '../../../../src/telemetry/stores/influx1.ts';
import { TelemetryWriter, UNLIMITED_SERIES, WRITER_LIMITS } from '../../../../src/telemetry/writer/writer.ts';
import { readCsv } from '../../../support/csv.ts';
import { AT_MS, batch, decoded, event, reading, report } from '../../../support/ingest/batches.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { Influxd } from '../../../support/telemetry/influxd.ts';

const text: FieldSpec = { type: 'text', maxLength: 40 };
const gate = {
  kind: 'gate',
  version: 1,
  title: { en: 'Gate', zh: '闸' },
  stream: false,
  periodS: 60,
  staleAfterS: 300,
  fields: new Map<string, FieldSpec>([
    ['load_kg', { type: 'number', unit: 'kg', min: -100, max: 100 }],
    ['fill_pct', { type: 'number', unit: '%', min: 0, max: 100 }],
    ['open', { type: 'boolean' }],
    ['note', text],
    ['lane', { type: 'integer', unit: null, min: 0, max: 9, tag: true }],
  ]),
  events: new Map([
    ['passage', { required: [], fields: new Map<string, FieldSpec>([['plate', { ...text, sensitive: 'plate' }]]) }],
  ]),
} as unknown as DeviceKind;
const plain = { ...gate, kind: 'plain', events: new Map() } as DeviceKind;
const kinds = { latest: (kind: string) => [gate, plain].find((one) => one.kind === kind) };
const caller: Caller = { type: 'token', id: 't', name: 't', role: 'viewer', jurisdiction: '330200', purpose: null };

const influxd = await Influxd.start(t);
const observer = quietObserver();
const http = new Outbound({ clock: systemClock, observer });
t.teardown(() => http.close());
const never = new AbortController().signal;

function storeOn(database: string) {
  const { url, username, password } = influxd;
  const retentionDays = { raw: 3_650, fiveMinutes: 3_650, hour: 3_650 };
  const options = { url, username, password, database, retentionDays, gzip: false };
  return new Influx1Store(options, { http, clock: systemClock, observer });
}

const store = storeOn('cw');
const writer = new TelemetryWriter({ series: UNLIMITED_SERIES, store, clock: systemClock, observer }, WRITER_LIMITS);
const looks: Look[] = [];
const exports = new Exports({ store, kinds, register: { add: async (look) => void looks.push(look) } });

async function given(t: Test, kind: string, id: string, records: DecodedRecord[]): Promise<void> {
  const device = { id, kind, kindVersion: 1, jurisdiction: '330200' };
  t.strictSame(await writer.write(batch([decoded(records, { device })]), never), []);
}

const at = (ms: number, ns = 1) => ({ atMs: AT_MS + ms, timeNs: `${AT_MS + ms}${String(ns).padStart(6, '0')}` });

async function exported(kind: string, id: string, query: Partial<ExportQuery> = {}): Promise<string> {
  const range = { fromMs: AT_MS, toMs: AT_MS + 86_400_000, format: 'csv' as const };
  const device = { id, kind, jurisdiction: '330200' };
  const reason = () => ({ purpose: 'investigation', case: 'A-1' });
  const { pieces } = await exports.open({ caller, device, query: { ...range, ...query }, reason }, never);
  const parts: string[] = [];
  for await (const piece of pieces) parts.push(piece);
  return parts.join('');
}

const NASTY = ['=1+1', '+1', '-1', '@SUM(A1)', '＝1', '\t=1', 'a,b', 'say "no"', 'two\r\nlines', '烟', ' =1'];

t.test('CSV has one header with units, every value once, and no text a spreadsheet would run', async (t) => {
  const values = NASTY.map((note, index) => reading({ note, load_kg: -index }, at(index)));
  await given(t, 'plain', 'p-1', [
    ...values,
    report(true, '=2', at(100)),
    reading({ open: true, lane: 3 }, { ...at(50), tag: 'lane' }),
  ]);
  const csv = await exported('plain', 'p-1', { fields: ['load_kg', 'note', 'open', 'firmware'] });
  t.equal(csv.split('\r\n')[0], 'time,lane,load_kg (kg),note,open,firmware');
  const rows = readCsv(csv);
  t.equal(rows.length, NASTY.length + 2);
  for (const [index, note] of NASTY.entries()) {
    const safe = /^[=+\-@\t＝]/.test(note) ? `'${note}` : note;
    t.match(rows[index], { note: safe, 'load_kg (kg)': String(-index), open: '' });
  }
  t.match(rows.at(-2), { time: new Date(AT_MS + 50).toISOString(), lane: '3', open: 'true', note: '' });
  t.match(rows.at(-1), { firmware: "'=2" });
  t.strictSame(looks, [], 'nothing of it is a plate');
});

t.test('line protocol read in by an empty database makes the same points', async (t) => {
  const records = NASTY.map((note, index) => reading({ note, load_kg: index / 7 }, at(index, index + 1)));
  const tagged = [1, 2].map((lane) => reading({ fill_pct: lane, lane }, { ...at(200, 9), tag: 'lane' }));
  const refused = reading({ fill_pct: -0 }, { ...at(300), clock: 'refused' });
  await given(t, 'plain', 'p-2', [...records, ...tagged, refused, report(false, null, at(400))]);
  const lines = (await exported('plain', 'p-2', { format: 'line-protocol' })).split(/(?<=\d)\n/).filter(Boolean);
  t.equal(lines.length, NASTY.length + 4);
  const empty = storeOn('cw_again');
  await empty.ensure();
  t.strictSame(await empty.write(lines, never), { rejected: [] });
  const all = `SELECT clk, fill_pct, load_kg, note, online, open, recv_ms FROM plain WHERE dev = 'p-2' GROUP BY *`;
  t.strictSame((await influxd.query(all, 'cw_again')).results, (await influxd.query(all, 'cw')).results);
});

t.test('more points than a page, many of one moment, come once each', async (t) => {
  const many = Array.from({ length: 12_000 }, (_, i) =>
    reading({ fill_pct: 1, load_kg: 0 }, at(Math.floor(i / 3_000), i)),
  );
  const parts = Array.from({ length: 10 }, (_, lane) =>
    reading({ fill_pct: 2, lane }, { ...at(1, 4_995), tag: 'lane' }),
  );
  await given(t, 'plain', 'p-3', [...many, ...parts]);
  const rows = (await exported('plain', 'p-3', { fields: ['fill_pct'] })).trim().split('\r\n');
  t.equal(rows.length, 1 + 12_000 + 10);
});

t.test('plates are masked, and the look stands in the register before the first byte', async (t) => {
  await given(t, 'gate', 'g-1', [
    event('passage', { plate: '浙B12345' }, at(0)),
    event('gone', { who: '浙B12345' }, at(1)),
  ]);
  looks.length = 0;
  const range = { fromMs: AT_MS, toMs: AT_MS + 1_000, format: 'csv' as const };
  const device = { id: 'g-1', kind: 'gate', jurisdiction: '330200' };
  const reason = () => ({ purpose: 'investigation', case: 'A-1' });
  const { pieces } = await exports.open({ caller, device, query: range, reason }, never);
  const where = { act: 'plates', device: 'g-1', jurisdiction: '330200' };
  t.match(looks, [{ ...where, viewer: caller, purpose: 'investigation', case: 'A-1', asked: { export: 'csv' } }]);
  await pieces.return('');
  for (const format of ['csv', 'line-protocol'] as const) {
    const all = await exported('gate', 'g-1', { format });
    t.notMatch(all, /12345/);
    t.equal(all.match(/浙B\*\*\*45/g)?.length, 2);
  }
  looks.length = 0;
  await exported('gate', 'g-1', { fields: ['fill_pct'] });
  t.strictSame(looks, [], 'readings without a plate are no look');
  const silent = new Exports({ store, kinds, register: { add: () => Promise.reject(new Error('no register')) } });
  await t.rejects(silent.open({ caller, device, query: range, reason }, never), { message: 'no register' });
});

t.test('times that no point can have are told, and never asked for', async (t) => {
  for (const [fromMs, toMs, path] of [
    [Date.parse('0000-01-01'), AT_MS, 'from'],
    [-1, AT_MS, 'from'],
    [AT_MS, Date.parse('9999-12-31'), 'to'],
    [AT_MS, AT_MS, 'to'],
  ] as const) {
    await t.rejects(exported('plain', 'p-1', { fromMs, toMs }), { code: 'request.invalid', issues: [{ path }] });
  }
});

t.test('a field there is not, and the tag alone, are told', async (t) => {
  await t.rejects(exported('plain', 'p-1', { fields: ['fil'] }), {
    code: 'request.invalid',
    issues: [{ path: 'fields', message: /no field "fil"/ }],
  });
  await t.rejects(exported('plain', 'p-1', { fields: ['lane'] }), {
    code: 'request.invalid',
    issues: [{ path: 'fields', message: /beside the tag/ }],
  });
  t.equal((await exported('plain', 'nobody', { fields: ['note'] })).trim(), 'time,lane,note');
});
