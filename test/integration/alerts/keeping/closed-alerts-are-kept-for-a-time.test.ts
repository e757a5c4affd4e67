import { createHash } from 'node:crypto';
import t from 'tap';
import { AlertFeed } from '../../../../src/alerts/desk/feed.ts';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { AlertKeeping } from '../../../../src/alerts/keeping/keeping.ts';
import type { KeepingTables } from '../../../../src/alerts/keeping/tables.ts';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { BlobRefusal } from '../../../../src/platform/blobs/blobs.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import type { FireOptions } from '../../../support/alerts/findings.ts';
import { HERE } from '../../../support/api/api.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

const KEEP_DAYS = { incident: 200, fault: 30, system: 30 };

const clock = new ShiftedClock();
const { desk, raise, ask } = await startAlertsApi(t, { clock });
const receiver = await startReceiver(t);
await desk.subscriptions.create(ADMIN, { name: 'centre', ...webhookAt(receiver.url), jurisdiction: HERE });

const files = { gone: [] as string[], isAway: false };
const keeping = new AlertKeeping({
  database: desk.database,
  ownership: firstOwner(),
  pictures: {
    delete: async (key) => {
      if (files.isAway) throw new BlobRefusal('away', 'The disk of the evidence is not there.');
      files.gone.push(key);
    },
  },
  keepDays: KEEP_DAYS,
  forgotten: (seq) => desk.feed.forget(seq),
});
const pruneIn = (days: number) => keeping.prune(clock.nowMs() + days * DAY_MS);

const tables = () => desk.database.tables<KeepingTables>();
const find = async (device: string) => (await desk.queries.list(ADMIN, { limit: 1, device })).items[0];
const isThere = async (id: string) => (await ask('GET', `/alerts/${id}`)).status === 200;

async function opened(device: string, how: Partial<FireOptions> = {}): Promise<string> {
  await raise(device, { severity: 'moderate', ...how });
  return (await until(`the alert of ${device}`, () => find(device))).id;
}

async function waitingOf(id: string): Promise<number> {
  const waiting = tables().selectFrom('delivery').selectAll().where('alert_id', '=', id).where('state', '=', 'waiting');
  return (await waiting.execute()).length;
}

async function closed(device: string, how: Partial<FireOptions> = {}): Promise<string> {
  const id = await opened(device, how);
  t.equal((await ask('POST', `/alerts/${id}/close`, { payload: { verdict: 'confirmed' } })).status, 200);
  await until('nothing of it waits', async () => (await waitingOf(id)) === 0);
  return id;
}

/** Rows that name an alert, by their table. */
async function rowsOf(id: string) {
  const count = sql<number>`count(*)`.as('count');
  const of = async (table: 'alert_event' | 'delivery' | 'alert_sent') =>
    (await tables().selectFrom(table).select(count).where('alert_id', '=', id).executeTakeFirstOrThrow()).count;
  return { entries: await of('alert_event'), deliveries: await of('delivery'), sent: await of('alert_sent') };
}

const proofs = (of: string) => listAudit(desk.database, ADMIN, { subject: `alerts/${of}`, limit: 50 });

t.test('a closed alert goes when its class was kept long enough, and leaves a proof; an open one stays', async (t) => {
  const open = await opened('burns');
  const id = await closed('burnt');
  const fault = await closed('dark', { class: 'fault', rule: 'camera-offline' });
  await until('the command centre is told', () => receiver.received.length >= 3);
  await desk.queries.pruneDeliveries(clock.nowMs() + 31 * DAY_MS, firstOwner());
  t.match(await rowsOf(id), { entries: 2, sent: 1 });
  const row = await desk.queries.row(ADMIN, id);
  const log = await desk.queries.events(ADMIN, 0, 500);

  await pruneIn(31);
  t.notOk(await isThere(fault), 'a fault of a month ago');
  t.ok(await isThere(id), 'but no incident');
  await pruneIn(199);
  t.ok(await isThere(id));
  await pruneIn(201);
  t.notOk(await isThere(id));
  t.ok(await isThere(open), 'however old');
  t.same(await rowsOf(id), { entries: 0, deliveries: 0, sent: 0 });

  const [proof] = await proofs('incident');
  t.match(proof, { action: 'alerts.prune', callerType: 'system', jurisdiction: '000000' });
  const after = proof!.after as Record<string, unknown>;
  t.match(after, { class: 'incident', alerts: 1, entries: 2, list: [id] });
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const bodies = log.entries.filter(({ alertId }) => alertId === id).map(({ body }) => `${JSON.stringify(body)}\n`);
  const line = [
    id,
    row.rule,
    HERE,
    row.first_at_ms,
    row.closed_at_ms,
    'confirmed',
    row.version,
    sha256(bodies.join('')),
  ];
  t.equal(after.sha256, sha256(`${JSON.stringify(line)}\n`), 'who kept the log can show what was there');
  const before = (await proofs('incident')).length;
  await pruneIn(201);
  t.equal((await proofs('incident')).length, before, 'nothing is proved twice');
});

t.test('it stays while its incident is open, and while something was said of it of late', async (t) => {
  const [first, second] = [await opened('m-1'), await opened('m-2')];
  const payload = { title: 'a row of fires', alerts: [first, second] };
  const incident = await ask('POST', '/incidents', { payload });
  for (const id of [first, second]) {
    await ask('POST', `/alerts/${id}/close`, { payload: { verdict: 'confirmed' } });
    await until('nothing of it waits', async () => (await waitingOf(id)) === 0);
  }
  await pruneIn(201);
  t.ok((await isThere(first)) && (await isThere(second)));
  await tables().updateTable('incident').set({ state: 'closed', closed_at_ms: clock.nowMs() }).execute();
  const table = desk.database.tables<AlertTables>();
  const { seq } = await desk.queries.head();
  const late = { seq: seq + 1, id: crypto.randomUUID(), alert_id: first, type: 'alert.comment', actor: 'li' };
  const place = { jurisdiction: HERE, severity: 'moderate', body: '{}', at_ms: clock.nowMs() + 150 * DAY_MS };
  await table
    .insertInto('alert_event')
    .values({ ...late, ...place })
    .execute();
  await table
    .updateTable('alert_log_head')
    .set({ seq: seq + 1 })
    .execute();
  await pruneIn(201);
  t.ok(await isThere(first), 'somebody wrote about it fifty days before');
  t.notOk(await isThere(second));
  const left = () => tables().selectFrom('incident').select('id').execute();
  t.match(await left(), [{ id: (incident.body as { id: string }).id }], 'the incident stays with it');
  await pruneIn(351);
  t.notOk(await isThere(first));
  t.same(await left(), []);
});

t.test('a reader that stands before what went is told so, and no other entry can be taken away', async (t) => {
  const page = (after = '') => ask('GET', `/alerts/events?limit=1${after && `&after=${encodeURIComponent(after)}`}`);
  const kept = await opened('kept');
  const cursorOf = ({ body }: { body: unknown }) => (body as { cursor: string }).cursor;
  const early = cursorOf(await page());
  const id = await closed('forgotten');
  const late = cursorOf(await ask('GET', '/alerts/events?limit=500'));
  t.equal((await page(early)).status, 200);
  await pruneIn(201);
  t.notOk(await isThere(id));
  const refused = await page(early);
  t.match(refused, { status: 410, body: { code: 'cursor.expired', detail: /not kept any more: read GET/ } });
  t.equal((await page(late)).status, 200, 'who had read on goes on');
  const first = await page();
  t.match(await page(cursorOf(first)), { status: 200, body: { items: [{}] } }, 'and so does who begins anew');
  const { items } = (await ask('GET', '/alerts/events?limit=500')).body as { items: { alert: { id: string } }[] };
  t.ok(items.length > 0 && items.every(({ alert }) => alert.id !== id));
  const again = new AlertFeed({ ...desk, observer: quietObserver() });
  await again.start();
  t.equal(again.floor, desk.feed.floor, 'the next start knows it');
  await again.stop();
  const deletion = desk.database.tables<AlertTables>().deleteFrom('alert_event').where('alert_id', '=', kept);
  await t.rejects(deletion.execute(), { cause: /append-only/ });
});

t.test('pictures go behind their alerts, also when their disk was away', async (t) => {
  const id = await closed('pictured');
  const picture = { id: 'p-1', type: 'picture', camera: 'cam-1', takenAtMs: 0 };
  const evidence = JSON.stringify([picture, { ...picture, id: 'c-1', type: 'clip' }]);
  await tables().updateTable('alert').set({ evidence }).where('id', '=', id).execute();
  files.isAway = true;
  await t.resolves(pruneIn(201));
  t.notOk(await isThere(id));
  const key = `${id}/p-1.jpg`;
  t.same(await tables().selectFrom('alert_gone_picture').selectAll().execute(), [{ key }], 'it is remembered');
  files.isAway = false;
  await pruneIn(201);
  t.same(files.gone, [key]);
  t.same(await tables().selectFrom('alert_gone_picture').selectAll().execute(), []);
});

t.test('many go in pieces, and what was done with many, and silences, go in their time', async (t) => {
  const nowMs = clock.nowMs();
  const of = { id: sql<string>`gen_random_uuid()`, jurisdiction: HERE, police: null, created_at_ms: nowMs };
  const bulk = { ...of, caller: '{}', filter: '{}', deed: '{}', alerts: 0, last_id: null };
  await tables()
    .insertInto('alert_bulk')
    .values([
      { ...bulk, state: 'done', ended_at_ms: nowMs },
      { ...bulk, state: 'going', ended_at_ms: null },
    ])
    .execute();
  const matchers = { rule: null, kind: null, device: null, reason: 'works', created_by: 'li' };
  const times = { starts_at_ms: nowMs - 1, ends_at_ms: nowMs, began_at_ms: nowMs, ended_at_ms: nowMs, ended_by: 'li' };
  await tables()
    .insertInto('silence')
    .values({ ...of, ...matchers, ...times, state: 'ended' })
    .execute();
  const template = await closed('many');
  await sql`insert into alert select (jsonb_populate_record(alert, jsonb_build_object('id', gen_random_uuid()))).*
    from alert, generate_series(1, 450) where id = ${template}`.execute(tables());
  const count = async (table: 'alert_bulk' | 'silence') =>
    (await tables().selectFrom(table).selectAll().execute()).length;
  await pruneIn(31);
  t.same([await count('alert_bulk'), await count('silence')], [1, 1], 'what is still going on stays');
  const before = (await proofs('incident')).length;
  await pruneIn(201);
  const sizes = (await proofs('incident')).slice(0, -before).map(({ after }) => (after as { alerts: number }).alerts);
  t.same(sizes.toSorted(), [200, 200, 51]);
  t.equal(await count('silence'), 0);
});

t.test('it stays while a receiver has not been told of it, unless that one was removed', async (t) => {
  const id = await closed('untold');
  const table = desk.database.tables<AlertTables>();
  await table.updateTable('delivery').set({ state: 'waiting' }).where('alert_id', '=', id).execute();
  await pruneIn(201);
  t.ok(await isThere(id));
  await table.updateTable('subscription').set({ state: 'removed' }).execute();
  await pruneIn(201);
  t.notOk(await isThere(id));
});
