import fc from 'fast-check';
import t from 'tap';
import { DAY_MS } from '../../../../src/core/clock.ts';
import type { Channel, Message } from '../../../../src/core/types.ts';
import { replayConnection, replayOrigin } from '../../../../src/ingest/decode/replay-origin.ts';
import { decodeMessage } from '../../../support/ingest/decode.ts';
import { KIOSK, storedMessage } from '../../../support/ingest/kiosk-kind.ts';

const NOW_MS = 1_767_571_200_000;
const decode = (raw: string | Buffer, change: Partial<Message> = {}) =>
  decodeMessage(storedMessage(raw, change), KIOSK);
const reading = (values: string, rest = '') => decode(`{"values":${values}${rest}}`);

/** [payload, reason, path, printed value] */
const REFUSED: Record<Channel, [string | Buffer, string, string?, string?][]> = {
  telemetry: [
    ['', 'empty', '', '0 bytes'],
    ['[]', 'empty'],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'not-utf8'],
    ['{"values":{"fill_pct":1}', 'not-json'],
    ['\ufeff\ufeff{"values":{"fill_pct":1}}', 'not-json'],
    ['{"values":{"fill_pct":1,"fill_pct":2}}', 'repeated-key'],
    ['NaN', 'not-json'],
    ['"text"', 'not-an-object', '', '"text"'],
    ['null', 'not-an-object', '', 'null'],
    ['[[{"values":{"fill_pct":1}}]]', 'not-an-object', '', 'array of 1'],
    [`${'['.repeat(5000)}`, 'too-deep'],
    [`[${Array.from({ length: 1001 }, () => '1')}]`, 'too-many-records', '', 'array of 1001'],
    [`{${Array.from({ length: 20_001 }, (_, key) => `"${key}":1`)}}`, 'too-many-keys'],
    [Buffer.alloc(256 * 1024 + 1, 0x20), 'too-large'],
    ['{}', 'missing-key', 'values', ''],
    ['{"values":{}}', 'no-values', 'values', 'object'],
    ['{"values":[1]}', 'wrong-type', 'values', 'array of 1'],
    ['{"values":null}', 'wrong-type', 'values', 'null'],
    ['{"values":{"fill_pct":1},"device":"other"}', 'unknown-key', 'device', '"***"'],
    ['{"values":{"nope":1}}', 'unknown-field', 'values.nope', '1'],
    ['{"values":{"__proto__":1}}', 'unknown-field', 'values.__proto__', '1'],
    ['{"values":{"constructor":1}}', 'unknown-field', 'values.constructor', '1'],
    ['{"values":{"fill_pct":"12"}}', 'wrong-type', 'values.fill_pct', '"12"'],
    ['{"values":{"fill_pct":true}}', 'wrong-type', 'values.fill_pct', 'true'],
    ['{"values":{"fill_pct":null}}', 'wrong-type', 'values.fill_pct', 'null'],
    ['{"values":{"fill_pct":1e999}}', 'not-finite', 'values.fill_pct', 'Infinity'],
    ['{"values":{"fill_pct":1e-400}}', 'not-exact', 'values'],
    ['{"values":{"big":9007199254740993}}', 'not-exact', 'values.big', '9007199254740992'],
    ['{"values":{"fill_pct":100.5}}', 'out-of-range', 'values.fill_pct', '100.5'],
    ['{"values":{"fill_pct":-0.1}}', 'out-of-range', 'values.fill_pct', '-0.1'],
    ['{"values":{"cells_free":1.5}}', 'not-whole', 'values.cells_free', '1.5'],
    ['{"values":{"smoke":1}}', 'wrong-type', 'values.smoke', '1'],
    ['{"values":{"firmware":"123456789"}}', 'too-long', 'values.firmware', '"123456789"'],
    ['{"values":{"firmware":"a\\nb"}}', 'not-text', 'values.firmware', '"a\\nb"'],
    ['{"values":{"firmware":"\\u0000"}}', 'not-text', 'values.firmware'],
    ['{"values":{"firmware":"\\ud800"}}', 'not-text', 'values.firmware'],
    ['{"values":{"network":"5g"}}', 'not-in-list', 'values.network', '"5g"'],
    ['{"values":{"fill_pct":1},"ts":"1767571200000"}', 'wrong-type', 'ts'],
    ['{"values":{"fill_pct":1},"ts":1.5}', 'not-whole', 'ts', '1.5'],
    ['{"values":{"fill_pct":1},"ts":null}', 'wrong-type', 'ts', 'null'],
    ['{"values":{"fill_pct":1},"id":7}', 'wrong-type', 'id', '7'],
    ['{"values":{"fill_pct":1},"id":""}', 'missing-key', 'id', '""'],
    [`{"values":{"fill_pct":1},"id":"${'x'.repeat(129)}"}`, 'too-long', 'id'],
    ['{"values":{"fill_pct":1},"id":"\\u001b[2J"}', 'not-text', 'id'],
  ],
  event: [
    ['{}', 'missing-key', 'type', ''],
    ['{"type":1}', 'wrong-type', 'type', '1'],
    ['{"type":"nope"}', 'unknown-event', 'type', '"***"'],
    ['{"type":"jam","values":{}}', 'unknown-key', 'values', 'object'],
    ['{"type":"jam","data":[]}', 'wrong-type', 'data', 'array of 0'],
    ['{"type":"passage"}', 'missing-key', 'data.plate', ''],
    ['{"type":"passage","data":{"plate":"浙B1234567890123456"}}', 'too-long', 'data.plate', '[hidden]'],
    ['{"type":"passage","data":{"plate":"a","images":["1","2","3"]}}', 'too-long', 'data.images', 'array of 3'],
    ['{"type":"passage","data":{"plate":"a","images":[1]}}', 'wrong-type', 'data.images', '1'],
  ],
  state: [
    ['{}', 'missing-key', 'online', ''],
    ['{"online":"yes"}', 'wrong-type', 'online', '"yes"'],
    ['{"online":true,"ip":"10.0.0.1"}', 'unknown-key', 'ip', '"10***.1"'],
    ['{"online":true,"firmware":2.1}', 'wrong-type', 'firmware', '2.1'],
  ],
  reply: [
    ['{"ok":true}', 'missing-key', 'id', ''],
    ['{"id":"c-1"}', 'missing-key', 'ok', ''],
    ['{"id":"c-1","ok":1}', 'wrong-type', 'ok', '1'],
    ['{"id":"c-1","ok":true,"extra":1}', 'unknown-key', 'extra', '1'],
  ],
};

t.test('what does not fit is refused with reason, path and value', async (t) => {
  for (const [channel, rows] of Object.entries(REFUSED) as [Channel, (typeof REFUSED)[Channel]][]) {
    for (const [raw, reason, path, value] of rows) {
      const { records, refusals } = decode(raw, { channel });
      const title = `${channel} ${String(raw).slice(0, 60)}`;
      t.equal(records.length, 0, title);
      t.match(
        refusals,
        [{ reason, ...(path === undefined ? {} : { path }), ...(value === undefined ? {} : { value }) }],
        title,
      );
    }
  }
});

t.test('a byte order mark in front is skipped, as at every door', async (t) => {
  const [record] = decode('\ufeff{"values":{"fill_pct":1}}').records;
  t.match(record, { values: new Map([['fill_pct', 1]]) });
});

t.test('a key that comes twice hides nothing that must not be kept', async (t) => {
  const twice = '{"values":{"firmware":"6222021234567890128"},"values":{"fill_pct":1}}';
  t.match(decode(twice).refusals, [{ index: null, reason: 'forbidden-card', value: '[hidden]' }]);
});

t.test('values come out as they went in', async (t) => {
  const { records } = reading(
    '{"fill_pct":82.5,"smoke":true,"cells_free":3,"firmware":"2.10","network":"wifi","temp_c":-0}',
  );
  const [record] = records;
  t.ok(record?.type === 'reading');
  const values = record?.type === 'reading' ? Object.fromEntries(record.values) : {};
  t.strictSame(values, { fill_pct: 82.5, smoke: true, cells_free: 3, firmware: '2.10', network: 'wifi', temp_c: 0 });
  t.equal(reading('{"temp_c":0.0}').records.length, 1, 'a written zero is no underflow');
  t.equal(reading('{"firmware":"1e-400","temp_c":0}').records.length, 1, 'nor is one in a text');
  t.equal(reading('{"temp_c":2e-3}').records.length, 1);
});

t.test('in an array each record is judged on its own', async (t) => {
  const { records, refusals } = decode(
    '[{"values":{"fill_pct":1}},{"values":{"fill_pct":101}},7,{"values":{"smoke":false}}]',
  );
  t.same(
    records.map((record) => record.index),
    [0, 3],
  );
  t.same(
    refusals.map((refusal) => [refusal.index, refusal.reason]),
    [
      [1, 'out-of-range'],
      [2, 'not-an-object'],
    ],
  );
  t.equal(new Set(records.map((record) => record.timeNs)).size, 2, 'each has a time of its own');
});

t.test('the clock of a device is believed from 30 days ago to 5 minutes ahead', async (t) => {
  const cases: [number | string, 'device' | 'refused'][] = [
    [NOW_MS, 'device'],
    [NOW_MS - 30 * DAY_MS, 'device'],
    [NOW_MS - 30 * DAY_MS - 1, 'refused'],
    [NOW_MS + 300_000, 'device'],
    [NOW_MS + 300_001, 'refused'],
    [0, 'refused'],
    [-1, 'refused'],
    [1_767_571_200, 'refused'],
    ['1767571200000000000', 'refused'],
  ];
  for (const [ts, clock] of cases) {
    const [record] = reading('{"fill_pct":1}', `,"ts":${ts}`).records;
    t.equal(record?.clock, clock, String(ts));
    t.equal(record?.atMs, clock === 'device' ? ts : NOW_MS);
    t.match(record?.timeNs, new RegExp(`^${record?.atMs}\\d{6}$`));
  }
  t.equal(reading('{"fill_pct":1}').records[0]?.clock, 'receipt');
});

t.test('the point time is the same for the same record and another for any other', async (t) => {
  const time = (raw: string, change: Partial<Message> = {}) => decode(raw, change).records[0]?.timeNs;
  const ts = `"ts":${NOW_MS}`;
  const one = `{${ts},"values":{"fill_pct":1,"smoke":true}}`;
  t.equal(
    time(one),
    time(`{"values":{"smoke":true,"fill_pct":1.0},${ts}}`, { offset: 999 }),
    'content, not form or place',
  );
  t.not(time(one), time(`{${ts},"values":{"fill_pct":2,"smoke":true}}`));
  t.not(time(one), time(`{${ts},"values":{"temp_c":1,"smoke":true}}`), 'the name counts');
  const id = `{${ts},"id":"a","values":{"fill_pct":1}}`;
  t.equal(time(id), time(`{${ts},"id":"a","values":{"fill_pct":2}}`), 'an id is identity whatever the content');
  const event = decode(`{${ts},"id":"a","type":"jam"}`, { channel: 'event' }).records[0]?.timeNs;
  t.not(time(id), event, 'a reading and an event with one id do not collide');
  t.not(
    time('{"values":{"fill_pct":1}}'),
    time('{"values":{"fill_pct":1}}', { offset: 100 }),
    'without either: the place',
  );
  const clockless = '{"ts":0,"values":{"smoke":true}}';
  t.not(time(clockless), time(clockless, { offset: 100 }), 'a time that is not believed is like none');
  t.equal(time(clockless, { offset: 7 }), time(clockless, { offset: 7 }), 'and a replay writes the same point');
});

t.test('what must be remembered has an identity, the rest has none', async (t) => {
  const identity = (raw: string, channel: Channel = 'telemetry') => decode(raw, { channel }).identities[0];
  t.equal(identity(`{"ts":${NOW_MS},"id":"a","values":{"fill_pct":1}}`), null);
  t.equal(identity('{"id":"a","values":{"fill_pct":1}}'), 'ia');
  t.equal(identity('{"ts":5,"values":{"fill_pct":1}}'), null, 'nobody believes that time');
  t.equal(identity('{"ts":5,"type":"jam"}', 'event'), null);
  t.equal(identity('{"values":{"fill_pct":1}}'), null);
  t.equal(identity(`{"ts":${NOW_MS},"id":"a","type":"jam"}`, 'event'), 'ia');
  t.match(identity(`{"ts":${NOW_MS},"type":"jam"}`, 'event'), new RegExp(`^t${NOW_MS}\\.[0-9a-f]{16}$`));
  t.equal(identity('{"type":"jam"}', 'event'), null);
  t.equal(identity('{"online":true}', 'state'), null);
});

t.test('the length of a plate is that of one, and one text may hold several', async (t) => {
  const passing = (plate: string) => decode(JSON.stringify({ type: 'passage', data: { plate } }), { channel: 'event' });
  t.equal(passing('粤ZJ068澳|MX7742|ZM127').records.length, 1);
  t.match(passing(`MX7742|${'A'.repeat(17)}`).refusals, [
    { reason: 'too-long', path: 'data.plate', value: '[hidden]' },
  ]);
  t.match(passing('A'.repeat(17)).refusals, [{ reason: 'too-long' }]);
  const nine = Array.from({ length: 9 }, (_, at) => `MX774${at}`).join('|');
  t.match(passing(nine).refusals, [{ reason: 'too-long' }]);
});

t.test('our own events need no kind, a device cannot send them', async (t) => {
  const raw = '{"type":"gateway-started","data":{"version":"0.1.0","clean":true}}';
  const internal = storedMessage(raw, { channel: 'event', uplink: 'internal' });
  t.match(decodeMessage(internal, undefined).records, [{ type: 'event', event: 'gateway-started' }]);
  t.match(decodeMessage(storedMessage(raw, { channel: 'event' }), undefined).refusals, [{ reason: 'unknown-kind' }]);
  t.match(decodeMessage(storedMessage(raw, { channel: 'event' }), KIOSK).refusals, [{ reason: 'unknown-event' }]);
});

t.test('a replay takes the one record it names, with its first time of receipt', async (t) => {
  const origin = { lane: 'live' as const, offset: 4711, index: 1, receivedAtMs: NOW_MS - 3_600_000 };
  const change: Partial<Message> = { uplink: 'replay', connection: replayConnection(origin) };
  t.same(replayOrigin(storedMessage('', change)), origin);
  const raw = '[{"values":{"fill_pct":1}},{"values":{"fill_pct":2}}]';
  const { records } = decode(raw, change);
  t.match(records, [{ index: 1, atMs: origin.receivedAtMs }]);
  t.equal(decode(raw, { offset: 4711, receivedAtMs: origin.receivedAtMs }).records[1]?.timeNs, records[0]?.timeNs);
  t.equal(replayOrigin({ uplink: 'replay', connection: 'replay:up-1:0:1' }), null);
});

t.test('no bytes make it throw, and what it prints is short and plain', async () => {
  const json = fc.oneof(
    fc.json(),
    fc.json().map((text) => `{"values":${text}}`),
    fc.json().map((text) => `[${text}]`),
  );
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    json.map((text) => Buffer.from(text)),
  );
  const channel = fc.constantFrom<Channel>('telemetry', 'event', 'state', 'reply');
  const property = fc.property(payload, channel, (raw, which) => {
    const { records, refusals, identities } = decode(raw, { channel: which });
    if (records.length !== identities.length) return false;
    return refusals.every(
      ({ path, value }) => path.length <= 64 && value.length <= 64 && !/\p{Cc}/u.test(path + value),
    );
  });
  fc.assert(property, { numRuns: 2000 });
});

t.test('an event that could tell a plate says in which field, whether it does or not', async (t) => {
  const event = (raw: string) => decode(raw, { channel: 'event' }).records[0];
  t.match(event('{"type":"passage","data":{"plate":"浙B12345"}}'), { event: 'passage', plates: ['plate'] });
  t.notOk('plates' in event('{"type":"jam"}')!);
});
