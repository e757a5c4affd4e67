import t from 'tap';
import { listen } from '../../../../src/api/server/server.ts';
import { hastyClock, startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { EventReader } from '../../../support/alerts/event-reader.ts';
import { bearer, startApi, TOKENS } from '../../../support/api/api.ts';
import { chance } from '../../../support/time/random.ts';
import { until } from '../../../support/time/until.ts';

const random = chance();
const { api, alerts, raise, alertOf, ask } = await startAlertsApi(t);
const { port } = await listen(api.app, { host: '127.0.0.1', port: 0 });

t.test(
  'readers of the stream that come and go while alerts are raised miss nothing and see nothing twice',
  async (t) => {
    const devices = Array.from({ length: 120 }, (_, n) => `storm-${String(n).padStart(3, '0')}`);
    const steady = new EventReader(t, port);
    const foreign = new EventReader(t, port, { token: TOKENS.foreign });
    await until('both are greeted', () => steady.events.length > 0 && foreign.events.length > 0);
    t.match(steady.head, /content-type: text\/event-stream/);
    t.match(steady.head, /cache-control: no-store/);
    t.match(steady.head, /x-content-type-options: nosniff/);
    let lastId = steady.lastId;
    const seen: string[] = [];
    const raising = (async () => {
      for (const device of devices) await raise(device);
    })();
    while (seen.length < devices.length) {
      const reader = new EventReader(t, port, { lastId });
      const wanted = Math.min(devices.length - seen.length, 1 + Math.floor(random() * 40));
      await until('some more', () => reader.devices.length >= wanted);
      reader.socket.destroy();
      seen.push(...reader.devices);
      lastId = reader.lastId;
    }
    await raising;
    await until('the steady reader has all', () => steady.devices.length === devices.length);
    t.same(seen.toSorted(), devices);
    t.same(seen, steady.devices, 'in the same order');
    t.same(foreign.devices, [], 'nothing crosses the border');
    t.equal(new Set(steady.events.map(({ id }) => id)).size, steady.events.length);
  },
);

t.test('a reader that takes nothing is cut off, and has everything after it comes back', async (t) => {
  const reader = new EventReader(t, port);
  await until('it is greeted', () => reader.events.length > 0);
  const quick = new EventReader(t, port);
  await until('it is greeted', () => quick.events.length > 0);
  const greeted = quick.lastId;
  reader.socket.pause();
  const id = await alertOf('kiosk-d');
  // Each entry holds all comments so far: together far more than the buffers of a connection take.
  const text = '滞'.repeat(2_000);
  for (let n = 0; n < 60; n += 1) await ask('POST', `/alerts/${id}/comment`, { payload: { text } });
  await until('the quick reader has all', () => quick.events.length === 62);
  const readers = () => api.deps.observer.metrics.getSingleMetricAsString('citywatch_http_connections');
  await until('the stuck one is gone', async () => /connections 1$/m.test(await readers()));
  reader.socket.resume();
  await until('its end is seen', () => reader.ended);
  t.ok(reader.events.length < quick.events.length);
  // On a busy machine it may be too slow, and cut off, once more.
  const lives = [reader];
  const last = () => lives.findLast(({ lastId }) => lastId)?.lastId ?? greeted;
  const hasAll = (): boolean => {
    if (lives.at(-1)?.ended) lives.push(new EventReader(t, port, { lastId: last() }));
    return last() === quick.lastId;
  };
  await until('it has the rest', hasAll);
  t.same(
    lives.flatMap(({ events }) => events.slice(1).map(({ id }) => id)),
    quick.events.slice(1).map((event) => event.id),
  );
});

t.test('a revoked token ends its stream', async (t) => {
  let valid = true;
  const { verify } = api.deps.tokens;
  const tokens = { ...api.deps.tokens, verify: async (token: string) => (valid ? verify(token) : null) };
  const other = await startApi(t, { alerts, clock: hastyClock, tokens });
  const where = await listen(other.app, { host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${where.url}/api/v1/alerts/stream`, { headers: bearer(TOKENS.viewer) });
  valid = false;
  t.match(await answer.text(), /event: hello/, 'and the end comes by itself');
});

t.test('a server that stops ends its streams', async (t) => {
  const other = await startApi(t, { alerts });
  const where = await listen(other.app, { host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${where.url}/api/v1/alerts/stream`, { headers: bearer(TOKENS.viewer) });
  await other.app.close();
  t.match(await answer.text(), /event: hello/, 'it ends, and the test with it');
});
