import t from 'tap';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

const MORNINGS = [{ days: 'all', from: '00:00', to: '12:00' }];
const AFTERNOONS = [{ days: 'all', from: '12:00', to: '00:00' }];

const { ask, desk } = await startAlertsApi(t);
const make = (matchers: object, repeats: object) => {
  const endsAt = new Date(desk.clock.nowMs() + 60 * DAY_MS).toISOString();
  return ask('POST', '/silences', { payload: { jurisdiction: HERE, ...matchers, repeats, endsAt, reason: 'noise' } });
};
const REFUSED = { status: 400, body: { code: 'request.invalid', issues: [{ path: 'repeats' }] } };

t.test('of two that are asked for at the same moment one is refused', async (t) => {
  const waiting = sql`select from pg_locks join pg_database on pg_database.oid = database
    where not granted and datname = current_database()`;
  let both: Promise<{ status: number }[]> | undefined;
  await desk.database.transaction(async (tx) => {
    // It lets others read, and keeps both from writing.
    await sql`lock table silence in share mode`.execute(tx.tables());
    both = Promise.all([make({ kind: 'camera' }, MORNINGS), make({ kind: 'camera' }, AFTERNOONS)]);
    await until('both wait', async () => (await waiting.execute(desk.database.tables())).rows.length >= 2);
  });
  t.strictSame((await both)?.map(({ status }) => status).sort(), [201, 400]);
});

t.test('a wide one beside a narrow one leaves no more unsaid than the other way round', async (t) => {
  t.match(await make({ kind: 'kiosk' }, AFTERNOONS), { status: 201 });
  t.match(await make({}, MORNINGS), REFUSED);
  t.match(await make({ kind: 'bollard' }, MORNINGS), { status: 201 }, 'what is apart may hold');
});

t.test('two that meet in a part leave no more of that unsaid', async (t) => {
  t.match(await make({ kind: 'valve' }, MORNINGS), { status: 201 });
  const community = `${HERE}004000`;
  t.match(await make({ jurisdiction: community }, AFTERNOONS), REFUSED, 'the valves of one community');
  t.match(await make({ kind: 'pump', jurisdiction: community }, AFTERNOONS), { status: 201 });
});
