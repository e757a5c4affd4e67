import t from 'tap';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { WatchlistKeeping } from '../../../../src/alerts/watchlists/keeping.ts';
import type { WatchlistTables } from '../../../../src/alerts/watchlists/tables.ts';
import { DAY_MS, HOUR_MS } from '../../../../src/core/clock.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { ADMIN } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE } from '../../../support/api/api.ts';
import { firstOwner } from '../../../support/services/ownership.ts';

const KEEP_DAYS = 200;
const nowMs = Date.now();

const { desk, alerts, alertOf } = await startAlertsApi(t);
const keeping = new WatchlistKeeping({ database: desk.database, ownership: firstOwner(), keepDays: KEEP_DAYS });
const pruneIn = (days: number) => keeping.prune(nowMs + days * DAY_MS);
const tables = () => desk.database.tables<WatchlistTables>();
const emergency = (name: string, entries: { plate: string; reason: string; validUntilMs?: number }[]) =>
  alerts.watchlists.create(ADMIN, {
    name,
    jurisdiction: HERE,
    reason: 'thefts',
    case: 'A-7',
    entries: entries.map((entry) => ({ validUntilMs: nowMs + 10 * DAY_MS, ...entry })),
  } as Parameters<typeof alerts.watchlists.create>[1]);
const lists = async () =>
  (await tables().selectFrom('watchlist').select(['id', 'entries']).execute()).map((one) => one);
const platesOf = async (list: string) => {
  const all = tables().selectFrom('watchlist_entry').select(['id', 'plate_masked']).where('watchlist_id', '=', list);
  return await all.orderBy('plate_masked').execute();
};
const proofs = async (subject: string) => (await listAudit(desk.database, ADMIN, { subject, limit: 20 })).reverse();

t.test('a list that ended goes with its plates when its time is over, and leaves a proof', async (t) => {
  const { id } = await emergency('old', [
    { plate: '浙B12345', reason: 'stolen' },
    { plate: '浙B54321', reason: 'stolen' },
  ]);
  const [first] = await platesOf(id);
  const alert = await alertOf('kiosk-hit');
  const data = JSON.stringify({ entry: first!.id, watchlist: 'old', wanted_plate: '浙B***45' });
  await sql`update alert set data = ${data}::jsonb where id = ${alert}::uuid`.execute(tables());

  await pruneIn(KEEP_DAYS - 1);
  t.match(await lists(), [{ id, entries: 2 }]);
  await pruneIn(KEEP_DAYS + 11);
  t.match(await platesOf(id), [first], 'an alert names this one');
  t.match(await lists(), [{ id, entries: 1 }]);
  await desk.database.tables<AlertTables>().deleteFrom('alert').where('id', '=', alert).execute();
  await pruneIn(KEEP_DAYS + 11);
  t.same([await platesOf(id), await lists()], [[], []]);

  const gone = (await proofs(`watchlist/${id}`)).filter(({ action }) => action.startsWith('watchlist.prune'));
  t.match(gone, [
    { action: 'watchlist.prune-plates', callerType: 'system', after: { plates: 1, sha256: /^[0-9a-f]{64}$/ } },
    { action: 'watchlist.prune-plates', after: { plates: 1 } },
    { action: 'watchlist.prune', jurisdiction: HERE, after: { sha256: /^[0-9a-f]{64}$/ } },
  ]);
  t.notMatch(JSON.stringify(gone), /浙B|stolen|old/, 'a proof says no more than who knew');
});

t.test('a plate whose own time is over goes from a list that is in force', async (t) => {
  const { id } = await emergency('goes on', [
    { plate: '浙B11111', reason: 'a', validUntilMs: nowMs + HOUR_MS },
    { plate: '浙B22222', reason: 'b' },
  ]);
  const later = { until_ms: nowMs + 900 * DAY_MS, approve_by_ms: null };
  await tables().updateTable('watchlist').set(later).where('id', '=', id).execute();
  await pruneIn(KEEP_DAYS + 1);
  t.match(await platesOf(id), [{ plate_masked: '浙B***22' }]);
  t.match(await lists(), [{ id, entries: 1 }]);
  await tables().deleteFrom('watchlist_entry').execute();
  await tables().deleteFrom('watchlist').execute();
});

t.test('a permit goes when its time is over; one in force stays', async (t) => {
  const give = (untilMs: number) =>
    alerts.permits.give(ADMIN, { holder: { type: 'token', id: 'operator' }, purpose: 'trial', case: 'C-9', untilMs });
  const [old, young] = [await give(nowMs + DAY_MS), await give(nowMs + 80 * DAY_MS)];
  await pruneIn(KEEP_DAYS + 2);
  const left = await tables().selectFrom('plate_permit').select('id').execute();
  t.same(left, [{ id: young.id }]);
  t.match((await proofs(`plate-permit/${old.id}`)).at(-1), { action: 'plate-permit.prune', after: { sha256: /./ } });
});
