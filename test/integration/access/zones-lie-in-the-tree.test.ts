import t from 'tap';
import { type JurisdictionInput, jurisdictionInput } from '../../../src/access/tree/input.ts';
import { TreeEdits } from '../../../src/access/tree/tree-edits.ts';
import { fanOut } from '../../../src/alerts/route/stages/fan-out.ts';
import type { ApiDeps } from '../../../src/api/deps.ts';
import { listen } from '../../../src/api/server/server.ts';
import { DAY_MS } from '../../../src/core/clock.ts';
import { covers, ownArea } from '../../../src/core/jurisdiction.ts';
import { Agencies } from '../../../src/devices/police/police-tree.ts';
import { sql, withinJurisdiction } from '../../../src/platform/database/database.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { NO_DEPARTMENTS } from '../../support/alerts/usual-stages.ts';
import { bearer, startApi } from '../../support/api/api.ts';
import { callerIn, kiosk, openRegistry } from '../../support/devices/registry.ts';
import { ManualClock, passTime } from '../../support/time/clock.ts';
import { openWatchlists } from '../../support/watchlists/watchlists.ts';

const clock = new ManualClock(Date.parse('2026-06-01T00:00:00Z'));
const ground = await openRegistry(t, { clock });
const { database, jurisdictions: tree, registry, search, authority, tokens } = ground;
const edits = new TreeEdits({ database, clock, jurisdictions: tree });
const nation = callerIn('000000');
const ningbo = callerIn('330200');
const yinzhou = callerIn('330212');

const add = (caller: typeof nation, code: string, more: object = {}) =>
  edits.add(caller, jurisdictionInput.parse({ code, name: { zh: code }, ...more }) as JurisdictionInput);

/** A city zone over parts of two counties, one of a county within it, and their neighbours. */
const CITY_ZONE = '3302z-kexuecheng';
const INNER = '330212z-ruanjian';
const SIMILAR = '330212z-ruanjianyuan';
await add(yinzhou, '330212001');
await add(yinzhou, '330212002');
await add(yinzhou, '330212001003');
await add(yinzhou, INNER);
await add(yinzhou, SIMILAR);
await add(ningbo, CITY_ZONE, { members: ['330212001', '330205', INNER] });

const PLACES = ['330212', '330212001', '330212001003', '330212002', '330205', '330203', CITY_ZONE, INNER, SIMILAR];
for (const place of PLACES) await registry.create(nation, kiosk({ id: `at-${place}`, jurisdiction: place }));

const exports: ApiDeps['exports'] = {
  open: async (_question, signal) => ({
    contentType: 'text/csv',
    fileName: 'x.csv',
    pieces: (async function* () {
      yield 'time\r\n';
      await clock.sleep(Number.MAX_SAFE_INTEGER, signal);
    })(),
  }),
};
const { doors: directory, kinds, departments } = ground;
const known = { registry: ground.behindApi, search, directory, tokens, kinds, departments };
const api = await startApi(t, { ...known, authority, jurisdictions: tree, treeEdits: edits, exports, clock });
const { url } = await listen(api.app, { host: '127.0.0.1', port: 0 });

const OF_ZONE = ['330212001', '330212001003', '330205', CITY_ZONE, INNER];

async function tokenIn(jurisdiction: string) {
  return (await tokens.create(nation, { name: 'x', role: 'administrator', jurisdiction, purpose: 'case' })).token;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of many routes.
async function ask(token: string, method: 'GET' | 'POST' | 'PATCH', path: string, payload?: object): Promise<any> {
  const headers = { ...bearer(token), 'if-match': '"1"' };
  return api.call({ method, url: `/api/v1${path}`, headers, ...(payload ? { payload } : {}) });
}

t.test('what a scope covers in memory is what SQL keeps, for every pair of codes', async (t) => {
  const codes = tree.list(nation).map(({ code }) => code);
  for (const code of codes) {
    const area = tree.area(code);
    const all = database.tables<{ jurisdiction: { code: string } }>().selectFrom('jurisdiction').select('code');
    const kept = (await withinJurisdiction(all, 'code', area).execute()).map((row) => row.code);
    t.strictSame(kept.toSorted(), codes.filter((other) => covers(area, other)).toSorted(), code);
    for (const other of kept) {
      const inner = codes.filter((third) => covers(tree.area(other), third));
      t.ok(
        inner.every((third) => covers(area, third)),
        `${code} covers all that ${other} does`,
      );
    }
  }
});

t.test('a zone lies in its area, and sees itself and what belongs to it, on every route', async (t) => {
  const zone = await tokenIn(CITY_ZONE);
  const ids = (token: string) =>
    ask(token, 'GET', '/devices').then(({ body }) => body.items.map((one: { id: string }) => one.id));
  const at = (places: string[]) => places.map((place) => `at-${place}`).toSorted();
  t.same(await ids(zone), at(OF_ZONE));
  t.same(await ids(await tokenIn(INNER)), at([INNER]), 'and not one whose name begins alike');
  t.same(await ids(await tokenIn('330212')), at(PLACES.filter((place) => place.startsWith('330212'))));
  t.same(await ids(await tokenIn('330205')), at(['330205']), 'a county does not see the zone of its city');
  t.same(await ids(await tokenIn('330200')), at(PLACES));
  t.equal((await ask(zone, 'GET', '/device-facets')).body.total, OF_ZONE.length);
  for (const place of PLACES) {
    const status = OF_ZONE.includes(place) ? 200 : 404;
    t.equal((await ask(zone, 'GET', `/devices/at-${place}`)).status, status, place);
    t.equal((await ask(zone, 'GET', `/devices/at-${place}/latest`)).status, status, place);
    t.equal((await ask(zone, 'PATCH', `/devices/at-${place}`, { name: 'x' })).status, status, place);
  }
  const body = { kind: 'recycling-kiosk', name: 'x', location: { lat: 29.83, lon: 121.55 } };
  t.equal((await ask(zone, 'POST', '/devices', { ...body, jurisdiction: '330212002' })).status, 400);
  t.equal((await ask(zone, 'POST', '/tokens', { name: 'x', role: 'viewer', jurisdiction: '330205' })).status, 201);
  t.equal((await ask(zone, 'POST', '/tokens', { name: 'x', role: 'viewer', jurisdiction: '330203' })).status, 400);
  const filtered = (await ask(await tokenIn('330200'), 'GET', `/devices?jurisdiction=${CITY_ZONE}`)).body.items;
  t.same(filtered.length, OF_ZONE.length, 'a filter by a zone finds what belongs to it');
});

t.test('the tree is told with how many points the caller may see at each node', async (t) => {
  const positions = async (area: string) => {
    const { items } = (await ask(await tokenIn(area), 'GET', '/jurisdictions')).body;
    return Object.fromEntries(items.map((one: { code: string; positions: number }) => [one.code, one.positions]));
  };
  const city = await positions('330200');
  t.match(city, { 330200: 9, 330212: 6, 330212001: 2, [CITY_ZONE]: 5, [INNER]: 1, 330203: 1, 330206: 0 });
  t.same(await positions(CITY_ZONE), { 330205: 1, 330212001: 2, 330212001003: 1, [CITY_ZONE]: 5, [INNER]: 1 });
  const own = await tokenIn('330200');
  const first = (await ask(own, 'GET', '/jurisdictions?limit=3')).body;
  const second = (await ask(own, 'GET', `/jurisdictions?limit=3&cursor=${first.next}`)).body;
  const whole = (await ask(own, 'GET', '/jurisdictions')).body.items;
  t.same([...first.items, ...second.items], whole.slice(0, 6));
});

t.test('subscriptions and watchlists of a zone are of what belongs to it', async (t) => {
  const to = { id: 's', type: 'webhook', target: {}, secrets: {}, previous_until_ms: null, state: 'active' } as const;
  const subscriber = { id: to.id, jurisdiction: CITY_ZONE, severities: ['minor'], level: 0, to };
  const { watchlists, match } = openWatchlists({ database, clock, tree });
  const validUntilMs = clock.nowMs() + DAY_MS;
  const entries = [{ plate: '浙B12345', reason: 'stolen', validUntilMs }];
  const list = { name: 'stolen', jurisdiction: CITY_ZONE, reason: 'x', case: 'C-1', entries };
  await watchlists.create(nation, list);
  for (const place of PLACES) {
    const alert = { jurisdiction: place, severity: 'minor', desk: 'police', visibility: 'normal' };
    const change = { alert, deliveries: [] } as never;
    const known = { all: [subscriber], print: '0' };
    const { changes } = fanOut(new Agencies(tree), NO_DEPARTMENTS).run([change], { nowMs: 0, due: [], known });
    const expected = OF_ZONE.includes(place);
    t.equal(changes[0]?.deliveries.length, expected ? 1 : 0, place);
    t.equal(match('浙B12345', place).length > 0, expected, place);
  }
});

t.test('what is taken out of a zone is not seen on, and an answer that goes on ends within 10 s', async (t) => {
  const zone = await tokenIn(CITY_ZONE);
  const range = 'from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z';
  const answer = await fetch(`${url}/api/v1/devices/at-330205/export?${range}`, { headers: bearer(zone) });
  t.equal(answer.status, 200);
  const state = { ended: false };
  void answer
    .text()
    .catch(() => {})
    .finally(() => {
      state.ended = true;
    });
  await clock.advance(30_000);
  t.equal(state.ended, false);
  const members = { members: ['330212001', INNER] };
  const county = await ask(await tokenIn('330205'), 'POST', `/jurisdictions/${CITY_ZONE}/members`, members);
  t.equal(county.status, 400, 'a county does not say what belongs to a zone of its city');
  t.equal((await ask(zone, 'POST', `/jurisdictions/${CITY_ZONE}/members`, members)).status, 400, 'nor the zone itself');
  t.equal((await ask(await tokenIn('330200'), 'POST', `/jurisdictions/${CITY_ZONE}/members`, members)).status, 200);
  t.equal((await ask(zone, 'GET', '/devices/at-330205')).status, 404);
  const ms = await passTime(clock, () => state.ended, 100);
  t.ok(ms <= 10_000, `ended after ${ms} ms`);
  await edits.setMembers(ningbo, CITY_ZONE, ['330212001', '330205', INNER]);
  const audit = await listAudit(database, nation, { subject: `jurisdiction/${CITY_ZONE}`, limit: 10 });
  t.same(audit.map(({ action }) => action).toSorted(), [
    'jurisdiction.add',
    'jurisdiction.members',
    'jurisdiction.members',
  ]);
});

t.test('nodes are added below the own area alone, in the right place, and never in a circle', async (t) => {
  const refused = (caller: typeof nation, code: string, more: object, path: string) =>
    t.rejects(add(caller, code, more), { code: 'request.invalid', issues: [{ path }] }, `${code} ${path}`);
  await refused(yinzhou, '330205z-x', {}, 'code');
  await refused(yinzhou, '3302z-x', {}, 'code');
  await refused(yinzhou, '330203001', {}, 'code');
  await refused(nation, '99z-x', {}, 'code');
  await refused(nation, '990000', {}, 'code');
  await refused(nation, '330200z-x', {}, 'code');
  await refused(nation, '330283z-x', {}, 'code');
  await refused(ningbo, '330212009', { members: ['330212001'] }, 'members');
  for (const member of ['330200', '130300', '330299', '330212z-nowhere', CITY_ZONE]) {
    await t.rejects(
      edits.setMembers(ningbo, CITY_ZONE, [member]),
      { code: 'request.invalid', issues: [{ path: 'members.0' }] },
      member,
    );
  }
  const outer = '3302z-outer';
  await add(ningbo, outer, { members: [CITY_ZONE] });
  t.ok(covers(tree.area(outer), '330205'), 'through another zone');
  await t.rejects(
    edits.setMembers(ningbo, CITY_ZONE, [outer]),
    { code: 'request.invalid', issues: [{ path: 'members.0' }] },
    'a circle',
  );
  await t.rejects(add(yinzhou, INNER), { code: 'conflict.exists' });
  await refused(yinzhou, '330212003', { replaces: ['330212'], validFrom: '2026-01-01' }, 'replaces.0');
  await refused(yinzhou, '330212003', { replaces: ['330205'], validFrom: '2026-01-01' }, 'replaces.0');
  await add(yinzhou, '330212z-new', { replaces: [SIMILAR], validFrom: '2026-01-01' });
  t.match(tree.get(SIMILAR), { validTo: '2026-01-01', successor: '330212z-new' });
  await t.rejects(registry.create(nation, kiosk({ id: 'late', jurisdiction: SIMILAR })), {
    code: 'request.invalid',
    issues: [{ path: 'jurisdiction' }],
  });
  for (const wrong of [
    '330212z-',
    '330212Z-x',
    '330212z-X',
    '3302121z-x',
    'z-x',
    '330212z-a/b',
    '330212z-x-',
    '330212000',
  ]) {
    t.equal(jurisdictionInput.safeParse({ code: wrong, name: { zh: 'x' } }).success, false, wrong);
  }
  t.notOk(ownArea(ningbo).members.length);
});

t.test('a zone is called otherwise and ends, and what is told of it is not beyond the own area', async (t) => {
  const zone = '330206z-beilun';
  await add(ningbo, zone, { validFrom: '2020-01-01' });
  t.match(await edits.rename(ningbo, zone, { zh: '北仑新区' }), { name: { zh: '北仑新区', en: '北仑新区' } });
  const wrong = (path: string) => ({ code: 'request.invalid', issues: [{ path }] });
  const end = (on: string, successor: string | null = null, by = ningbo) => edits.end(by, zone, { on, successor });
  await t.rejects(end('2099-01-01'), wrong('on'));
  await t.rejects(end('2020-01-01'), wrong('on'));
  for (const successor of [zone, '510700', '3302z-no-such']) {
    await t.rejects(end('2026-05-01', successor), wrong('successor'), successor);
  }
  await t.rejects(end('2026-05-01', null, callerIn('510700')), { code: 'not-found' });
  await t.rejects(edits.rename(callerIn('510700'), zone, { zh: 'x' }), { code: 'not-found' });
  t.match(await end('2026-05-01', '330206'), { validTo: '2026-05-01', successor: '330206' });
  await t.rejects(end('2026-05-02'), { code: 'conflict.state' });
  await t.rejects(edits.end(ningbo, ningbo.jurisdiction, { on: '2026-05-01', successor: null }), { code: 'not-found' });
  const late = registry.create(nation, kiosk({ id: 'late', jurisdiction: zone }));
  await t.rejects(late, { code: 'request.invalid', message: /use 330206/ });
});

t.test('another start keeps what was changed by hand, and corrects what was not', async (t) => {
  const tables = database.tables();
  await sql`update jurisdiction set name_en = 'By hand' where code = '330205'`.execute(tables);
  await sql`update jurisdiction set name_en = 'Old', shipped = jsonb_set(shipped, '{name_en}', '"Old"')
    where code = '330206'`.execute(tables);
  await sql`update jurisdiction set shipped = null where code in ('330211', '330225')`.execute(tables);
  await sql`update jurisdiction set name_en = 'Before' where code = '330225'`.execute(tables);
  await tree.seed(database);
  const english = (code: string) => tree.get(code)?.name.en;
  t.same(['330205', '330206', '330225'].map(english), ['By hand', 'Beilun District', 'Before']);
  t.ok(tree.exists(CITY_ZONE));
});
