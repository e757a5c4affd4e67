import t from 'tap';
import { startAlertDesk } from '../../../support/alerts/alert-desk.ts';
import { bearer, startApi, tokenOf } from '../../../support/api/api.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';

const [postgres, redis] = [await freshDatabase(t), await sharedRedis(t)];
const desk = await startAlertDesk(t, { database: postgres.url, redis: redis.url });
await until('the connection to Redis', () => desk.doorbell.up());
const api = await startApi(t, { queueBoard: desk.doorbell.board });

const get = (url: string, token?: string, method: 'GET' | 'POST' | 'PUT' = 'GET') =>
  api.call({ method, url, headers: token === undefined ? {} : bearer(token) });
const admin = tokenOf('administrator');

t.test('administrators see the page, and nobody else', async (t) => {
  t.equal((await get('/queues')).status, 401);
  for (const role of ['operator', 'viewer', 'technician', 'integrator', 'auditor', 'security'] as const) {
    t.equal((await get('/queues', tokenOf(role))).status, 403, role);
  }
  const page = await get('/queues', admin);
  t.equal(page.status, 200);
  t.match(page.headers['content-type'], 'text/html');
  t.match(page.headers['content-security-policy'], /default-src 'self'.*frame-ancestors 'none'/);
  t.match(page.headers['cache-control'], 'no-store');
  t.match(page.text, 'citywatch');
  const [, script = ''] = /src="(static\/js\/main\.[^"]+)"/.exec(page.text) ?? [];
  t.equal((await get(`/queues/${script}`, admin)).status, 200, 'with what it needs');
  t.equal((await get(`/queues/${script}`)).status, 401);
});

t.test('it shows the queues, nothing of their Redis, and changes nothing', async (t) => {
  const { status, body, text } = await get('/queues/api/queues', admin);
  t.equal(status, 200, text);
  const { queues } = body as { queues: { name: string; readOnlyMode: boolean }[] };
  t.same(queues.map(({ name }) => name).sort(), [...desk.work.queues].sort());
  t.ok(queues.every(({ readOnlyMode }) => readOnlyMode));
  for (const path of [
    '/api/redis/stats',
    '/api/queues/desk/add',
    '/static/../../package.json',
    '/api/metrics/latency',
  ]) {
    t.equal((await get(`/queues${path}`, admin)).status, 404, path);
  }
  for (const method of ['POST', 'PUT'] as const) {
    for (const path of [
      '/api/queues/pause',
      '/api/queues/desk/pause',
      '/api/queues/desk/empty',
      '/api/queues/desk/add',
    ]) {
      const { status: refused } = await get(`/queues${path}`, admin, method);
      t.ok(refused === 404 || refused === 405, `${method} ${path} is answered ${refused}`);
    }
  }
});
