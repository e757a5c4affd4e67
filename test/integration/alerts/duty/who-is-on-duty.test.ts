import t, { type Test } from 'tap';
import { SILENT_MS } from '../../../../src/alerts/duty/roster.ts';
import type { ShiftInput } from '../../../../src/alerts/duty/shifts.ts';
import { Ladder } from '../../../../src/alerts/ladder/ladder.ts';
import { HOUR_MS, MINUTE_MS, systemClock } from '../../../../src/core/clock.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { ADMIN } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { rosterOn } from '../../../support/alerts/duty/duty.ts';
import { usualStages } from '../../../support/alerts/usual-stages.ts';
import { HERE } from '../../../support/api/api.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { ShiftedClock } from '../../../support/time/shifted-clock.ts';
import { until } from '../../../support/time/until.ts';

/** Its date, and the time that nobody sets, go on together. */
class PassingClock extends ShiftedClock {
  #aheadMs = 0;

  override readonly monotonicMs = (): number => systemClock.monotonicMs() + this.#aheadMs;

  override pass(ms: number): void {
    this.#aheadMs += ms;
    super.pass(ms);
  }
}

const clock = new PassingClock();
const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const roster = rosterOn(database, clock);
const ladder = Ladder.parse('extreme: {}\nsevere: {}\nmoderate: { city: 60 }\nminor: {}', 'ladder.yaml');
const stages = usualStages({ ladder, manned: roster });
const { desk, alerts, raise } = await startAlertsApi(t, { database: url, clock, stages, roster });
const { shifts, handOvers } = alerts;
// Whom alerts are assigned to must be a person who may log in.
await sql`insert into person (id, username, name, role, jurisdiction, password_hash, created_by, created_at_ms)
  select gen_random_uuid(), name, name, 'operator', ${HERE}, 'x', 'test', 0
  from unnest(array['wang', 'sun']) as name`.execute(database.tables());

const PEOPLE: Caller = { ...ADMIN, type: 'person', role: 'operator', jurisdiction: HERE };
const [LI, WANG] = ['li', 'wang'].map((name) => ({ ...PEOPLE, id: `id-${name}`, name })) as [Caller, Caller];
/** A community of the district: a station's area. */
const STATION = `${HERE}001001`;

const shiftOf = (people: readonly string[], fromMs: number, toMs: number, jurisdiction = HERE): ShiftInput => ({
  jurisdiction,
  police: null,
  people,
  startsAtMs: clock.nowMs() + fromMs,
  endsAtMs: clock.nowMs() + toMs,
});

async function opened(device: string, jurisdiction = STATION): Promise<string> {
  await raise(device, { severity: 'minor', jurisdiction });
  return await until(`the alert of ${device}`, async () => {
    const { items } = await desk.queries.list(ADMIN, { limit: 1, device });
    return items[0]?.id;
  });
}
const levelOf = async (id: string) => (await desk.queries.get(ADMIN, id)).level;

async function cleared(t: Test): Promise<void> {
  for (const { id, version } of await shifts.list(ADMIN, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 100 })) {
    await shifts.remove(ADMIN, id, version);
  }
  t.strictSame(roster.now(ADMIN), []);
}

t.test('a roster is kept by whose area it is, and its mistakes are named', async (t) => {
  const made = await shifts.create(LI, shiftOf(['li', 'wang'], 0, HOUR_MS));
  t.match(made, { level: 'county', people: ['li', 'wang'], version: 1 });
  t.match(await listAudit(database, ADMIN, { subject: `shift/${made.id}`, limit: 5 }), [{ action: 'duty.shift' }]);
  const wrong: [ShiftInput, RegExp][] = [
    [shiftOf(['nobody'], 2 * HOUR_MS, 3 * HOUR_MS), /people.0.*is no user name/],
    [shiftOf(['li', 'li'], 2 * HOUR_MS, 3 * HOUR_MS), /people.1.*is named twice/],
    [shiftOf(['li'], -2 * HOUR_MS, -HOUR_MS), /endsAt.*in the future/],
    [shiftOf(['li'], 3 * HOUR_MS, 2 * HOUR_MS), /endsAt.*behind its beginning/],
    [shiftOf(['li'], 0, 49 * HOUR_MS), /endsAt.*48 hours/],
    [shiftOf(['li'], 63 * 24 * HOUR_MS, 63 * 24 * HOUR_MS + 1), /startsAt.*62 days/],
    [shiftOf(['li'], 0, HOUR_MS, '310000'), /jurisdiction.*outside your area/],
    [shiftOf(['wang'], MINUTE_MS, 2 * HOUR_MS), /li leads this desk/],
  ];
  for (const [input, says] of wrong) t.match(await describe(() => shifts.create(LI, input)), says);
  const foreign = { ...LI, jurisdiction: '310000' };
  await t.rejects(shifts.create(foreign, shiftOf(['wang'], HOUR_MS, 2 * HOUR_MS)), { code: 'request.invalid' });
  await shifts.create(LI, shiftOf(['wang'], HOUR_MS, 2 * HOUR_MS));
  t.equal((await shifts.list(LI, { fromMs: clock.nowMs(), toMs: clock.nowMs() + HOUR_MS / 2, limit: 10 })).length, 1);
  t.strictSame(await shifts.list(foreign, { fromMs: 0, toMs: 1e15, limit: 10 }), []);
  await t.rejects(shifts.remove(LI, made.id, 7), { code: 'precondition.stale' });
  await cleared(t);
});

t.test('a desk with nobody there is passed over, and one that is left lets its alerts go further up', async (t) => {
  await shifts.create(LI, shiftOf(['li'], 0, HOUR_MS, STATION));
  roster.seen(LI);
  const first = await opened('kiosk-first');
  t.equal(await levelOf(first), 'station', 'somebody is there');
  t.match(roster.now(ADMIN), [{ state: 'manned', level: 'station', people: ['li'], lastSignAt: /Z$/ }]);
  const before = await opened('kiosk-before');

  clock.pass(SILENT_MS + MINUTE_MS);
  t.match(roster.now(ADMIN), [{ state: 'silent' }]);
  const silent = await opened('kiosk-silent');
  t.equal(await levelOf(silent), 'county', 'nobody gave a sign');
  await roster.look();
  await until(
    'what waited there climbs',
    async () => (await levelOf(first)) === 'county' && (await levelOf(before)) === 'county',
  );
  const events = async () => (await desk.queries.events(ADMIN, 0, 500)).entries.filter((one) => one.alertId === first);
  const count = (await events()).length;
  await roster.look();
  t.equal((await events()).length, count, 'once');

  roster.seen(LI);
  t.match(roster.now(ADMIN), [{ state: 'manned' }]);
  const back = await opened('kiosk-back');
  t.equal(await levelOf(back), 'station');
  const elsewhere = await opened('kiosk-elsewhere', HERE);
  t.equal(await levelOf(elsewhere), 'station', 'a place that has no roster is nobody’s business');

  clock.pass(HOUR_MS);
  t.match(roster.now(ADMIN), [{ state: 'empty', shift: null }]);
  await roster.look();
  await until('the shift is over', async () => (await levelOf(back)) === 'county');
  await cleared(t);
});

t.test('one lead hands over, the other signs, and what is left stays where it was', async (t) => {
  const from = await shifts.create(LI, shiftOf(['li', 'zhao'], 0, HOUR_MS));
  const to = await shifts.create(LI, shiftOf(['wang'], HOUR_MS, 2 * HOUR_MS));
  const [held, kept, free] = [await opened('held', HERE), await opened('kept', HERE), await opened('free', HERE)];
  const gone = await opened('gone', HERE);
  await desk.actions.do(LI, gone, { does: 'ack' });
  for (const id of [held, kept]) await desk.actions.do(LI, id, { does: 'ack' });
  const covert = await opened('covert', HERE);
  await sql`update alert set seen_by = array['id-li'] where id = ${covert}::uuid`.execute(database.tables());

  const note = 'two are being looked at';
  await t.rejects(
    handOvers.give(WANG, from.id, { to: to.id, note }),
    { code: 'auth.forbidden' },
    'only the lead signs',
  );
  await t.rejects(handOvers.give(LI, from.id, { to: from.id, note }), { code: 'request.invalid' });
  await t.rejects(handOvers.give({ ...LI, jurisdiction: '310000' }, from.id, { to: to.id, note }), {
    code: 'not-found',
  });
  await handOvers.give(LI, from.id, { to: to.id, note: 'a first try' });
  const given = await handOvers.give(LI, from.id, { to: to.id, note });
  t.equal((await handOvers.list(ADMIN)).length, 1, 'the one before is replaced');
  t.notOk(
    given.items.some(({ alert }) => alert === covert),
    'what only some may know of is in no list of all',
  );
  const itemOf = (id: string) => given.items.find(({ alert }) => alert === id);
  t.match([itemOf(held), itemOf(kept), itemOf(free)], [{ held: true }, { held: true }, { held: false }]);

  t.match(itemOf(held)?.now, { severity: 'minor', handling: 'acked', assignedTo: null, firstAt: /Z$/ });
  t.ok(given.items.every(({ now }) => now !== null && now.title.zh !== ''));
  const beyond = await handOvers
    .get({ ...LI, id: 'id-li', jurisdiction: HERE, police: '330212510000' }, given.id)
    .catch((error: { code: string }) => error.code);
  t.equal(beyond, 'not-found', 'of a desk that is not theirs');

  await t.rejects(handOvers.take(LI, given.id, []), { code: 'auth.forbidden' });
  await t.rejects(handOvers.take(WANG, given.id, ['x']), { code: 'request.invalid' });
  // Between the two signatures somebody else sees to it.
  await desk.actions.assign(ADMIN, gone, 'sun');
  const taken = await handOvers.take(WANG, given.id, [kept]);
  t.match(await desk.queries.get(ADMIN, gone), { assignedTo: 'sun' }, 'is taken from nobody');
  t.match(taken, { takenBy: 'wang', left: [kept] });
  t.match(await desk.queries.get(ADMIN, held), { assignedTo: 'wang' });
  t.match(await desk.queries.get(ADMIN, kept), { assignedTo: null, ackedBy: 'li' });
  t.match(await desk.queries.get(ADMIN, free), { assignedTo: null });
  await t.rejects(handOvers.take(WANG, given.id, []), { code: 'conflict.state' });
  const audit = await listAudit(database, ADMIN, { subject: `hand-over/${given.id}`, limit: 5 });
  t.strictSame(audit.map(({ action, callerName }) => [action, callerName]).toReversed(), [
    ['duty.hand-over', 'li'],
    ['duty.take-over', 'wang'],
  ]);
  const later = await handOvers.get(ADMIN, given.id);
  t.match(later, { note, givenBy: 'li', takenBy: 'wang' });
  t.match(later.items.find(({ alert }) => alert === held)?.now, { handling: 'assigned', assignedTo: 'wang' });
  await sql`update alert set seen_by = array['id-li'] where id = ${free}::uuid`.execute(database.tables());
  const hidden = (await handOvers.get(ADMIN, given.id)).items.find(({ alert }) => alert === free);
  t.equal(hidden?.now, null, 'what only some may know of by now is told to nobody else');
});

/** Code, field and words of an error. */
async function describe(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
    return 'nothing was refused';
  } catch (error) {
    return `${String(error)} ${JSON.stringify(error)} ${JSON.stringify((error as { issues?: unknown }).issues)}`;
  }
}
