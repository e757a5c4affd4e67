import t from 'tap';
import { type AgencyInput, agencyInput, boundsInput, policeCode } from '../../../src/devices/police/input.ts';
import { PoliceOfDevice } from '../../../src/devices/police/police-of-device.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { callerIn, kiosk, openRegistry } from '../../support/devices/registry.ts';
import { quietObserver } from '../../support/services/services.ts';

const ground = await openRegistry(t);
const { database, registry, search, jurisdictions, police } = ground;
const clock = database.clock;
const policeOf = new PoliceOfDevice({ ...ground, clock, observer: quietObserver() });
const ningbo = callerIn('330200');
const yinzhou = callerIn('330212');

const add = (caller: typeof ningbo, input: object) => police.add(caller, agencyInput.parse(input) as AgencyInput);
const [CITY, COUNTY, OTHER] = ['330200000000', '330212000000', '330205000000'];
/** Its digits are also those of a community. */
const EAST = '330212001003';
const WEST = '330212520000';

const at = (lon: number) => ({ location: { lat: 29.83, lon }, confirm: true });
const square = (west: number, east: number) => `${west},29.8;${east},29.8;${east},29.9;${west},29.9`;
const bounds = (west: number, east: number) => boundsInput.parse({ bounds: square(west, east) }).bounds;

await registry.create(ningbo, kiosk({ id: 'before', ...at(121.55) }));
await add(ningbo, { code: CITY, name: '市局', level: 'city', jurisdiction: '330200' });
await add(ningbo, { code: COUNTY, name: '分局', level: 'county', parent: CITY, jurisdiction: '330212' });
await add(ningbo, { code: OTHER, name: '江北', level: 'county', parent: CITY, jurisdiction: '330205' });
const station = { level: 'station', parent: COUNTY, jurisdiction: '330212' };
await add(yinzhou, { code: EAST, name: '东所', ...station, bounds: square(121.5, 121.6) });
await add(yinzhou, { code: WEST, name: '西所', ...station });
const east = await registry.create(ningbo, kiosk({ id: 'east', ...at(121.56) }));
await registry.create(ningbo, kiosk({ id: 'west', ...at(121.45) }));
await registry.create(ningbo, kiosk({ id: 'north', jurisdiction: '330205', ...at(121.57) }));

const policeOn = async (id: string) => (await registry.get(ningbo, id)).police;
const found = async (agency: string, caller = ningbo) =>
  (await search.list(caller, { police: agency, limit: 100 })).items.map(({ id }) => id);

t.test('a point belongs to the station in whose bounds it stands, whichever came first', async (t) => {
  t.equal(east.device.police, EAST, 'its registration says so');
  t.same(await Promise.all(['before', 'east', 'west', 'north'].map(policeOn)), [EAST, EAST, null, EAST]);
  await police.setBounds(yinzhou, WEST, bounds(121.4, 121.5));
  t.equal(await policeOn('west'), WEST);
  const { version } = await registry.get(ningbo, 'west');
  await registry.update(ningbo, 'west', version, at(121.58));
  t.equal(await policeOn('west'), EAST, 'it moved');
  await registry.update(ningbo, 'west', version + 1, at(121.45));
  await sql`update position set police_found = null where id = 'east'`.execute(database.tables());
  await police.tidy();
  t.equal(await policeOn('east'), EAST);
});

t.test('points are found and counted by station, county and city, within the border of who asks', async (t) => {
  t.same(await found(EAST), ['before', 'east', 'north']);
  t.same(await found(WEST), ['west']);
  t.same(await found(COUNTY), ['before', 'east', 'north', 'west']);
  t.same(await found(CITY, yinzhou), ['before', 'east', 'west'], 'a station opens no border');
  t.same(await found(OTHER), []);
  t.same(await found('999999999999'), []);
  const counts = async (caller: typeof ningbo) =>
    Object.fromEntries(
      (await police.list(caller, { limit: 100 })).items.map(({ code, positions }) => [code, positions]),
    );
  t.same(await counts(ningbo), { [CITY]: 4, [COUNTY]: 4, [EAST]: 3, [WEST]: 1, [OTHER]: 0 });
  t.same(await counts(yinzhou), { [CITY]: 3, [COUNTY]: 3, [EAST]: 2, [WEST]: 1 }, 'the neighbour is not told of');
  t.same(await counts(callerIn('510700')), {});
  const first = await police.list(ningbo, { limit: 2 });
  const second = await police.list(ningbo, { limit: 100, after: first.next! });
  t.equal(first.items.length + second.items.length, 5);
});

t.test('the code of an agency is no jurisdiction, though it looks like one', async (t) => {
  const refusal = { code: 'request.invalid', issues: [{ path: 'jurisdiction' }] };
  await t.rejects(registry.create(ningbo, kiosk({ id: 'wrong', jurisdiction: EAST })), refusal);
  t.same((await search.list(callerIn(EAST), { limit: 10 })).items, [], 'who is of that community sees no station');
  t.equal(jurisdictions.exists(EAST), false);
});

t.test('by hand a point belongs to another agency, until it is left to the bounds again', async (t) => {
  const changed = await policeOf.set(yinzhou, 'east', COUNTY);
  t.equal(changed.police, COUNTY);
  t.same(await found(EAST), ['before', 'north']);
  const { version } = await registry.get(ningbo, 'east');
  await registry.update(ningbo, 'east', version, at(121.55));
  t.equal(await policeOn('east'), COUNTY, 'also when it moves');
  const wrong = { code: 'request.invalid', issues: [{ path: 'agency' }] };
  await t.rejects(policeOf.set(yinzhou, 'east', OTHER), wrong);
  await t.rejects(policeOf.set(yinzhou, 'east', '999999999999'), wrong);
  await t.rejects(policeOf.set(callerIn('330205'), 'east', null), { code: 'not-found' });
  t.equal((await policeOf.set(yinzhou, 'east', null)).police, EAST);
  const audit = await listAudit(database, ningbo, { subject: 'device/east', limit: 10 });
  t.equal(audit.filter(({ action }) => action === 'device.police').length, 2);
});

t.test('points are counted by agency, by that above it, and by nothing else', async (t) => {
  const facets = async (caller: typeof ningbo) =>
    Object.fromEntries((await search.facets(caller, {})).police.map(({ value, count }) => [value, count]));
  t.same(await facets(ningbo), { [CITY]: 4, [COUNTY]: 4, [EAST]: 3, [WEST]: 1 });
  t.same(await facets(yinzhou), { [CITY]: 3, [COUNTY]: 3, [EAST]: 2, [WEST]: 1 });
});

t.test('what an agency had goes to the one that follows it, with what people saw of it', async (t) => {
  const NEXT = '330212530000';
  const named = await police.rename(yinzhou, WEST, '西郊所');
  t.match([named.name, ground.agencies.get(WEST)?.name], ['西郊所', '西郊所']);
  await police.setBounds(yinzhou, WEST, bounds(121.4, 121.5));
  await add(yinzhou, { code: NEXT, name: '新所', ...station, validFrom: '2020-01-01', replaces: [WEST] });
  t.same([await policeOn('west'), await found(NEXT), await found(WEST)], [NEXT, ['west'], []]);
  await registry.create(ningbo, kiosk({ id: 'west-2', ...at(121.46) }));
  t.equal(await policeOn('west-2'), NEXT, 'the bounds are those of what followed');
  t.same(ground.agencies.below(NEXT), [WEST, NEXT], 'alerts of before are theirs too');
  t.match(
    (await police.list(yinzhou, { limit: 100 })).items.find(({ code }) => code === WEST),
    {
      validTo: '2020-01-01',
      successor: NEXT,
      positions: 0,
    },
  );
  const state = { code: 'conflict.state' };
  await t.rejects(police.end(yinzhou, WEST, { on: '2021-01-01', successor: null }), state, 'once');
  await t.rejects(police.end(ningbo, COUNTY, { on: '2021-01-01', successor: null }), state, 'stations stand below it');
  const wrong = (path: string) => ({ code: 'request.invalid', issues: [{ path }] });
  await t.rejects(police.end(yinzhou, NEXT, { on: '2019-01-01', successor: null }), wrong('on'));
  await t.rejects(police.end(yinzhou, NEXT, { on: '2021-01-01', successor: COUNTY }), wrong('successor'));
  await t.rejects(police.end(yinzhou, NEXT, { on: '2021-01-01', successor: WEST }), wrong('successor'));
  await t.rejects(police.end(callerIn('330205'), NEXT, { on: '2021-01-01', successor: null }), { code: 'not-found' });
  await t.rejects(police.rename(callerIn('330205'), NEXT, 'x'), { code: 'not-found' });
  await police.end(yinzhou, NEXT, { on: '2099-01-01', successor: null });
  t.equal(await policeOn('west'), NEXT, 'until that day');
  await sql`update police_agency_days set valid_to = '2021-01-01' where code = ${NEXT}`.execute(database.tables());
  await sql`update position set updated_at_ms = 0`.execute(database.tables());
  await police.tidy();
  t.equal(await policeOn('west'), null, 'and from that day on to none');
  const audit = await listAudit(database, ningbo, { subject: `police/${NEXT}`, limit: 10 });
  t.same(
    audit.map(({ action }) => action),
    ['police.end', 'police.add'],
  );
});

t.test('nobody keeps agencies of elsewhere, and each stands where it belongs', async (t) => {
  const refused = (caller: typeof ningbo, input: object, path: string) =>
    t.rejects(add(caller, input), { code: 'request.invalid', issues: [{ path }] }, JSON.stringify(input));
  const wish = { code: '330205510000', name: '所', level: 'station', parent: OTHER, jurisdiction: '330205' };
  await refused(yinzhou, wish, 'jurisdiction');
  await refused(yinzhou, { ...wish, jurisdiction: '330212' }, 'parent');
  await refused(ningbo, { ...wish, parent: CITY }, 'parent');
  await refused(ningbo, { ...wish, parent: '999999999999' }, 'parent');
  await t.rejects(add(ningbo, { ...wish, code: EAST }), { code: 'conflict.exists' });
  await t.rejects(police.setBounds(callerIn('330205'), EAST, null), { code: 'not-found' });
  await t.rejects(police.setBounds(ningbo, COUNTY, bounds(121, 122)), { code: 'request.invalid' });
  for (const input of [
    { ...wish, level: 'city' },
    { ...wish, parent: null },
    { ...wish, level: 'county', bounds: square(121, 122) },
    { ...wish, bounds: '1,1;2,2' },
    { ...wish, code: '33020551' },
  ]) {
    t.equal(agencyInput.safeParse(input).success, false, JSON.stringify(input));
  }
  t.equal(policeCode.safeParse('330212').success, false);
});
