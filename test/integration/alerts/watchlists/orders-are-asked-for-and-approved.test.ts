import { randomUUID } from 'node:crypto';
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { EMERGENCY_MS } from '../../../../src/alerts/watchlists/order.ts';
import type { OrderInput, WatchlistInput } from '../../../../src/alerts/watchlists/watchlists.ts';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { hashPlate } from '../../../../src/core/plates.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { ADMIN } from '../../../support/alerts/alert-desk.ts';
import { quietObserver, startPostgres, temporaryDirectory } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { openWatchlists, PLATE_KEY } from '../../../support/watchlists/watchlists.ts';

const SHIPPED = fileURLToPath(new URL('../../../../src/platform/database/migrations', import.meta.url));
const clock = new ManualClock();
const { url } = await startPostgres(t);
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
const db = database.tables();

const person = (id: string, jurisdiction = '330200'): Caller => {
  return { type: 'person', id, name: id, role: 'commander', jurisdiction, purpose: null };
};
const [li, wang, zhao] = [person('li'), person('wang'), person('zhao')];
const PLATE = '浙B7K2M8';
const before = { list: randomUUID(), ended: randomUUID(), entry: randomUUID() };

t.test('lists from before there were orders go on, and can be ended', async (t) => {
  const directory = await temporaryDirectory(t);
  await cp(SHIPPED, directory, { recursive: true });
  for (const name of await readdir(directory)) if (Number(name.slice(0, 4)) >= 335) await rm(join(directory, name));
  await migrate(database, directory);
  const untilMs = clock.nowMs() + 30 * DAY_MS;
  await sql`insert into watchlist (id, name, jurisdiction, reason, case_number, created_by, created_at_ms,
    removed_at_ms) values (${before.list}, 'old', '330200', 'r', 'C-0', 'li', 1, null),
    (${before.ended}, 'gone', '330200', 'r', 'C-0', 'li', 1, 2)`.execute(db);
  await sql`insert into watchlist_entry (id, watchlist_id, plate_hash, plate_masked, reason, valid_until_ms)
    select gen_random_uuid(), list, ${hashPlate(PLATE_KEY, '浙B·O1234')}, '浙B***34', 'r', ${untilMs}
    from unnest(${[before.list, before.ended]}::uuid[]) as list`.execute(db);
  await migrate(database);
  const { watched, lists, match, watchlists } = openWatchlists({ database, clock });
  await watched.load();
  t.match(match('浙BO1234', '330203'), [{ data: { watchlist: 'old' }, seenBy: null }], 'also hashed as it was then');
  const shown = await lists.list(li);
  t.match(shown, [{ id: before.list, state: 'active', inForce: true, entries: 1, approvedBy: null, emergency: false }]);
  t.equal((await lists.list(li, { ended: true })).length, 2);
  t.match(await lists.get(li, before.ended), { state: 'withdrawn', ended: { at: '1970-01-01T00:00:00.002Z' } });
  t.equal(shown[0]!.until, new Date(untilMs).toISOString());
  await watchlists.remove(wang, before.list, 1);
  t.same(match('浙BO1234', '330203'), []);
});

const { watchlists, lists, watched, match, entryFiles } = openWatchlists({ database, clock });

const orderOf = (over: Partial<OrderInput> = {}): WatchlistInput => {
  const who = { unit: '海曙分局', officer: '李', phone: '1234567', category: 'stolen-vehicle' as const, level: 2 };
  const untilMs = clock.nowMs() + 10 * DAY_MS;
  const order = { ...who, handling: 'intercept' as const, named: [], emergency: false, fromMs: null, untilMs, ...over };
  const entries = [{ plate: PLATE, colour: 'blue' as const, reason: 'stolen' }];
  return { name: 'stolen cars', jurisdiction: '330200', reason: 'thefts', case: 'C-1', entries, order };
};
const actions = async (id: string) => {
  const { rows } = await sql<{ action: string; caller_id: string }>`
    select action, caller_id from audit_entry where subject = ${`watchlist/${id}`} order by seq`.execute(db);
  return rows.map((row) => `${row.action} ${row.caller_id}`);
};
const isWanted = (): boolean => match(PLATE, '330203', { colour: 'blue' }).length > 0;

t.test('nothing is watched for before a second person of the area approves it', async (t) => {
  const { id } = await watchlists.create(li, orderOf());
  t.notOk(isWanted(), 'a draft');
  await watchlists.step(li, id, { type: 'request' });
  t.notOk(isWanted(), 'asked for');
  await t.rejects(watchlists.step(li, id, { type: 'approve' }), { code: 'auth.forbidden' });
  await t.rejects(
    watchlists.step(person('he', '330203'), id, { type: 'approve' }),
    { code: 'not-found' },
    'smaller area',
  );
  t.match(await watchlists.step(wang, id, { type: 'approve' }), { state: 'active', approvedBy: 'wang', inForce: true });
  t.ok(isWanted());
  const { match: elsewhere, watched: theirs } = openWatchlists({ database, clock });
  await theirs.load();
  t.equal(elsewhere(PLATE, '330203').length, 1, 'after a restart as well');
  t.same(elsewhere(PLATE, '510700'), [], 'only within its area');
  const untilMs = clock.nowMs() + 20 * DAY_MS;
  await watchlists.step(li, id, { type: 'ask-renewal', untilMs, reason: 'not found' });
  await watchlists.step(zhao, id, { type: 'approve' });
  t.match(await lists.get(li, id), { until: new Date(untilMs).toISOString(), version: 5 });
  await t.rejects(watchlists.remove(li, id, 5), { code: 'conflict.state' });
  await watchlists.step(li, id, { type: 'ask-revocation', reason: `found ${PLATE}` });
  t.ok(isWanted());
  t.match(await watchlists.step(wang, id, { type: 'approve' }), {
    state: 'revoked',
    ended: { reason: 'found 浙B***M8' },
  });
  t.notOk(isWanted());
  const steps = ['create li', 'request li', 'approve wang', 'ask-renewal li', 'renew zhao', 'ask-revocation li'];
  t.same(
    await actions(id),
    [...steps, 'revoke wang'].map((step) => `watchlist.${step}`),
  );
});

t.test('it begins and ends when it says, and what ran out is written down', async (t) => {
  const fromMs = clock.nowMs() + DAY_MS;
  const { id } = await watchlists.create(li, orderOf({ fromMs, untilMs: fromMs + DAY_MS }));
  await watchlists.step(li, id, { type: 'request' });
  t.match(await watchlists.step(wang, id, { type: 'approve' }), { state: 'approved', inForce: false });
  t.notOk(isWanted());
  await clock.advance(DAY_MS);
  t.ok(isWanted());
  t.same(match(PLATE, '330203', { passedAtMs: fromMs - 1 }), [], 'not what passed before');
  t.match(await watchlists.handleEnd(id), { again: { atMs: fromMs + DAY_MS } }, 'looked at too early');
  await clock.advance(DAY_MS);
  t.notOk(isWanted(), 'whether or not anybody has written it down');
  t.same(await watchlists.handleEnd(id), { again: null });
  t.match(await lists.get(li, id), { state: 'expired', ended: { by: null } });
  t.match(await actions(id), { length: 4, 3: 'watchlist.expire citywatch' });
  t.same(await watchlists.handleEnd(id), { again: null }, 'once');
});

t.test('an emergency counts at once, and for a day unless it is approved', async (t) => {
  const { id } = await watchlists.create(li, orderOf({ emergency: true }));
  const { id: kept } = await watchlists.create(li, orderOf({ emergency: true }));
  t.ok(isWanted());
  await t.rejects(watchlists.step(li, kept, { type: 'approve' }), { code: 'auth.forbidden' });
  await watchlists.step(wang, kept, { type: 'approve' });
  await clock.advance(EMERGENCY_MS);
  t.match(match(PLATE, '330203'), { length: 1 }, 'the one that was approved');
  await watchlists.handleEnd(id);
  t.match(await lists.get(li, id), { state: 'expired', ended: { reason: /in time/ } });
  t.match(await lists.get(li, kept), { state: 'active' });
  await watchlists.step(li, kept, { type: 'ask-revocation', reason: 'x' });
  await watchlists.step(wang, kept, { type: 'approve' });
});

t.test('a covert order is there for those it names and for nobody else', async (t) => {
  const input = orderOf({ handling: 'covert', named: ['wang'] });
  const { id } = await watchlists.create(li, { ...input, name: 'secret' });
  await watchlists.step(li, id, { type: 'request' });
  for (const other of [zhao, ADMIN]) {
    t.notMatch(JSON.stringify(await lists.list(other, { ended: true })), /secret/);
    await t.rejects(lists.get(other, id), { code: 'not-found' });
    await t.rejects(lists.entries(other, id, { limit: 10 }), { code: 'not-found' });
    await t.rejects(watchlists.step(other, id, { type: 'approve' }), { code: 'not-found' });
  }
  await watchlists.step(wang, id, { type: 'approve' });
  t.match(match(PLATE, '330203'), [{ data: { watchlist: 'secret', handling: 'covert' }, seenBy: ['li', 'wang'] }]);
  t.match((await lists.entries(wang, id, { limit: 10 })).items, [{ plate: '浙B***M8', colour: 'blue' }]);
  const { rows } = await sql<{
    after: string;
  }>`select after from audit_entry where subject = ${`watchlist/${id}`}`.execute(db);
  t.same(new Set(rows.map(({ after }) => JSON.stringify(after))).size, 1, 'the trail does not say what it is about');
  const open = await watchlists.create(zhao, orderOf({ emergency: true }));
  const hits = match(PLATE, '330203');
  t.same(
    hits.map(({ seenBy }) => seenBy),
    [null, ['li', 'wang']],
    'of both there is a hit, each for its own people',
  );
  t.equal(new Set(hits.map(({ scope }) => scope)).size, 2, 'and an alert');
  await watchlists.remove(zhao, open.id, 1);
  await watchlists.step(li, id, { type: 'ask-revocation', reason: 'x' });
  await watchlists.step(wang, id, { type: 'approve' });
});

t.test('reads are hits, candidates or of another car', async (t) => {
  const { id } = await watchlists.create(li, orderOf({ emergency: true }));
  t.match(match('浙Ｂ·７k2m8', '330203', { colour: 'blue' }), [{ seenBy: null }]);
  t.same(match(PLATE, '330203', { colour: 'white' }), [], 'another colour, another car');
  t.match(match(PLATE, '330203', { colour: 'unknown' }), { length: 1 });
  const doubts: [string, object, string][] = [
    ['浙B7?2M8', {}, 'unread-characters'],
    ['?B7K2M*', {}, 'unread-characters'],
    [PLATE, { confidence: 0.5 }, 'low-confidence'],
  ];
  for (const [plate, seen, doubt] of doubts) {
    const hits = match(plate, '330203', seen);
    t.match(
      hits,
      [{ data: { candidate: true, doubt }, seenBy: ['desk:confirming'] }],
      `${plate} ${JSON.stringify(seen)}`,
    );
  }
  const [one] = match(PLATE, '330203', { confidence: 0.5, at: 'live-1-0-0' });
  const [other] = match(PLATE, '330203', { confidence: 0.5, at: 'live-2-0-0' });
  t.not(one!.scope, other!.scope, 'each uncertain read is an alert of its own');
  t.match(match(PLATE, '330203', { passedAtMs: clock.nowMs() - 600_000 }), [{ data: { historical: true } }]);
  t.notOk('historical' in match(PLATE, '330203')[0]!.data);
  await watchlists.remove(li, id, 1);
});

t.test('of a file that turns wrong in the middle nothing is taken, and its line is named', async (t) => {
  const { id } = await watchlists.create(li, { ...orderOf(), entries: [] });
  const rows = Array.from({ length: 2_500 }, (_, n) => `浙C${String(10_000 + n)},theft`).join('\n');
  const sent = async (end: string | Buffer) => {
    async function* bytes() {
      yield Buffer.from(`plate,reason\n${rows}\n`);
      yield Buffer.from(end);
    }
    return await entryFiles.add(li, id, bytes());
  };
  const line = /line 2502/;
  await t.rejects(sent('"浙C99999,theft\n'), { code: 'request.invalid', issues: [{ path: 'file', message: line }] });
  await t.rejects(sent('x'.repeat(5_000)), { code: 'request.invalid', issues: [{ path: 'file', message: line }] });
  await t.rejects(sent(Buffer.from([0xff, 0xff])), { code: 'request.invalid' });
  t.equal((await lists.get(li, id)).entries, 0, 'as before');
});

t.test('of a file with more plates than its list may have nothing is taken, and the limit is named', async (t) => {
  const MAX = 2_000;
  const small = openWatchlists({ database, clock, entriesMax: MAX });
  const { id } = await watchlists.create(li, { ...orderOf(), entries: [] });
  const sent = async (from: number, count: number) => {
    async function* bytes() {
      yield Buffer.from('plate,reason\n');
      for (let n = from; n < from + count; n += 1) yield Buffer.from(`浙D${10_000 + n},theft\n`);
    }
    return await small.entryFiles.add(li, id, bytes());
  };
  t.match(await sent(0, 500), { added: 500, entries: 500 });
  await t.rejects(sent(0, 2_501), {
    code: 'conflict.state',
    message: /at most 2000 plates, and this one has room for 1500 more: nothing of the file was taken/,
  });
  t.equal((await lists.get(li, id)).entries, 500, 'as before');
  t.equal((await lists.entries(li, id, { limit: 1_000 })).items.length, 500);
  t.match(await sent(0, MAX), { added: 1_500, known: 500, entries: MAX }, 'as many as there is room for');
  t.match(await sent(0, MAX), { added: 0, known: MAX, entries: MAX }, 'a full list takes what it has, again');
  await t.rejects(sent(MAX, 1), { code: 'conflict.state' });
});

t.test('a file of plates goes into a draft, in pieces, and again without harm', async (t) => {
  const { id } = await watchlists.create(li, { ...orderOf(), entries: [] });
  const rows = Array.from({ length: 2_500 }, (_, n) => `浙A${String(n).padStart(5, '0')},theft,blue`);
  const file = ['plate,reason,colour', ...rows, '浙A?1234,theft,', '浙A00000,theft,blue'].join('\n');
  async function* bytes() {
    for (let at = 0; at < file.length; at += 9_000) yield Buffer.from(file.slice(at, at + 9_000));
  }
  const taken = await entryFiles.add(li, id, bytes());
  t.match(taken, { lines: 2_502, added: 2_500, known: 1, refused: 1, entries: 2_500 });
  t.match(taken.faults, [{ line: 2_502, message: /^plate: must be a whole plate/ }]);
  t.match(await entryFiles.add(li, id, bytes()), { added: 0, known: 2_501, entries: 2_500 });
  await t.rejects(entryFiles.add(person('he', '330203'), id, bytes()), { code: 'not-found' });
  await watchlists.step(li, id, { type: 'request' });
  await t.rejects(entryFiles.add(li, id, bytes()), { code: 'conflict.state' });
  await watchlists.step(wang, id, { type: 'approve' });
  t.equal(match('浙A02499', '330203').length, 1);
  const seen = new Set<string>();
  for (let after: string | undefined; ; ) {
    const page = await lists.entries(li, id, { limit: 1_000, ...(after ? { after } : {}) });
    for (const entry of page.items) seen.add(entry.id);
    if (page.next === null) break;
    after = page.next;
  }
  t.equal(seen.size, 2_500);
  await watched.load();
  t.equal(match('浙A00000', '330203').length, 1, 'after every look at the database');
});

t.test('what cannot be an order is refused by name', async (t) => {
  const wrong: [Partial<OrderInput>, string][] = [
    [{ untilMs: clock.nowMs() }, 'order.until'],
    [{ untilMs: clock.nowMs() + 400 * DAY_MS }, 'order.until'],
    [{ fromMs: clock.nowMs() + 11 * DAY_MS }, 'order.from'],
    [{ named: ['wang'] }, 'order.named'],
  ];
  for (const [over, path] of wrong) {
    await t.rejects(watchlists.create(li, orderOf(over)), { code: 'request.invalid', issues: [{ path }] }, path);
  }
  const foreign = { ...orderOf(), jurisdiction: '510700' };
  await t.rejects(watchlists.create(li, foreign), { code: 'request.invalid' });
});
