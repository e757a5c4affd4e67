import t from 'tap';
import type { DecodedRecord, DeviceKind } from '../../../../src/core/types.ts';
import { History } from '../../../../src/telemetry/history/history.ts';
import { lineOf, seriesOf } from '../../../../src/telemetry/writer/line-protocol.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const device = { id: 's-1', kind: 'signal-controller', kindVersion: 1, jurisdiction: '330200' };
const series = seriesOf(device) as string;
const times = { atMs: 1, receivedAtMs: 5, timeNs: '1000000' };
const base = { index: 0, id: null, ...times, clock: 'device' as const, duplicate: false };
const reading = (values: Record<string, number | string>, tag?: string): DecodedRecord => ({
  ...base,
  type: 'reading',
  values: new Map(Object.entries(values)),
  ...(tag === undefined ? {} : { tag }),
});

t.test('the structural tag stands with the tags, and nowhere else', async (t) => {
  t.equal(
    lineOf(series, 5, reading({ lane: 3, flow_vph: 840 }, 'lane')),
    'signal-controller,dev=s-1,jur=330200,lane=3 flow_vph=840 1000000',
  );
  t.equal(
    lineOf(series, 5, reading({ record: 'hour', ph: 7 }, 'record')),
    'signal-controller,dev=s-1,jur=330200,record=hour ph=7 1000000',
  );
  t.equal(lineOf(series, 5, reading({ phase: 2 })), 'signal-controller,dev=s-1,jur=330200 phase=2 1000000');
  const event: DecodedRecord = { ...base, type: 'event', event: 'fault', data: new Map([['lane', 1]]), tag: 'lane' };
  t.equal(
    lineOf(series, 5, event),
    'signal-controller,dev=s-1,jur=330200,lane=1 event="fault",event_data="{\\"lane\\":1}",recv_ms=5 1000000',
  );
  t.match(lineOf(series, 5, reading({ dev: 1, a: 1 }, 'dev')), { reason: 'line.name' });
  t.match(lineOf(series, 5, reading({ lane: 'a\nb', a: 1 }, 'lane')), { reason: 'line.name' });
});

t.test('history shows the tag beside fields, as the number it was, and aggregates none', async (t) => {
  const kind = {
    fields: new Map([
      ['lane', { type: 'integer', unit: null, min: 0, max: 63, tag: true }],
      ['flow_vph', { type: 'number', unit: '1/h', min: 0, max: 10_000 }],
    ]),
    events: new Map(),
  } as unknown as DeviceKind;
  const points = async () => [
    {
      timeNs: '1000000',
      values: new Map<string, string | number>([
        ['lane', '3'],
        ['flow_vph', 840],
      ]),
    },
  ];
  const store = { points, buckets: async () => [] };
  const retentionDays = { raw: 90, fiveMinutes: 365, hour: 1_825 };
  const rollups = { completeFromMs: () => 0, completeToMs: () => 0, pending: () => [] };
  const kinds = { latest: () => kind };
  const history = new History({ store, kinds, clock: new ManualClock(), retentionDays, rollups });
  const range = { fromMs: 0, toMs: 10 };
  t.strictSame((await history.history(device, { fields: ['lane', 'flow_vph'], ...range })).points, [
    { atMs: 1, values: { lane: 3, flow_vph: 840 } },
  ]);
  await t.rejects(history.history(device, { fields: ['lane'], ...range }), { message: /name a field beside the tag/ });
  await t.rejects(history.history(device, { fields: ['lane', 'flow_vph'], ...range, fn: 'max' }), {
    message: /lane is a tag, which has no max/,
  });
});
