import t from 'tap';
import { type JurisdictionInput, jurisdictionInput } from '../../../src/access/tree/input.ts';
import { Jurisdictions } from '../../../src/access/tree/jurisdictions.ts';
import { TreeEdits } from '../../../src/access/tree/tree-edits.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { COUNTRY } from '../../../src/core/jurisdiction.ts';
import { bearer, startApi } from '../../support/api/api.ts';
import { callerIn, kiosk, openRegistry } from '../../support/devices/registry.ts';
import { countStatements } from '../../support/services/count-statements.ts';

const ground = await openRegistry(t);
const { database, jurisdictions: tree, search, authority, tokens } = ground;
const clock = systemClock;
const treeEdits = new TreeEdits({ database, clock, jurisdictions: tree });
const nation = callerIn('000000');
const TOWN = '330212001';
const ZONE = '330212z-ruanjian';
for (const code of [TOWN, ZONE]) {
  await treeEdits.add(nation, jurisdictionInput.parse({ code, name: { zh: code } }) as JurisdictionInput);
}
const { doors: directory, kinds, departments } = ground;
const known = { registry: ground.behindApi, search, directory, tokens, kinds, departments };
const api = await startApi(t, { ...known, authority, jurisdictions: tree, treeEdits, clock });

async function keeperOf(jurisdiction: string): Promise<string> {
  return (await tokens.create(nation, { name: 'x', role: 'administrator', jurisdiction, purpose: 'case' })).token;
}
// biome-ignore lint/suspicious/noExplicitAny: answers of several routes.
function post(token: string, path: string, payload: object): Promise<any> {
  return api.call({ method: 'POST', url: `/api/v1${path}`, headers: bearer(token), payload });
}
const yinzhou = await keeperOf('330212');
const draw = (code: string, bounds: string | null, token = yinzhou) =>
  post(token, `/jurisdictions/${code}/bounds`, { bounds });
const { jurisdiction: _, ...NOWHERE } = kiosk({ id: 'x' });
const place = (id: string, lon: number, lat: number, token = yinzhou) =>
  post(token, '/devices', { ...NOWHERE, id, location: { lon, lat } });

t.test(
  'a device without an area is found by its place: the lowest area around it, of these the smallest',
  async (t) => {
    t.match(await place('first', 121.55, 29.85), { status: 400, body: { issues: [{ path: 'jurisdiction' }] } });
    const county = await draw('330212', '121.4,29.7;121.8,29.7;121.8,30;121.4,30');
    t.match(county, { status: 200, body: { code: '330212', hasBounds: true } });
    await draw(TOWN, '121.5,29.8;121.6,29.8;121.6,29.9;121.5,29.9');
    await draw(ZONE, '121.54,29.84;121.56,29.84;121.56,29.86;121.54,29.86');
    t.match(await place('in-zone', 121.55, 29.85), { status: 201, body: { jurisdiction: ZONE } });
    t.match(await place('in-town', 121.52, 29.82), { status: 201, body: { jurisdiction: TOWN } });
    t.match(await place('in-county', 121.7, 29.75), { status: 201, body: { jurisdiction: '330212' } });
    t.match(await place('outside', 122.5, 29.75), { status: 400, body: { issues: [{ message: /no area of yours/ }] } });
    const told = { ...NOWHERE, id: 'told', location: { lon: 121.55, lat: 29.85 }, jurisdiction: '330212' };
    t.match(await post(yinzhou, '/devices', told), { body: { jurisdiction: '330212' } }, 'what was said counts');
  },
);

t.test('what stands somewhere stays there when bounds are drawn anew, and they outlive a start', async (t) => {
  t.match(await draw(ZONE, null), { status: 200, body: { hasBounds: false } });
  t.match(await api.call({ method: 'GET', url: '/api/v1/devices/in-zone', headers: bearer(yinzhou) }), {
    body: { jurisdiction: ZONE },
  });
  t.match(await place('later', 121.55, 29.85), { body: { jurisdiction: TOWN } });
  const again = new Jurisdictions();
  await again.seed(database);
  t.equal(again.around([121.52, 29.82], COUNTRY), TOWN);
  t.strictSame(again.boundsOf('330212')?.at(0), [121.4, 29.7]);
});

t.test('a zone is no lower for its name, and bounds that others drew count for nothing', async (t) => {
  const WIDE = '3302z-a-zone-with-a-long-name';
  await treeEdits.add(nation, jurisdictionInput.parse({ code: WIDE, name: { zh: WIDE } }) as JurisdictionInput);
  const ningbo = await keeperOf('330200');
  const around = '121.51,29.81;121.59,29.81;121.59,29.89;121.51,29.89';
  t.match(await draw(WIDE, around, ningbo), { status: 200 });
  t.match(await place('lowest', 121.55, 29.85, ningbo), { status: 201, body: { jurisdiction: TOWN } });
  t.match(await draw('330203', around, await keeperOf('330203')), { status: 200 });
  await draw(TOWN, null);
  t.match(await place('mine', 121.55, 29.85), { status: 201, body: { jurisdiction: '330212' } });
  await draw(TOWN, '121.5,29.8;121.6,29.8;121.6,29.9;121.5,29.9');
  await draw('330203', null, ningbo);
});

t.test('only who is responsible draws, and nobody is told of the areas of others', async (t) => {
  const haishu = await keeperOf('330203');
  t.match(await draw('330212', null, haishu), { status: 404 });
  t.match(await place('theirs', 121.55, 29.85, haishu), { status: 400, body: { issues: [{ path: 'jurisdiction' }] } });
  t.match(await draw(TOWN, '121.5,29.8;121.6,29.8'), { status: 400, body: { issues: [{ path: 'bounds' }] } });
});

t.test('an edit of the tree reads the bounds of what it changed, and of nothing else', async (t) => {
  const [xs, ys] = [121.4, 29.7];
  for (const code of [TOWN, ZONE, '330203', '330205']) {
    await treeEdits.setBounds(nation, code, [
      [xs, ys],
      [xs + 0.2, ys],
      [xs, ys + 0.2],
    ]);
  }
  const said = countStatements(t);
  const boundsRead = (): number => said.texts.filter((text) => /select [^;]*"bounds"/.test(text)).length;
  const plain = '330206';
  await treeEdits.rename(nation, plain, { zh: '北仑', en: 'Beilun' });
  t.equal(boundsRead(), 0, 'of one that nobody has drawn none');
  await treeEdits.rename(nation, TOWN, { zh: '镇', en: 'Town' });
  t.equal(boundsRead(), 1);
  await treeEdits.setBounds(nation, ZONE, null);
  t.equal(boundsRead(), 1);
  t.equal(tree.boundsOf(ZONE), null);
  await tree.load(database);
  t.equal(boundsRead(), 1);
  t.strictSame(tree.boundsOf(TOWN)?.at(0), [xs, ys]);
  t.ok(tree.get('330203')?.hasBounds);
  const narrow = said.texts.filter((text) => /from "jurisdiction" order by/.test(text));
  t.ok(narrow.length > 0 && narrow.every((text) => !text.includes('"bounds"')));
});

t.test('zones are found by what they are called, while they are drawn and have not ended', async (t) => {
  const [tunnel, other] = ['3302z-no-hazmat-tunnel', '3302z-no-hazmatters'];
  const ring: [number, number][] = [
    [121.5, 29.8],
    [121.6, 29.8],
    [121.6, 29.9],
  ];
  for (const code of [tunnel, other]) {
    await treeEdits.add(nation, jurisdictionInput.parse({ code, name: { zh: code } }) as JurisdictionInput);
    t.strictSame(tree.boundsOfZones('no-hazmat'), [], 'nobody has drawn it');
  }
  for (const code of [tunnel, other, TOWN]) await treeEdits.setBounds(nation, code, ring);
  t.strictSame(tree.boundsOfZones('no-hazmat'), [ring]);
  t.strictSame(tree.boundsOfZones('no-hazmat-tunnel'), [ring]);
  t.strictSame(tree.boundsOfZones('hazmat'), []);
  await treeEdits.end(nation, tunnel, { on: '2026-01-01', successor: null });
  t.strictSame(tree.boundsOfZones('no-hazmat'), []);
});
