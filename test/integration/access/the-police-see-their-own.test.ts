import { randomUUID } from 'node:crypto';
import t from 'tap';
import { Passwords } from '../../../src/access/passwords.ts';
import { People, personWho } from '../../../src/access/people.ts';
import type { Right } from '../../../src/access/rights.ts';
import { Colleagues } from '../../../src/access/tree/colleagues.ts';
import { AlertFeed } from '../../../src/alerts/desk/feed.ts';
import { OpenAlerts } from '../../../src/alerts/desk/open-alerts.ts';
import { AlertQueries } from '../../../src/alerts/desk/queries.ts';
import { fanOut } from '../../../src/alerts/route/stages/fan-out.ts';
import { limitOf } from '../../../src/alerts/route/subscription-shares.ts';
import { HOUR_MS, toRfc3339 } from '../../../src/core/clock.ts';
import { type Area, covers, isStillThere, namesOfScope, type Place } from '../../../src/core/jurisdiction.ts';
import type { Caller, Role } from '../../../src/core/types.ts';
import { DeviceExport } from '../../../src/devices/import-export/writing/device-export.ts';
import { agencyInput } from '../../../src/devices/police/input.ts';
import { PoliceOfDevice } from '../../../src/devices/police/police-of-device.ts';
import { storeAlert } from '../../support/alerts/alert-rows.ts';
import { NO_DEPARTMENTS } from '../../support/alerts/usual-stages.ts';
import { bearer, startApi } from '../../support/api/api.ts';
import { callerIn, kiosk, openRegistry } from '../../support/devices/registry.ts';
import { quietObserver } from '../../support/services/services.ts';
import { ManualClock } from '../../support/time/clock.ts';

const clock = new ManualClock(Date.parse('2026-06-01T00:00:00Z'));
const ground = await openRegistry(t, { clock });
const { database, agencies, tokens, jurisdictions } = ground;
const queries = new AlertQueries(database);
const passwords = new Passwords({ hash: async (password: string) => password, verify: async () => true });
const people = new People({ ...ground, passwords, clock, sessionsEnded: () => {} });
const policeOf = new PoliceOfDevice({ ...ground, clock, observer: quietObserver() });
const memory = await startApi(t);
const api = await startApi(t, {
  registry: ground.behindApi,
  directory: ground.doors,
  search: ground.search,
  authority: ground.authority,
  grants: ground.grants,
  police: ground.police,
  kinds: ground.kinds,
  jurisdictions,
  tokens,
  policeOf,
  alerts: { ...memory.deps.alerts, queries },
  deviceExport: new DeviceExport({ database, clock }),
  clock,
});

const nation = callerIn('000000');
const AREA = '330212';
const [CITY, COUNTY, EAST, WEST] = ['330200000000', '330212000000', '330212510000', '330212520000'];
const add = (input: object) => ground.police.add(nation, agencyInput.parse({ jurisdiction: AREA, ...input }));
await add({ code: CITY, name: '市局', level: 'city', jurisdiction: '330200' });
await add({ code: COUNTY, name: '分局', level: 'county', parent: CITY });
await add({
  code: EAST,
  name: '东所',
  level: 'station',
  parent: COUNTY,
  bounds: '121.5,29.8;121.6,29.8;121.6,29.9;121.5,29.9',
});
await add({ code: WEST, name: '西所', level: 'station', parent: COUNTY });
for (const [id, lon] of [
  ['east', 121.55],
  ['west', 121.45],
  ['none', 121.44],
] as const) {
  await ground.registry.create(nation, kiosk({ id, jurisdiction: AREA, location: { lat: 29.85, lon }, confirm: true }));
}
await policeOf.set(nation, 'west', WEST);
const alertOf = { east: await storeAlert(database, AREA, EAST), west: await storeAlert(database, AREA, WEST) };
const ofNobody = await storeAlert(database, AREA);

async function tokenFor(police: string | null, role: Role = 'operator', jurisdiction = '330200'): Promise<string> {
  // Each by another person: who made both would be the second person to themselves.
  const maker = { ...nation, id: `maker-of-${role}` };
  return (await tokens.create(maker, { name: 'n', role, jurisdiction, police, purpose: 'case' })).token;
}

const station = await tokenFor(EAST);
const county = await tokenFor(COUNTY);

async function ask(token: string, path: string, method: 'GET' | 'POST' = 'GET', payload?: object) {
  const headers = { ...bearer(token), 'if-match': '"1"' };
  const answer = await api.call({ method, url: `/api/v1${path}`, headers, ...(payload ? { payload } : {}) });
  return { ...answer, body: answer.body as { id: string; items: { id: string; code: string; positions: number }[] } };
}

const ids = async (token: string, path: string) => (await ask(token, path)).body.items.map(({ id }) => id);
const statusOf = async (token: string, path: string) => (await ask(token, path)).status;

t.test('who is limited to an agency sees what belongs to it and below, and nothing else is there', async (t) => {
  t.same(await ids(station, '/devices'), ['east']);
  t.same(await ids(county, '/devices'), ['east', 'west'], 'nor what belongs to none');
  t.same(await ids(await tokenFor(CITY, 'viewer', '330203'), '/devices'), [], 'an agency opens no area');
  t.same(await ids(await tokenFor(null), '/devices'), ['east', 'none', 'west']);
  for (const path of ['/devices/west', '/devices/none', '/devices/west/latest', `/alerts/${alertOf.west}`]) {
    t.equal(await statusOf(station, path), 404, path);
  }
  for (const path of ['/devices/east', `/alerts/${alertOf.east}`]) t.equal(await statusOf(station, path), 200, path);
  t.same(await ids(station, '/devices?parent=west'), []);
  const facets = (await ask(station, '/device-facets')).body as unknown as { total: number; jurisdiction: object[] };
  t.match(facets, {
    total: 1,
    jurisdiction: [
      { value: '330200', count: 1 },
      { value: AREA, count: 1 },
    ],
  });
  t.match((await ask(station, '/devices/export')).text, /east/);
  t.notMatch((await ask(station, '/devices/export')).text, /west|none/);
  t.same(await ids(station, '/alerts'), [alertOf.east]);
  t.same((await ids(county, '/alerts')).toSorted(), Object.values(alertOf).toSorted());
  t.equal((await ask(station, `/alerts/${ofNobody}/ack`, 'POST')).status, 404);
});

t.test('counts of areas and agencies are of what is seen, and agencies beside are not told of', async (t) => {
  const counts = async (token: string, path: string) =>
    Object.fromEntries((await ask(token, path)).body.items.map(({ code, positions }) => [code, positions]));
  t.same(await counts(station, '/police/agencies'), { [CITY]: 1, [COUNTY]: 1, [EAST]: 1 });
  t.same(await counts(county, '/police/agencies'), { [CITY]: 2, [COUNTY]: 2, [EAST]: 1, [WEST]: 1 });
  t.match(await counts(station, '/jurisdictions'), { '330200': 1, [AREA]: 1 });
  t.match(await counts(await tokenFor(null), '/jurisdictions'), { '330200': 3, [AREA]: 3 });
});

t.test('what changes whose a device is, or is of an area as a whole, is not theirs, whatever the role', async (t) => {
  const admin = await tokenFor(EAST, 'administrator');
  for (const path of ['/tokens', '/users', '/audit', '/access-register', '/ledger']) {
    t.equal(await statusOf(admin, path), 403, path);
  }
  t.equal((await ask(admin, '/devices/east/police', 'POST', { agency: WEST })).status, 403);
  const given = { name: 'n', role: 'viewer' as const, jurisdiction: AREA, police: '999999999999' };
  const wrong = { code: 'request.invalid', issues: [{ path: 'police' }] };
  await t.rejects(tokens.create(nation, given), wrong);
  await t.rejects(tokens.create(callerIn('510700'), { ...given, jurisdiction: '510700', police: EAST }), wrong);
  const person = { ...given, username: 'li', password: 'correct horse battery', police: COUNTY };
  const { id, police } = await people.create(nation, person);
  t.equal(police, COUNTY);
  await t.rejects(people.update(nation, id, 1, { police: '999999999999' }), wrong);
  t.match(await people.update(nation, id, 1, { police: EAST }), { police: EAST, jurisdiction: AREA });
});

t.test('a person who is limited is given no alert of others, and keeps no token beyond the limit', async (t) => {
  const place = (police: string) => ({ jurisdiction: AREA, police });
  const found = (at: Place, right: Right) =>
    personWho({ trees: agencies, authority: ground.authority }, database, 'li', { at, right });
  t.match(await found(place(EAST), 'alerts.read'), { username: 'li', confirms: false });
  t.equal(await found(place(WEST), 'alerts.read'), null);
  t.equal(await found(place(EAST), 'alerts.handle'), null, 'a viewer has no duty');
  const whoSees = async (where: { jurisdiction: string; police?: string }) => {
    const found = await new Colleagues({ ...ground, trees: agencies }).list(nation, where, 'alerts.handle');
    return found.map(({ username }) => username);
  };
  const free = { name: 'Sun', role: 'operator' as const, password: 'correct horse battery' };
  await people.create(nation, { ...free, username: 'sun', jurisdiction: '330200' });
  await people.create(nation, { ...free, username: 'zhou', jurisdiction: AREA, police: EAST });
  const { id: gone } = await people.create(nation, { ...free, username: 'wu', jurisdiction: AREA });
  await people.update(nation, gone, 1, { disabled: true });
  t.same(
    await whoSees(place(EAST)),
    ['zhou', 'sun'],
    'the nearest first; viewers handle nothing, who left is not there',
  );
  t.same(await whoSees(place(WEST)), ['sun']);
  t.same(await whoSees({ jurisdiction: AREA }), ['sun']);
  const abroad = new Colleagues({ ...ground, trees: agencies }).list(callerIn('510700'), place(EAST), 'alerts.handle');
  await t.rejects(abroad, { code: 'request.invalid', issues: [{ path: 'jurisdiction' }] });
  const password = 'correct horse battery';
  const keeper = { username: 'wang', name: 'Wang', role: 'admin' as const, jurisdiction: AREA, password };
  const { id } = await people.create(nation, keeper);
  const wang: Caller = { ...callerIn(AREA), type: 'person', id };
  const made = async (police: string | null) =>
    (await tokens.create(wang, { name: 'n', role: 'viewer', jurisdiction: AREA, police })).token;
  const [whole, east, west] = [await made(null), await made(EAST), await made(WEST)];
  await people.update(nation, id, 1, { police: EAST });
  const valid = await Promise.all([whole, east, west].map(async (token) => (await tokens.verify(token)) !== null));
  t.same(valid, [false, true, false]);
});

t.test('who is limited subscribes to what is theirs, also without saying so', async (t) => {
  const caller = ground.authority.callerFor((await tokens.verify(station))!, ['subscriptions.keep'])!;
  const limit = (input: { jurisdiction: string; police?: string | null }) => limitOf(agencies, caller, input);
  t.equal(limit({ jurisdiction: AREA }), EAST);
  t.equal(limit({ jurisdiction: AREA, police: EAST }), EAST);
  for (const police of [WEST, COUNTY, null]) {
    t.throws(() => limit({ jurisdiction: AREA, police }), { code: 'request.invalid' }, String(police));
  }
  t.throws(() => limit({ jurisdiction: '510700' }), { code: 'request.invalid' });
  t.equal(limitOf(agencies, nation, { jurisdiction: AREA }), null);
  t.equal(limitOf(agencies, nation, { jurisdiction: AREA, police: WEST }), WEST);
});

t.test('a device that comes to another station is gone for the first one, and its alerts stay', async (t) => {
  await policeOf.set(nation, 'east', WEST);
  t.same([await ids(station, '/devices'), await statusOf(station, '/devices/east/latest')], [[], 404]);
  t.same(await ids(station, '/alerts'), [alertOf.east]);
  await policeOf.set(nation, 'east', null);
  t.same([await ids(station, '/devices'), await statusOf(station, '/devices/east/latest')], [['east'], 200]);
});

t.test('a grant opens one station of an area beyond the border', async (t) => {
  const asker = await tokenFor(null, 'operator', '330203');
  const until = toRfc3339(clock.nowMs() + HOUR_MS);
  const wish = { jurisdiction: AREA, police: EAST, case: 'A-1', reason: 'theft', until };
  t.equal((await ask(asker, '/grants', 'POST', { ...wish, police: '999999999999' })).status, 400);
  const { body } = await ask(asker, '/grants', 'POST', wish);
  t.match(body, { police: EAST });
  await ask(await tokenFor(null, 'approver', AREA), `/grants/${body.id}/approve`, 'POST');
  await ground.inForce.load(database);
  t.same(await ids(asker, '/devices'), ['east']);
  t.same([await statusOf(asker, '/devices/west'), await ids(asker, '/alerts')], [404, [alertOf.east]]);
  t.equal(await new OpenAlerts(database).stateFor((await tokens.verify(station))!, alertOf.west), null);
});

t.test('entries of the log and what subscriptions are told stay with the agency, from memory and stored', async (t) => {
  const caller = ground.authority.callerFor((await tokens.verify(station))!, ['alerts.read'])!;
  const entry = (seq: number, police: string | null) => {
    const alert = { id: randomUUID(), police };
    const body = { id: `e-${seq}`, type: 'alert.opened', at: '', actor: '', alert };
    return {
      seq,
      id: randomUUID(),
      alertId: alert.id,
      type: 'alert.opened' as const,
      atMs: 1,
      actor: '',
      jurisdiction: AREA,
      severity: 'minor',
      seenBy: null,
      body,
    };
  };
  const entries = [entry(1, EAST), entry(2, WEST), entry(3, null)];
  const feed = new AlertFeed({ database, clock, observer: quietObserver() });
  await feed.start();
  t.teardown(() => feed.stop());
  feed.said(entries);
  t.same(
    (await feed.next(caller, 0, AbortSignal.timeout(5_000))).entries.map(({ seq }) => seq),
    [1],
  );
  for (const { alertId, atMs, seenBy: _, ...row } of entries) {
    const stored = { ...row, alert_id: alertOf.east, at_ms: atMs, body: JSON.stringify(row.body) };
    await database.tables<{ alert_event: object }>().insertInto('alert_event').values(stored).execute();
  }
  t.same(
    (await queries.events(caller, 0, 10)).entries.map(({ seq }) => seq),
    [1],
  );
  const to = { id: 's', type: 'webhook', target: {}, secrets: {}, previous_until_ms: null, state: 'active' as const };
  const all = [EAST, WEST, COUNTY, null].map((police) => {
    return { id: String(police), jurisdiction: AREA, police, severities: ['minor'], level: 0, to };
  });
  const told = (police: string | null) => {
    const change = {
      alert: { jurisdiction: AREA, police, severity: 'minor', desk: 'police', visibility: 'normal' },
      deliveries: [],
    } as never;
    const { changes } = fanOut(agencies, NO_DEPARTMENTS).run([change], {
      nowMs: 0,
      due: [],
      known: { all, print: '0' },
    });
    return changes[0]?.deliveries.map(({ subscription }) => subscription);
  };
  t.same(told(EAST), [EAST, COUNTY, 'null']);
  t.same(told(null), ['null']);
});

t.test('a scope is the same only with the same agencies, and less of them is less', (t) => {
  const of = (...agencies: string[]): Area => ({ code: AREA, members: [], police: { agency: COUNTY, agencies } });
  const whole: Area = { code: AREA, members: [] };
  t.notSame(namesOfScope(of(EAST)), namesOfScope(whole));
  t.notSame(namesOfScope(of(EAST)), namesOfScope(of(EAST, WEST)));
  t.equal(isStillThere(of(EAST), of(EAST, WEST)), true);
  t.equal(isStillThere(of(EAST, WEST), of(EAST)), false);
  t.equal(isStillThere(whole, of(EAST)), false);
  t.equal(isStillThere(of(EAST), whole), true);
  t.equal(covers(of(), { jurisdiction: AREA, police: EAST }), false);
  t.equal(covers(of(EAST), AREA), false, 'what names no agency belongs to none');
  t.end();
});
