import { gzipSync } from 'node:zlib';
import { connectAsync, type MqttClient } from 'mqtt';
import t, { type Test } from 'tap';
import { HOSTILE_RECORDS, HOSTILE_REQUESTS } from '../../support/api/hostile-requests.ts';
import { Fleet } from '../../support/gateway/fleet.ts';
import { ADMIN_TOKEN, type Answer, Gateway, type Ledger } from '../../support/gateway/gateway.ts';
import { liveMb, WATCHED } from '../../support/gateway/live-memory.ts';
import { tinyPicture } from '../../support/ingest/images.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';
import { countProcessorTime } from '../../support/time/processor-time.ts';
import { until } from '../../support/time/until.ts';
import { connectPacket, publishPacket, RawClient } from '../../support/uplinks/mqtt.ts';

const TOO_LARGE = Buffer.alloc(300 * 1024, 0x20);
const gateway = await Gateway.prepare(t, { ...(await lentServices(t)), ...lentInflux(t) });
gateway.nodeOptions = [...gateway.nodeOptions, WATCHED];
await gateway.start();
const secret = await gateway.register({ id: 'hostile' });

/** Payloads of a telemetry message, each with the reason in its dead letter. */
const UNFIT: [string, string | Buffer][] = [
  ['not-json', '{"values":'],
  ['repeated-key', '{"values":{"fill_pct":1,"fill_pct":2}}'],
  ['not-utf8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['too-deep', `{"values":{"fill_pct":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`],
  ['too-many-keys', `{"values":{${Array.from({ length: 20_001 }, (_, key) => `"k${key}":1`).join(',')}}}`],
  ['empty', '[]'],
  ['not-finite', '{"values":{"fill_pct":1e999}}'],
  ['not-exact', '{"values":{"weight_kg":9007199254740993}}'],
  ['out-of-range', '{"values":{"fill_pct":101}}'],
  ['wrong-type', '{"values":{"fill_pct":"12"}}'],
  ['unknown-field', '{"values":{"constructor":1}}'],
  ['unknown-key', '{"values":{"fill_pct":1},"jurisdiction":"110000"}'],
  ['not-an-object', '[7]'],
];

async function device(t: Test): Promise<MqttClient> {
  const login = { clientId: 'hostile', username: 'hostile', password: secret };
  const client = await connectAsync({ host: '127.0.0.1', port: gateway.mqttPort, reconnectPeriod: 0, ...login });
  t.teardown(() => client.endAsync(true));
  return client;
}

interface Letter {
  receipt: string;
  device: string;
  reason: string;
  value: string;
}

async function letters(): Promise<Letter[]> {
  return (await gateway.get('/dead-letters?device=hostile&limit=500')).items;
}

t.test('messages that do not fit are acknowledged, put aside with their reason, and explained', async (t) => {
  const client = await device(t);
  for (const [, payload] of UNFIT) await client.publishAsync('cw/v1/hostile/telemetry', payload, { qos: 1 });
  await client.publishAsync('cw/v1/hostile/event', '{"id":"e-1","type":"explosion","data":{}}', { qos: 1 });
  const wanted = [...UNFIT.map(([reason]) => reason), 'unknown-event'];
  await until('all are put aside', async () => (await letters()).length >= wanted.length);
  const found = await letters();
  t.same(found.map(({ reason }) => reason).sort(), wanted.sort());
  for (const { receipt, reason } of found) {
    const [story] = (await gateway.get(`/messages?id=${receipt}`)).items;
    t.equal(story.device, 'hostile');
    t.match(JSON.stringify(story.stages), reason, `${receipt} is explained by ${reason}`);
  }
  await client.publishAsync('cw/v1/hostile/telemetry', '[{"values":{"fill_pct":1}},{"values":{"fill_pct":-1}}]', {
    qos: 1,
  });
  await gateway.settledLedger();
  t.match(
    await gateway.get('/devices/hostile/latest'),
    { fields: { fill_pct: { value: 1 } } },
    'the good half is used',
  );
  const ledger = await gateway.settledLedger();
  t.equal(ledger.balanced, true);
});

t.test('too large a message ends its connection and is never stored', async (t) => {
  const before = (await letters()).length;
  const raw = await RawClient.open(t, gateway.mqttPort);
  raw.send(connectPacket('hostile', { password: Buffer.from(secret) }));
  await raw.until(() => raw.of('connack').length > 0 || raw.isClosed);
  raw.send(publishPacket({ topic: 'cw/v1/hostile/telemetry', payload: TOO_LARGE }));
  await raw.closed;
  t.same(raw.ackIds, [], 'not acknowledged');
  const body = { token: `hostile:${secret}`, body: TOO_LARGE };
  t.equal((await gateway.api('POST', '/devices/hostile/telemetry', body)).status, 413);
  t.equal((await letters()).length, before);
});

t.test('a flood of bad messages leaves the process, its memory and other devices alone', async (t) => {
  const fleet = await Fleet.connect(t, gateway, { devices: 5, perSecond: 100 });
  fleet.go();
  const client = await device(t);
  const payloads = [...UNFIT.map(([, payload]) => payload), Buffer.alloc(200 * 1024, 0x5b)];
  const flooded = Array.from({ length: 200 }, (_, number) => payloads[number % payloads.length]!);
  const flood = async (): Promise<void> => {
    await Promise.all(flooded.map((one) => client.publishAsync('cw/v1/hostile/telemetry', one, { qos: 1 })));
    // The others go on, so something always waits; less than they send in two seconds is not the flood.
    const rows = async (): Promise<Ledger['rows']> => (await gateway.get('/ledger')).rows;
    await until('the flood is read', async () => (await rows()).every(({ messages }) => messages.waiting < 200));
  };
  for (let round = 0; round < 2; round += 1) await flood();
  const restingMb = await liveMb(gateway);
  const pid = gateway.pid;
  const rounds = 3;
  for (let round = 0; round < rounds; round += 1) await flood();
  // What a start has made is let go meanwhile, too, so that less lives than before.
  const sentMb = (rounds * flooded.reduce((sum, { length }) => sum + length, 0)) / 1e6;
  // What is still on its way lives, too, for a moment.
  await until('the floods are let go', async () => (await liveMb(gateway)) - restingMb < sentMb / 3);
  await fleet.stop();
  t.same(await fleet.faults(), [], 'the others lost nothing');
  t.equal(gateway.pid, pid);
  t.same(await gateway.notGreen(), []);
  t.equal((await gateway.settledLedger()).balanced, true);
});

t.test('bodies with wrong or unknown fields get 400 that names them', async (t) => {
  const location = { lat: 29.87, lon: 121.55 };
  const good = { kind: 'recycling-kiosk', name: 'Kiosk', jurisdiction: '330203', location };
  const wrong: [string, object][] = [
    ['verified', { ...good, verified: true }],
    ['location.lat', { ...good, location: { ...location, lat: 91 } }],
    ['jurisdiction', { ...good, jurisdiction: '33' }],
    ['name', { ...good, name: undefined }],
    ['kind', { ...good, kind: 'teapot' }],
  ];
  for (const [field, body] of wrong) {
    const { status, body: problem } = await gateway.api('POST', '/devices', { body });
    t.match({ status, code: problem.code }, { status: 400, code: 'request.invalid' }, field);
    t.ok(
      problem.issues.some(({ path }: { path: string }) => path === field),
      `${field} is named: ${JSON.stringify(problem.issues)}`,
    );
  }
  t.equal((await gateway.api('POST', '/devices', { body: '{"kind":' })).status, 400, 'half a document');
});

t.test('no token gets 401, a foreign one 404 as if nothing were there', async (t) => {
  t.equal((await gateway.api('GET', '/devices/hostile', { token: '' })).status, 401);
  t.equal((await gateway.api('GET', '/devices/hostile', { token: 'cwt_wrong' })).status, 401);
  t.equal((await gateway.api('GET', '/devices/no-such', { token: '' })).status, 401, 'and says nothing of existence');
  const input = { name: 'of another city', role: 'technician', jurisdiction: '510700' };
  const { token } = (await gateway.api('POST', '/tokens', { body: input })).body;
  const now = new Date().toISOString();
  const range = `from=${new Date(0).toISOString()}&to=${now}`;
  for (const path of ['', '/latest', `/history?fields=fill_pct&${range}`, `/events?${range}`]) {
    const foreign = await gateway.api('GET', `/devices/hostile${path}`, { token });
    const absent = await gateway.api('GET', `/devices/absentx${path}`, { token });
    t.equal(foreign.status, 404, `GET ${path || '/'}`);
    t.same(without(foreign), without(absent), 'the same answer as for what does not exist');
  }
  t.same((await gateway.api('GET', '/dead-letters', { token })).body.items, []);
  const own = await gateway.api('POST', '/devices/other/telemetry', {
    token: `hostile:${secret}`,
    body: { values: {} },
  });
  t.equal(own.status, 404, 'a device speaks for itself alone');
});

/** An answer without what differs from request to request. */
function without({ status, body }: Answer): object {
  return { status, body: { ...body, requestId: null, instance: null } };
}

t.test('over HTTP a device sends packed data, a backfill, and a picture that its event names', async (t) => {
  const token = `hostile:${secret}`;
  const packed = { token, headers: { 'content-encoding': 'gzip' } };
  const reading = gzipSync(JSON.stringify({ id: 'packed', values: { fill_pct: 42 } }));
  const live = await gateway.api('POST', '/devices/hostile/telemetry', { ...packed, body: reading });
  t.match([live.status, live.body.records], [202, [{ accepted: true }]]);
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  t.equal((await gateway.api('POST', '/devices/hostile/telemetry', { ...packed, body: bomb })).status, 413);
  const old = { ts: Date.now() - 3_600_000, id: 'old', values: { fill_pct: 41 } };
  const bulk = await gateway.api('POST', '/devices/hostile/telemetry?lane=bulk', { token, body: old });
  t.match(bulk.body.receipt, /^bulk-/);

  const picture = tinyPicture();
  const type = { 'content-type': 'image/png' };
  const sent = await gateway.api('POST', '/devices/hostile/images', { token, headers: type, body: picture });
  t.equal(sent.status, 201, sent.text);
  const forced = { id: 'e-picture', type: 'door_forced', data: { images: [sent.body.id] } };
  const event = await gateway.api('POST', '/devices/hostile/events', { token, body: forced });
  t.match(event.body.records, [{ accepted: true }], event.text);
  const shown = await fetch(`${gateway.httpUrl}/api/v1/images/${sent.body.id}?purpose=acceptance`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  t.same(Buffer.from(await shown.arrayBuffer()), picture);
  const [, look] = (await gateway.get('/access-register?device=hostile')).items;
  t.match(look, { act: 'image', purpose: 'acceptance' });
  for (const { body } of [live, bulk, event]) {
    await until(`${body.receipt} is stored`, async () => {
      const [story] = (await gateway.get(`/messages?id=${body.receipt}`)).items;
      return JSON.stringify(story.stages).includes('"stored"');
    });
  }
});

t.test('no single request holds the others up, or ends as an error of ours', async (t) => {
  let worst = { spentMs: 0, what: '' };
  const counted = async (what: string, asking: Promise<Answer>): Promise<Answer> => {
    const spent = countProcessorTime(gateway.pid);
    const answer = await asking;
    const spentMs = spent();
    if (spentMs > worst.spentMs) worst = { spentMs, what };
    return answer;
  };
  const token = `hostile:${secret}`;
  for (const [name, channel, payload, outcomes] of HOSTILE_RECORDS) {
    const { status, body } = await counted(
      name,
      gateway.api('POST', `/devices/hostile/${channel}`, { token, body: payload }),
    );
    t.equal(status, 202, name);
    const found = body.records.map((one: { accepted: boolean; reason?: string }) => one.reason ?? 'accepted');
    t.same(found, outcomes, name);
    const explained = (await gateway.get(`/messages?id=${body.receipt}`)).items;
    t.equal(explained.length, 1, `${name} has one explanation`);
  }
  for (const [number, [method, path, body, status]] of HOSTILE_REQUESTS.entries()) {
    const headers = { 'idempotency-key': `hostile-${number}` };
    const asking = gateway.api(method, path, body === undefined ? {} : { body, headers });
    const answer = await counted(`${method} ${path.slice(0, 80)}`, asking);
    t.equal(answer.status, status, `${method} ${path.slice(0, 80)} ${(body ?? '').slice(0, 40)}`);
    t.notMatch(answer.text, /at .+\.(ts|mjs):\d+|select |InfluxDB/, 'and tells nothing of the inside');
  }
  t.ok(worst.spentMs < 2_000, `${worst.what} cost ${worst.spentMs} ms of the processor`);
  t.equal((await gateway.settledLedger()).balanced, true);
  t.same(await gateway.notGreen(), []);
  t.notMatch(gateway.output, /"level":[56]0/, 'nothing of it is logged as an error');
});
