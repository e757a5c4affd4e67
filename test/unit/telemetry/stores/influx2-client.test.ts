import t from 'tap';
import type { HttpPort } from '../../../../src/telemetry/stores/http-port.ts';
import { Influx2Store } from '../../../../src/telemetry/stores/influx2.ts';

type Request = Parameters<HttpPort['http']>[0];

const LINES = Array.from({ length: 3_000 }, (_, i) => `kiosk,dev=a f=${i} ${i + 1}`);
const QUERY = { measurement: 'kiosk', device: 'a', fields: ['f'], fromNs: '1', toNs: '9', limit: 9 };
const retentionDays = { raw: 90, fiveMinutes: 365, hour: 1_825 };
const bucket = { org: 'o', bucket: 'b', retentionDays };
const account = { url: 'https://influx.invalid/behind', token: 'the-token', gzip: false, ...bucket };
const { signal } = new AbortController();

/** What @influxdata/influxdb-client has to keep doing for us; an upgrade that changes it fails here. */
t.test('the client library opens no socket, keeps no line, sets no timer and says nothing by itself', async (t) => {
  const requests: Request[] = [];
  let status = 204;
  const http: HttpPort = {
    http: async (request) => {
      requests.push(request);
      const buckets = JSON.stringify({ buckets: [{ id: '1', name: 'b' }] });
      return { status: request.method === 'GET' ? 200 : status, headers: {}, body: Buffer.from(buckets) };
    },
  };
  const said: unknown[] = [];
  for (const level of ['error', 'warn', 'log'] as const)
    t.intercept(console, level, { value: (text: unknown) => said.push(text) });
  const timersBefore = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const store = new Influx2Store(account, { http });
  await store.ensure();
  await store.ping();
  await store.write(LINES, signal);
  for (status of [503, 401]) await t.rejects(store.write(LINES, signal), String(status));
  await t.rejects(store.points(QUERY), { code: 'store.refused' });
  t.strictSame(
    requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`),
    [
      'GET /behind/api/v2/buckets',
      'GET /behind/ping',
      ...Array.from({ length: 3 }, () => 'POST /behind/api/v2/write'),
      'POST /behind/api/v2/query',
    ],
  );
  t.ok(
    requests.every(({ headers, networks }) => headers.authorization === 'Token the-token' && networks === 'services'),
  );
  t.equal(requests[2]?.body?.toString(), LINES.join('\n'));
  t.equal(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, timersBefore);
  t.strictSame(said, []);
});
