import { gzipSync } from 'node:zlib';
import t from 'tap';
import { CitywatchError } from '../../../src/core/errors.ts';
import { MQTT_DEFAULTS } from '../../../src/ingest/uplinks/mqtt/options.ts';
import { bearer, DEVICE_SECRET, HERE, KIOSK, startApi } from '../../support/api/api.ts';
import { ManualClock } from '../../support/time/clock.ts';

const url = `/api/v1/devices/${KIOSK}/telemetry`;
const headers = { ...bearer(`${KIOSK}:${DEVICE_SECRET}`), 'content-type': 'application/json' };
const payload = '{ "ts": 1763750000123, "id":"r-1", "values": {"fill_pct": 82.50} }';

t.test('202 means that the very bytes are durable', async (t) => {
  const order: string[] = [];
  const { call, messages } = await startApi(t, {
    intake: {
      accept: async (message) => {
        await new Promise((resolve) => setImmediate(resolve));
        messages.push(message);
        order.push('durable');
        return { id: 'live-77', position: { lane: 'live', offset: 77 } };
      },
      acceptBulk: () => Promise.reject(new Error('not asked for')),
    },
  });
  const answer = await call({ method: 'POST', url, headers, payload });
  order.push('answered');
  t.equal(answer.status, 202);
  t.same(answer.body, { receipt: 'live-77' });
  t.same(order, ['durable', 'answered']);
  t.equal(messages[0]?.raw.toString(), payload, 'not parsed and printed again');
  t.match(messages[0], {
    uplink: 'http',
    channel: 'telemetry',
    topic: url,
    device: { id: KIOSK, kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: HERE },
    packetId: 0,
    dup: false,
  });
  await call({ method: 'POST', url: `/api/v1/devices/${KIOSK}/events`, headers, payload });
  t.equal(messages[1]?.channel, 'event');
  t.not(messages[1]?.connection, messages[0]?.connection);
});

t.test('each record is told whether it fits its kind, one that is no message is refused', async (t) => {
  const refusal = { reason: 'value.range', path: 'values.fill_pct', value: '900' };
  const whole = { index: null, reason: 'payload.json', path: '', value: '{' };
  const { call, messages } = await startApi(t, {
    preview: ({ raw }) =>
      raw.toString() === '{'
        ? { records: [], refusals: [whole] }
        : {
            records: [
              { index: 0, id: 'a' },
              { index: 2, id: null },
            ],
            refusals: [{ index: 1, ...refusal }],
          },
  });
  const { body } = await call({ method: 'POST', url, headers, payload: '[]' });
  t.same(body, {
    receipt: 'live-1',
    records: [
      { index: 0, accepted: true, id: 'a' },
      { index: 1, accepted: false, reason: 'value.range', path: 'values.fill_pct' },
      { index: 2, accepted: true },
    ],
  });
  const refused = await call({ method: 'POST', url, headers, payload: '{' });
  t.equal(refused.status, 400);
  t.match(refused.body, { code: 'request.invalid', issues: [{ path: 'body', message: /payload\.json/ }] });
  t.equal(messages.length, 1, 'only the first went to the journal');
});

t.test('a device speaks for itself only', async (t) => {
  const { call, messages } = await startApi(t);
  for (const id of ['kiosk-2', 'Kiosk-1', '..', 'a'.repeat(65)]) {
    const answer = await call({ method: 'POST', url: `/api/v1/devices/${id}/telemetry`, headers, payload });
    t.equal(answer.status, 404, id);
  }
  t.same(messages, []);
});

t.test('a journal that takes nothing more says so, and when to come back', async (t) => {
  const codes = { 'ingest.full': 503, 'ingest.unavailable': 503, 'request.rate': 429 } as const;
  for (const [code, status] of Object.entries(codes)) {
    const accept = async () => {
      throw new CitywatchError(code as keyof typeof codes, { retryAfterS: 7 });
    };
    const { call } = await startApi(t, { intake: { accept, acceptBulk: accept } });
    for (const lane of ['live', 'bulk']) {
      const answer = await call({ method: 'POST', url: `${url}?lane=${lane}`, headers, payload });
      t.equal(answer.status, status);
      t.equal(answer.headers['retry-after'], '7');
      t.match(answer.body, { code });
    }
  }
});

t.test('a backfill goes into its own lane, and no other lane can be named', async (t) => {
  const lanes: string[] = [];
  const preview = (_message: unknown, lane: string) => {
    lanes.push(lane);
    return { records: [{ index: 0, id: null }], refusals: [] };
  };
  const { call } = await startApi(t, { preview });
  const bulk = await call({ method: 'POST', url: `${url}?lane=bulk`, headers, payload });
  t.equal(bulk.status, 202);
  t.match(bulk.body, { receipt: 'bulk-1', records: [{ index: 0, accepted: true }] });
  t.match((await call({ method: 'POST', url: `${url}?lane=live`, headers, payload })).body, { receipt: 'live-2' });
  t.same(lanes, ['bulk', 'live'], 'each was looked at as what it is');
  for (const [query, path] of [
    ['lane=fast', 'lane'],
    ['lane=', 'lane'],
    ['lane=bulk&lane=live', 'lane'],
    ['land=bulk', 'land'],
  ] as const) {
    const answer = await call({ method: 'POST', url: `${url}?${query}`, headers, payload });
    t.equal(answer.status, 400, query);
    t.match(answer.body, { code: 'request.invalid', issues: [{ path }] });
  }
});

t.test('what is sent with gzip is kept unpacked', async (t) => {
  const { call, messages } = await startApi(t);
  const large = JSON.stringify(Array.from({ length: 4000 }, (_, ts) => ({ ts, values: { fill_pct: 1 } })));
  for (const [encoding, body] of [
    ['gzip', gzipSync(payload)],
    ['GZIP', gzipSync(payload, { level: 0 })],
    ['x-gzip', Buffer.concat([gzipSync(payload.slice(0, 10)), gzipSync(payload.slice(10))])],
    ['identity', Buffer.from(payload)],
  ] as const) {
    const answer = await call({
      method: 'POST',
      url,
      headers: { ...headers, 'content-encoding': encoding },
      payload: body,
    });
    t.equal(answer.status, 202, encoding);
    t.equal(messages.at(-1)?.raw.toString(), payload);
  }
  const packed = { ...headers, 'content-encoding': 'gzip' };
  t.equal((await call({ method: 'POST', url, headers: packed, payload: gzipSync(large) })).status, 202);
  t.equal(messages.at(-1)?.raw.toString(), large);
});

t.test('what is not text is kept byte for byte when it says what it is', async (t) => {
  const { call, messages } = await startApi(t);
  const bytes = Buffer.from('a16676616c756573a16866696c6c5f706374fb4054a00000000000', 'hex');
  const sent = { ...headers, 'content-type': 'application/cbor' };
  t.equal((await call({ method: 'POST', url, headers: sent, payload: bytes })).status, 202);
  t.same(messages.at(-1)?.raw, bytes);
  const packed = { ...sent, 'content-encoding': 'gzip' };
  t.equal((await call({ method: 'POST', url, headers: packed, payload: gzipSync(bytes) })).status, 202);
  t.same(messages.at(-1)?.raw, bytes);
  t.equal((await call({ method: 'POST', url, headers, payload: bytes })).status, 400, 'no JSON');
  const text = { ...headers, 'content-type': 'text/plain' };
  t.equal((await call({ method: 'POST', url, headers: text, payload: bytes })).status, 415);
});

t.test('a device that is too fast is told to wait, before its body is read', async (t) => {
  const clock = new ManualClock();
  const { call, messages } = await startApi(t, { clock });
  const send = (body = payload) => call({ method: 'POST', url, headers, payload: body });
  // A message counts one more for every full 16 KiB.
  const large = `[${' '.repeat(15 * 16 * 1024)}]`;
  for (let left = MQTT_DEFAULTS.messagesBurst; left > 0; left -= 16) t.equal((await send(large)).status, 202);
  const taken = messages.length;
  const refused = await send('not even JSON');
  t.equal(refused.status, 429);
  t.equal(refused.headers['retry-after'], '1');
  t.match(refused.body, { code: 'request.rate' });
  t.equal(messages.length, taken, 'what was refused is not in the journal');
  await clock.advance(1000 / MQTT_DEFAULTS.messagesPerS);
  t.equal((await send()).status, 202, 'at the pace, it goes on');
  await clock.advance(10_000 / MQTT_DEFAULTS.messagesPerS);
  t.equal((await send(large)).status, 429);
});

t.test('a kind whose devices together are too fast is told to wait', async (t) => {
  const asked: string[] = [];
  let waitMs = 50;
  const take = (kind: string) => {
    asked.push(kind);
    return waitMs;
  };
  const clock = new ManualClock();
  const { call, messages } = await startApi(t, { clock, kindRates: { take, devicePerS: () => 0.5 } });
  const send = () => call({ method: 'POST', url, headers, payload });
  const refused = await send();
  t.equal(refused.status, 429);
  t.equal(refused.headers['retry-after'], '1');
  t.match(refused.text, /this kind/);
  waitMs = 0;
  t.equal((await send()).status, 202);
  t.equal((await send()).status, 202, 'what its kind refused was no turn of the device');
  t.same(asked, ['recycling-kiosk', 'recycling-kiosk', 'recycling-kiosk']);
  const own = await send();
  t.equal(own.status, 429, 'one device in two seconds, as its kind says: twice at once, and then');
  t.equal(own.headers['retry-after'], '2');
  t.equal(messages.length, 2);
});
