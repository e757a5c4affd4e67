import t from 'tap';
import { DAY_MS } from '../../../../src/core/clock.ts';
import type { Database } from '../../../../src/platform/database/database.ts';
import { Idempotency } from '../../../../src/platform/records/idempotency.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { ManualClock } from '../../../support/time/clock.ts';

let database: Database;

t.before(async () => {
  database = await openDatabase(t);
});

function open() {
  const clock = new ManualClock();
  return { clock, store: new Idempotency({ database, clock }) };
}

const request = (key: string, over: object = {}) => ({
  caller: 'token:a',
  key,
  route: 'POST /devices',
  bodyHash: 'h',
  ...over,
});

t.test('the second request gets the first answer', async (t) => {
  const { store } = open();
  t.equal(await store.begin(request('a')), null);
  await t.rejects(store.begin(request('a')), { code: 'idempotency.running' });
  await store.finish(request('a'), { status: 201, response: '{"id":"x"}' });
  t.strictSame(await store.begin(request('a')), { status: 201, response: '{"id":"x"}' });
  await t.rejects(store.begin(request('a', { bodyHash: 'other' })), { code: 'idempotency.mismatch' });
  await t.rejects(store.begin(request('a', { route: 'POST /tokens' })), { code: 'idempotency.mismatch' });
  t.equal(await store.begin(request('a', { caller: 'token:b' })), null, 'another caller has keys of its own');
});

t.test('of many at once exactly one runs', async (t) => {
  const { store } = open();
  const results = await Promise.allSettled(Array.from({ length: 30 }, () => store.begin(request('many'))));
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
});

t.test('a key is free again when nothing was done, when its process died, and after a day', async (t) => {
  const { store, clock } = open();
  await store.begin(request('free'));
  await store.abandon(request('free'));
  t.equal(await store.begin(request('free')), null, 'abandoned');
  await clock.advance(61_000);
  await t.rejects(store.begin(request('free', { bodyHash: 'other' })), { code: 'idempotency.mismatch' });
  t.equal(await store.begin(request('free')), null, 'the lease ran out');
  await store.finish(request('free'), { status: 201, response: '' });
  await store.abandon(request('free'));
  t.match(await store.begin(request('free')), { status: 201 }, 'a finished one is not abandoned');
  await clock.advance(DAY_MS);
  t.equal(await store.begin(request('free', { bodyHash: 'other' })), null, 'a day later');
  await clock.advance(DAY_MS);
  await store.purge(clock.nowMs());
  const rows = await database
    .tables<{ idempotency: { key: string } }>()
    .selectFrom('idempotency')
    .select('key')
    .execute();
  t.notOk(rows.some(({ key }) => key === 'free'));
});
