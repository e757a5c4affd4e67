import t from 'tap';
import { lineOf, seriesOf } from '../../../../src/telemetry/writer/line-protocol.ts';
import { AT_MS, event } from '../../../support/ingest/batches.ts';

const series = seriesOf({ id: 'kakou-1', kind: 'checkpoint', kindVersion: 1, jurisdiction: '330212' }) as string;

t.test('of several plates in one text each is masked', async (t) => {
  const line = lineOf(series, AT_MS, event('passage', { plate: '粤ZJ068澳|MX7742' }, { plates: ['plate'] }));
  t.match(line, '粤Z***8澳|MX***42');
  t.notMatch(line, 'ZJ068');
});

t.test('the time series tell no plate whole, and everything else as it was', async (t) => {
  const data = { plate: '浙B12345', trailer: '浙B5678挂', lane: 2, note: '浙B12345', images: ['浙B12345'] };
  const line = lineOf(series, AT_MS, event('passage', data, { plates: ['plate', 'trailer', 'unread'] }));
  const text = /event_data="((?:[^"\\]|\\.)*)"/.exec(String(line))?.[1]?.replaceAll('\\"', '"') ?? '';
  t.same(JSON.parse(text), { ...data, plate: '浙B***45', trailer: '浙B***8挂' });
  t.match(
    lineOf(series, AT_MS, event('note', { plate: '浙B12345' })),
    /浙B12345/,
    'what the kind calls harmless stays',
  );
});
