import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { Influx2Store } from '../../../../src/telemetry/stores/influx2.ts';
import { BUCKET, Influx2StandIn, ORG, TOKEN } from '../../../support/telemetry/influx2-standin.ts';
import { conformance, conformanceOfWriting } from './store-conformance.ts';

const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
const http = new Outbound({ clock: systemClock, observer });
t.teardown(() => http.close());

const DAYS = { raw: 90, fiveMinutes: 365, hour: 1_825 };
const LINE = 'kiosk,dev=a,jur=330200 f=1 1767571200000000000';
const { signal } = new AbortController();

async function open(t: Test, options: Partial<ConstructorParameters<typeof Influx2Store>[0]> = {}) {
  const server = await Influx2StandIn.start(t);
  const { url } = server;
  const store = new Influx2Store(
    { url, token: TOKEN, org: ORG, bucket: BUCKET, gzip: true, retentionDays: DAYS, ...options },
    { http },
  );
  return { server, store };
}

for (const gzip of [false, true]) {
  t.test(`InfluxDB 2.x, ${gzip ? 'gzip' : 'plain'}`, async (t) => {
    const conforms = gzip ? conformanceOfWriting : conformance;
    conforms(t, async (t: Test) => {
      const { server, store } = await open(t, { gzip });
      await store.ensure();
      return { store, restart: () => server.restart() };
    });
  });
}

t.test('a write is one POST with all lines, as the documents want it', async (t) => {
  const { server, store } = await open(t);
  const lines = Array.from({ length: 5_000 }, (_, i) => LINE.replace('f=1', `f=${i}`).replace('dev=a', `dev=${i}`));
  await store.write(lines, signal);
  t.equal(server.requests.length, 1);
  const [request] = server.requests;
  t.match(request, {
    method: 'POST',
    path: '/api/v2/write?org=city%20works&bucket=telemetry%2Fraw&precision=ns',
    headers: { authorization: `Token ${TOKEN}`, 'content-encoding': 'gzip' },
  });
  t.equal(request?.body.toString(), lines.join('\n'));
});

t.test('each refusal says which setting to look at', async (t) => {
  const refusals: [Partial<ConstructorParameters<typeof Influx2Store>[0]>, RegExp][] = [
    [{ token: 'another-token' }, /INFLUX_TOKEN/],
    [{ org: 'nowhere' }, /"nowhere" not found\).*INFLUX_ORG/],
    [{ bucket: 'none' }, /INFLUX_BUCKET/],
  ];
  for (const [options, message] of refusals) {
    const { store } = await open(t, options);
    await t.rejects(store.ensure(), { code: 'store.refused', message });
    await t.rejects(store.write([LINE], signal), { code: 'store.refused', message });
  }
});

t.test('what passes by itself may be tried again, after the time the server names', async (t) => {
  const { server, store } = await open(t);
  for (const status of [429, 500, 503]) {
    server.planned.push({ status, headers: { 'retry-after': '7' }, body: '{"code":"x","message":"later"}' });
    await t.rejects(store.write([LINE], signal), { code: 'store.unavailable', retryAfterS: 7 }, String(status));
  }
  t.equal(server.requests.length, 3, 'the library itself does not try again');
  await server.stop();
  await t.rejects(store.write([LINE], signal), { code: 'store.unavailable' });
  await t.rejects(store.ping(), { code: 'store.unavailable' });
  await server.listen();
  t.strictSame(await store.write([LINE], signal), { rejected: [] });
});

t.test('a fault of the request, or half a success, puts no line aside', async (t) => {
  const { server, store } = await open(t);
  for (const answer of [
    { status: 400, body: '{"code":"invalid","message":"invalid character in gzip"}' },
    { status: 201, body: '{"code":"partial"}' },
    { status: 200, body: '<html>a proxy</html>' },
    { status: 302, body: '' },
  ]) {
    server.planned.push(answer);
    await t.rejects(store.write([LINE, LINE], signal), { code: 'store.refused' }, String(answer.status));
  }
  t.equal(server.requests.length, 4);
});

t.test('a body that is too large is halved', async (t) => {
  const { server, store } = await open(t);
  const lines = Array.from({ length: 4 }, (_, i) => `kiosk,dev=a s="${'x'.repeat(400_000)}" 176757120000000000${i}`);
  t.strictSame(await store.write(lines, signal), { rejected: [] });
  t.ok(server.requests.length > 2);
  const huge = `kiosk,dev=a s="${'x'.repeat(1_100_000)}" 1767571200000000009`;
  t.match(await store.write([LINE, huge], signal), { rejected: [{ line: 1, reason: 'store.too-large' }] });
});

t.test('a refusal that old servers call 500 and words of new ones are understood', async (t) => {
  const { server, store } = await open(t);
  const old = 'unexpected error writing points to database: partial write: points beyond retention policy dropped=1';
  const recent = 'partial write: dropped 1 points outside retention policy of duration 1d dropped=1';
  server.planned.push({ status: 500, body: JSON.stringify({ code: 'internal error', message: old }) });
  server.planned.push({ status: 422, body: JSON.stringify({ code: 'unprocessable entity', message: recent }) });
  for (let i = 0; i < 2; i += 1) {
    t.match(await store.write([LINE], signal), { rejected: [{ line: 0, reason: 'store.too-old' }] });
  }
});

t.test('a bucket of roll-ups that is not there is made, however the server says that it is not', async (t) => {
  for (const unseen of ['not-found', 'empty', 'none-in-organization'] as const) {
    const { server, store } = await open(t);
    server.unseen = unseen;
    await store.ensure(signal, '5m');
    t.match(server.retention, { [`${BUCKET}_5m`]: 365 * 86_400 }, unseen);
    const { store: none } = await open(t, { bucket: 'none' });
    await t.rejects(none.ensure(), { code: 'store.refused', message: /no bucket "none".*INFLUX_BUCKET/ });
  }
});

t.test('a 404 of a proxy, and one about the organization, makes no bucket', async (t) => {
  const { server, store } = await open(t);
  for (const body of ['<html>not found</html>', '{"code":"not found","message":"organization name "x" not found"}']) {
    server.planned.push({ status: 404, body });
    await t.rejects(store.ensure(signal, '5m'), { code: 'store.refused' });
  }
  t.same(Object.keys(server.retention), [BUCKET]);
});

t.test('two gateways that make the bucket of a roll-up at once both have it', async (t) => {
  const { server, store } = await open(t);
  const [first, second] = await Promise.allSettled([store.ensure(signal, '1h'), store.ensure(signal, '1h')]);
  t.match([first, second], [{ status: 'fulfilled' }, { status: 'fulfilled' }]);
  t.equal(server.requests.filter(({ method }) => method === 'POST').length, 2, 'both tried');
});

const QUERY = { measurement: 'kiosk', device: 'a', fields: ['f'], fromNs: '1', toNs: '2000000000000000000', limit: 9 };

t.test('an error inside an answer that began well, and a slow or huge answer, are errors', async (t) => {
  const { server, store } = await open(t, { queryTimeoutMs: 500 });
  const csv = '#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n,out of memory,897\r\n';
  server.planned.push({ status: 200, body: csv });
  await t.rejects(store.points(QUERY), { code: 'store.refused', message: /out of memory/ });
  server.planned.push({ status: 503, body: '' });
  await t.rejects(store.points(QUERY), { code: 'store.unavailable' });
  t.strictSame(await store.points({ ...QUERY, fromNs: QUERY.toNs }), [], 'an empty range is not asked for');
});

t.test('a tag asked for with a field comes with it, and a point is joined from all its fields', async (t) => {
  const { store } = await open(t);
  await store.write(['kiosk,dev=a,jur=330200,bin=glass f=1,s="" 1767571200000000001'], signal);
  const [point] = await store.points({ ...QUERY, fields: ['f', 's', 'bin', 'result'] });
  t.equal(point?.timeNs, '1767571200000000001');
  t.strictSame(Object.fromEntries(point?.values ?? []), { bin: 'glass', f: 1, s: '' });
});

t.test('the first bucket of a range that begins inside one starts at its whole multiple', async (t) => {
  const { store } = await open(t);
  await store.write(['kiosk,dev=a f=1 1767571230000000000', 'kiosk,dev=a f=3 1767571270000000000'], signal);
  const range = { fromMs: 1_767_571_202_000, toMs: 1_767_571_300_000, everyMs: 60_000, limit: 9 };
  const of = { tier: 'raw' as const, measurement: 'kiosk', devices: ['a'], groupBy: [] };
  const columns = [{ name: 'f', field: 'f', fn: 'max' as const }];
  const times = (await store.buckets({ ...of, ...range, columns })).map(({ atMs }) => atMs);
  t.strictSame(times, [1_767_571_200_000, 1_767_571_260_000]);
});

t.test(
  'makes buckets for roll-ups that keep as long as the settings say, and changes no bucket of readings',
  async (t) => {
    const { server, store } = await open(t);
    for (const tier of ['raw', '5m', '1h'] as const) await store.ensure(signal, tier);
    t.strictSame(server.retention, { [BUCKET]: 0, [`${BUCKET}_5m`]: 365 * 86_400, [`${BUCKET}_1h`]: 1_825 * 86_400 });
    const { url } = server;
    const shorter = { raw: 30, fiveMinutes: 60, hour: 100 };
    const again = new Influx2Store(
      { url, token: TOKEN, org: ORG, bucket: BUCKET, gzip: true, retentionDays: shorter },
      { http },
    );
    for (const tier of ['raw', '5m', '1h'] as const) await again.ensure(signal, tier);
    t.strictSame(server.retention, { [BUCKET]: 0, [`${BUCKET}_5m`]: 60 * 86_400, [`${BUCKET}_1h`]: 100 * 86_400 });
  },
);

t.test(
  'a token that may not make buckets is told which ones to make, and readings are stored all the same',
  async (t) => {
    const { server, store } = await open(t);
    server.mayMakeBuckets = false;
    await store.ensure();
    t.strictSame(await store.write([LINE], signal), { rejected: [] });
    const message = /bucket "telemetry\/raw_5m".* 365 days.*INFLUX_TOKEN/;
    await t.rejects(store.ensure(signal, '5m'), { code: 'store.refused', message });
    server.mayMakeBuckets = true;
    await store.ensure(signal, '5m');
    server.mayMakeBuckets = false;
    await store.ensure(signal, '5m');
  },
);
