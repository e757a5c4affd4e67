import { randomUUID } from 'node:crypto';
import t from 'tap';
import { AlertDesk } from '../../../../src/alerts/desk/desk.ts';
import { AlertFollower } from '../../../../src/alerts/desk/follower.ts';
import { AlertActions } from '../../../../src/alerts/desk/life/actions.ts';
import { saveAlerts } from '../../../../src/alerts/desk/log/write.ts';
import { OpenAlerts } from '../../../../src/alerts/desk/open-alerts.ts';
import { AlertQueries } from '../../../../src/alerts/desk/queries.ts';
import { DELIVERY_QUEUE } from '../../../../src/alerts/desk/queues.ts';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { systemClock as clock } from '../../../../src/core/clock.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { boundsInput } from '../../../../src/devices/police/input.ts';
import { settleFollowers } from '../../../../src/devices/registry/followers.ts';
import { placesOf } from '../../../../src/devices/registry/places.ts';
import { DeadLetterFollower } from '../../../../src/ingest/ledger/dead-letter-follower.ts';
import type { IngestTables } from '../../../../src/ingest/ledger/tables.ts';
import { alertLog, NAMELESS, NO_RULE_GONE } from '../../../support/alerts/alert-desk.ts';
import { storeFires } from '../../../support/alerts/findings.ts';
import { callerIn, kiosk, openDatabase, openRegistry } from '../../../support/devices/registry.ts';
import { quietObserver } from '../../../support/services/services.ts';

const CITY = callerIn('330200');
const YINZHOU = callerIn('330212');
const HAISHU = callerIn('330203');

const database = await openDatabase(t);
const observer = quietObserver();
const places = { placesOf: (ids: string[]) => placesOf(database, ids), ...NAMELESS };
const titleOf = (rule: string) => ({ en: rule, zh: rule });
const rest = {
  database,
  clock,
  log: alertLog(),
  gone: NO_RULE_GONE,
  titleOf,
  committed: () => {},
};
const desk = new AlertDesk({ ...rest, places });
const rung: string[] = [];
const ring = (queue: string) => void rung.push(queue);
const followers = [new DeadLetterFollower(database), new AlertFollower({ clock, log: alertLog(), desk, ring })];
const parts = await openRegistry(t, { database, followers });
const { registry } = parts;
const queries = new AlertQueries(database);
const deeds = { log: alertLog(), committed: () => {}, personWhoSees: async () => null };
const actions = new AlertActions({ database, clock, ...deeds });
const db = database.tables<AlertTables>();
let count = 0;

/** A fire, or its end, that a desk has handled. */
async function burns(device: string, how: { kind?: 'fired' | 'cleared'; by?: AlertDesk } = {}): Promise<void> {
  const { kind = 'fired', by = desk } = how;
  count += 1;
  for (const key of await storeFires(database, [device, { count, jurisdiction: '330212', kind }])) await by.handle(key);
}

/** An agency that is there as far as we look. */
const NO_DAYS = { validFrom: null, replaces: [] };

const register = (id: string) => registry.create(CITY, kiosk({ id }));
const alertsOf = async (caller: Caller, device: string) => (await queries.list(caller, { limit: 10, device })).items;

async function told(caller: Caller, device: string): Promise<string[]> {
  const { entries } = await queries.events(caller, 0, 500);
  return entries.flatMap(({ type, body }) => {
    const alert = body.alert as { device: string; jurisdiction: string };
    return alert.device === device ? [`${type} ${alert.jurisdiction}`] : [];
  });
}

t.test('an alert keeps the police station that its device belonged to when it was opened', async (t) => {
  const { police } = parts;
  const agencies: [code: string, level: 'city' | 'county' | 'station', parent: string | null][] = [
    ['330200000000', 'city', null],
    ['330212000000', 'county', '330200000000'],
    ['330212510000', 'station', '330212000000'],
  ];
  for (const [code, level, parent] of agencies) {
    const bounds =
      level === 'station' ? boundsInput.parse({ bounds: '121.5,29.8;121.6,29.8;121.6,29.9' }).bounds : null;
    await police.add(CITY, { code, name: code, level, parent, jurisdiction: '330200', bounds, ...NO_DAYS });
  }
  const corner = { lat: 29.81, lon: 121.58 };
  await registry.create(CITY, kiosk({ id: 'k-police', location: corner, confirm: true }));
  await burns('k-police');
  await registry.update(CITY, 'k-police', 1, { location: { ...corner, lat: 29.7 }, confirm: true });
  t.equal((await registry.get(CITY, 'k-police')).police, null, 'it left the station');
  await burns('k-police');
  const of = async (caller: Caller, station: string) => {
    const { items } = await queries.list(caller, { limit: 10, police: parts.agencies.below(station) });
    return items.map(({ device }) => device);
  };
  const [news, alert] = await alertsOf(YINZHOU, 'k-police');
  t.match(alert, { police: '330212510000', occurrences: 1 });
  t.match(news, { police: null, occurrences: 1, previousId: alert!.id }, 'what happens where it is now is another one');
  t.same(await of(YINZHOU, '330212510000'), ['k-police']);
  t.same(await of(HAISHU, '330212510000'), [], 'a station opens no border');
  t.same(await of(YINZHOU, '330212000000'), ['k-police'], 'and what stands above has it too');
  t.same(await of(YINZHOU, '999999999999'), []);
});

t.test('the alert of a device that is retired ends as stale, which is not cleared, and says why', async (t) => {
  await register('k-gone');
  await burns('k-gone');
  await registry.retire(CITY, 'k-gone', 1);
  t.match(await alertsOf(YINZHOU, 'k-gone'), [
    { condition: 'stale', conditionReason: 'device-retired', handling: 'new' },
  ]);
  t.same(await told(YINZHOU, 'k-gone'), ['alert.opened 330212', 'alert.stale 330212']);
});

t.test('what is judged after its device was retired is told, and ends at once', async (t) => {
  await register('k-late');
  await registry.retire(CITY, 'k-late', 1);
  await burns('k-late');
  t.same(await told(YINZHOU, 'k-late'), ['alert.opened 330212', 'alert.stale 330212']);
  t.match(await alertsOf(YINZHOU, 'k-late'), [{ condition: 'stale', conditionReason: 'device-retired' }]);
  await burns('k-late', { kind: 'cleared' });
  t.match(await alertsOf(YINZHOU, 'k-late'), [{ condition: 'cleared', conditionReason: null }], 'its own last word');
});

t.test('a device that moves takes its dead letters along, and leaves its alert where it was opened', async (t) => {
  await register('k-moves');
  await burns('k-moves');
  const letter = {
    lane: 'live',
    journal_offset: 7,
    record_index: -1,
    reason: 'not-json',
    path: '',
    value: '',
    device: 'k-moves',
    kind: 'recycling-kiosk',
    kind_version: 1,
    firmware: null,
    incarnation: '',
    jurisdiction: '330212',
    channel: 'telemetry',
    topic: 'x',
    received_at_ms: 1,
    replayed_at_ms: null,
  };
  await database.tables<IngestTables>().insertInto('dead_letter').values(letter).execute();
  await registry.update(CITY, 'k-moves', 1, { jurisdiction: '330203' });
  const [alert] = await alertsOf(YINZHOU, 'k-moves');
  t.match(alert, { jurisdiction: '330212', condition: 'active', version: 1 });
  t.same(await alertsOf(HAISHU, 'k-moves'), [], 'whose the device is now is no reader of what was');
  for (const caller of [YINZHOU, CITY]) t.same(await told(caller, 'k-moves'), ['alert.opened 330212']);
  t.same(await told(HAISHU, 'k-moves'), []);
  t.equal((await queries.counts(HAISHU, { device: 'k-moves' })).all, 0);
  t.equal((await queries.counts(YINZHOU, { device: 'k-moves' })).all, 1);
  const open = new OpenAlerts(database);
  t.ok((await open.ofDevices(YINZHOU, {})).has('k-moves'));
  t.notOk((await open.ofDevices(HAISHU, {})).has('k-moves'));
  const moved = await database.tables<IngestTables>().selectFrom('dead_letter').select('jurisdiction').execute();
  t.same(moved, [{ jurisdiction: '330203' }]);
  await t.rejects(actions.ack(HAISHU, alert!.id), { code: 'not-found' });
  t.match(await actions.ack(YINZHOU, alert!.id), { handling: 'acked', version: 2 });
});

t.test('what a device tells where it is now is an alert there; its end ends both', async (t) => {
  await register('k-both');
  await burns('k-both');
  await registry.update(CITY, 'k-both', 1, { jurisdiction: '330203' });
  await burns('k-both');
  await burns('k-both');
  const [before] = await alertsOf(YINZHOU, 'k-both');
  const [now] = await alertsOf(HAISHU, 'k-both');
  t.match(before, { occurrences: 1, version: 1 }, 'the old district learns nothing of the new place');
  t.match(now, { jurisdiction: '330203', occurrences: 2, previousId: before!.id });
  t.equal(now!.dedupKey, before!.dedupKey);
  await burns('k-both', { kind: 'cleared' });
  t.match(await alertsOf(YINZHOU, 'k-both'), [{ condition: 'cleared' }]);
  t.match(await alertsOf(HAISHU, 'k-both'), [{ condition: 'cleared' }]);
  t.same(await told(YINZHOU, 'k-both'), ['alert.opened 330212', 'alert.cleared 330212']);
  await burns('k-both');
  t.match(await alertsOf(HAISHU, 'k-both'), [{ condition: 'active', occurrences: 3 }]);
  t.match(await alertsOf(YINZHOU, 'k-both'), [{ condition: 'cleared' }]);
  await actions.close(YINZHOU, before!.id, { verdict: 'confirmed' });
  t.match(
    await actions.do(YINZHOU, before!.id, { does: 'reopen', text: 'not done' }),
    { handling: 'acked' },
    'that another district has one open stands in nobody’s way',
  );
  await registry.retire(CITY, 'k-both', 2);
  t.match(await alertsOf(HAISHU, 'k-both'), [{ condition: 'stale' }]);
});

t.test(
  'an end alone closes what is left behind and opens nothing; one alert of a key is open in an area',
  async (t) => {
    await register('k-end');
    await burns('k-end');
    await registry.update(CITY, 'k-end', 1, { jurisdiction: '330203' });
    await burns('k-end', { kind: 'cleared' });
    t.match(await alertsOf(YINZHOU, 'k-end'), [{ condition: 'cleared' }]);
    t.same(await alertsOf(HAISHU, 'k-end'), []);
    const found = await db.selectFrom('finding').select('alert_id').where('subject', '=', 'k-end').execute();
    const [alert] = await alertsOf(YINZHOU, 'k-end');
    t.same(new Set(found.map(({ alert_id: id }) => id)), new Set([alert!.id]));
    const row = await db.selectFrom('alert').selectAll().where('id', '=', alert!.id).executeTakeFirstOrThrow();
    const twin = { ...row, id: randomUUID() };
    await t.rejects(saveAlerts(database, [twin]), { message: /exists already/ });
    await saveAlerts(database, [{ ...twin, jurisdiction: '330205' }]);
    await db.deleteFrom('alert').where('id', '=', twin.id).execute();
  },
);

t.test('a message that was received before the move raises its alert where the device is now', async (t) => {
  await register('k-behind');
  await registry.update(CITY, 'k-behind', 1, { jurisdiction: '330203' });
  await burns('k-behind');
  t.same(await alertsOf(YINZHOU, 'k-behind'), []);
  t.match(await alertsOf(HAISHU, 'k-behind'), [{ jurisdiction: '330203' }]);
});

t.test('an edit that fails moves nothing', async (t) => {
  await register('k-stays');
  await burns('k-stays');
  await t.rejects(registry.update(CITY, 'k-stays', 9, { jurisdiction: '330203' }), { code: 'precondition.stale' });
  const broken = { follow: () => Promise.reject(new Error('no')), settle: async () => {} };
  const cut = await openRegistry(t, { database, followers: [...followers, broken] });
  await t.rejects(cut.registry.update(CITY, 'k-stays', 1, { jurisdiction: '330203' }));
  t.match(await alertsOf(YINZHOU, 'k-stays'), [{ condition: 'active' }]);
  t.same(await told(CITY, 'k-stays'), ['alert.opened 330212']);
});

t.test('what was raised while an edit was under way follows after it, also when another follower fails', async (t) => {
  const unfollowed = await openRegistry(t, { database });
  const { directory } = unfollowed;
  await unfollowed.registry.create(CITY, kiosk({ id: 'k-meanwhile' }));
  const previous = directory.get('k-meanwhile')!;
  await burns('k-meanwhile');
  await unfollowed.registry.retire(CITY, 'k-meanwhile', 1);
  const failing = { follow: async () => {}, settle: () => Promise.reject(new Error('no')) };
  const entry = { ...previous, state: 'retired' as const };
  const moved = { ...previous, identity: { ...previous.identity, jurisdiction: '330203' as const } };
  rung.length = 0;
  for (const [now, before] of [
    [entry, entry],
    [moved, previous],
  ] as const) {
    await settleFollowers([failing, ...followers], { entry: now, previous: before }, observer.log);
  }
  t.match(await alertsOf(YINZHOU, 'k-meanwhile'), [{ condition: 'active' }], 'an edit of something else');
  t.same(rung, []);
  await settleFollowers([failing, ...followers], { entry, previous }, observer.log);
  t.match(await alertsOf(YINZHOU, 'k-meanwhile'), [{ condition: 'stale', conditionReason: 'device-retired' }]);
  t.same(rung, [DELIVERY_QUEUE]);
});

t.test('an alert that is closed stays with those who handled it', async (t) => {
  await register('k-closed');
  await burns('k-closed');
  const [alert] = await alertsOf(YINZHOU, 'k-closed');
  await actions.close(YINZHOU, alert!.id, { verdict: 'confirmed' });
  await registry.update(CITY, 'k-closed', 1, { jurisdiction: '330203' });
  t.match(await alertsOf(YINZHOU, 'k-closed'), [{ handling: 'closed' }]);
});

t.test('what happened while nobody followed is made good at the next start', async (t) => {
  await register('k-before');
  await burns('k-before');
  const alone = await openRegistry(t, { database });
  await alone.registry.retire(CITY, 'k-before', 1);
  t.match(await alertsOf(YINZHOU, 'k-before'), [{ condition: 'active' }]);
  await desk.endOfAllRetired();
  await desk.endOfAllRetired();
  t.match(await alertsOf(YINZHOU, 'k-before'), [{ condition: 'stale' }]);
  t.equal((await told(CITY, 'k-before')).filter((one) => one.startsWith('alert.stale')).length, 1);
});

/** How a device stands in the directory of the registry. */
function inDirectory(id: string) {
  const entry = parts.directory.get(id);
  return entry ? { jurisdiction: entry.identity.jurisdiction, retired: entry.state === 'retired' } : null;
}

t.test(
  'a device that is retired between the look at it and the commit of its alert is seen by one of both',
  async (t) => {
    await register('k-race');
    let looks = 0;
    const racing = {
      placesOf: async (ids: string[]) => {
        const found = await placesOf(database, ids);
        looks += 1;
        if (looks === 1) await registry.retire(CITY, 'k-race', 1);
        return found;
      },
      ...NAMELESS,
      standsNow: inDirectory,
    };
    await burns('k-race', { by: new AlertDesk({ ...rest, places: racing }) });
    t.match(await alertsOf(YINZHOU, 'k-race'), [{ condition: 'stale', conditionReason: 'device-retired' }]);
  },
);
