import t from 'tap';
import { lineOf, printable, seriesOf } from '../../../../src/telemetry/writer/line-protocol.ts';
import { AT_MS, event, reading, report } from '../../../support/ingest/batches.ts';

const device = { id: 'k-1', kind: 'kiosk', kindVersion: 1, jurisdiction: '330200' };
const SERIES = 'kiosk,dev=k-1,jur=330200 ';

t.test('a reading', async (t) => {
  const values = { fill_pct: 82.5, weight_kg: 3, door_open: false, note: 'a "b" \\ c\nd', 'odd, name=': 1 };
  t.equal(
    lineOf(SERIES, AT_MS + 7, reading(values)),
    `${SERIES}fill_pct=82.5,weight_kg=3,door_open=false,note="a \\"b\\" \\\\ c\nd",odd\\,\\ name\\==1 ` +
      `${AT_MS}000001`,
  );
  const nothingElse = reading({ lane: 3 }, { tag: 'lane', timeNs: '17' });
  t.equal(lineOf(SERIES, 7, nothingElse), 'kiosk,dev=k-1,jur=330200,lane=3 recv_ms=7 17', 'a point has a field');
});

t.test('an event', async (t) => {
  const record = event('passage', { plate: '浙B12345', images: ['a"b'] }, { id: 'e-1', timeNs: '17' });
  t.equal(
    lineOf(SERIES, 1, record),
    `${SERIES}event="passage",event_id="e-1",` +
      'event_data="{\\"plate\\":\\"浙B12345\\",\\"images\\":[\\"a\\\\\\"b\\"]}",recv_ms=1 17',
  );
  t.match(lineOf(SERIES, 1, event('x', {})), `${SERIES}event="x",event_data="{}",recv_ms=1 `);
});

t.test('a report, with and without firmware', async (t) => {
  t.equal(lineOf(SERIES, 1, report(true, '2.10', { timeNs: '5' })), `${SERIES}online=true,firmware="2.10",recv_ms=1 5`);
  t.equal(lineOf(SERIES, 1, report(false, null, { timeNs: '5' })), `${SERIES}online=false,recv_ms=1 5`);
});

t.test('a clock that was not believed is marked', async (t) => {
  t.match(lineOf(SERIES, 1, reading({ a: 1 }, { clock: 'refused' })), / a=1,clk=1 \d+$/);
  t.notMatch(lineOf(SERIES, 1, reading({ a: 1 }, { clock: 'receipt' })), /clk/);
});

t.test('numbers at the edge', async (t) => {
  const cases: [number, string][] = [
    [-0, '-0'],
    [0, '0'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [2 ** 53, '9007199254740992'],
    [0.1 + 0.2, '0.30000000000000004'],
  ];
  for (const [value, text] of cases) t.match(lineOf(SERIES, 1, reading({ a: value })), `${SERIES}a=${text} `);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    t.match(lineOf(SERIES, 1, reading({ a: value })), { reason: 'line.not-finite', detail: 'a' });
  }
});

t.test('what cannot be written is refused, never bent', async (t) => {
  const names = ['', 'a\nb', 'a\\', 'a\\,b', '#a', 'a\u0000', 'a\ud800'];
  for (const name of names) {
    t.match(lineOf(SERIES, 1, reading({ [name]: 1 })), { reason: 'line.name' }, JSON.stringify(name));
    t.match(seriesOf({ ...device, id: name }), { reason: 'line.name' });
    t.match(seriesOf({ ...device, kind: name }), { reason: 'line.name' });
    t.match(seriesOf({ ...device, jurisdiction: name }), { reason: 'line.name' });
  }
  for (const name of ['time', 'dev', 'jur', 'event', 'event_id', 'event_data', 'recv_ms', 'clk']) {
    t.match(lineOf(SERIES, 1, reading({ [name]: 1 })), { reason: 'line.name', detail: name });
  }
  for (const record of [reading({ a: '\ud800' }), event('\ud800', {}), report(true, '\ud800')]) {
    t.match(lineOf(SERIES, 1, record), { reason: 'line.not-unicode' });
  }
});

t.test('series', async (t) => {
  t.equal(seriesOf(device), SERIES);
  t.equal(seriesOf({ ...device, kind: 'a b,c=d' }), 'a\\ b\\,c=d,dev=k-1,jur=330200 ');
});

t.test('foreign words are short and printable', async (t) => {
  t.equal(printable('a\u0007b\u2028c\u202ed'), 'a?b?c?d');
  t.equal(printable('x'.repeat(300)).length, 201);
});
