import t, { type Test } from 'tap';
import type { Caller } from '../../../../src/core/types.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { areasAround } from '../../../../src/streams/walls/wall-table.ts';
import { Walls } from '../../../../src/streams/walls/walls.ts';
import { callerIn, openRegistry } from '../../../support/devices/registry.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const CITY = callerIn('330200');
const COUNTY = callerIn('330203');
const NEIGHBOUR = callerIn('330212');
const ELSEWHERE = callerIn('320100');
const GATES = { name: 'gates', layout: 4, cameras: ['here-1', 'there-1'], shared: false } as const;
const gates = () => ({ ...GATES, cameras: [...GATES.cameras] });

/** Walls, of whose cameras `here-` are seen in the county, and all in the city. */
async function start(t: Test) {
  const { database } = await openRegistry(t);
  const sees = ({ jurisdiction }: Caller, camera: string) => jurisdiction === '330200' || camera.startsWith('here');
  const rights = { sees, tends: (caller: Caller) => caller.id === 'tends' };
  return { database, walls: new Walls({ database, clock: new ManualClock(), rights }) };
}

const names = async (walls: Walls, caller: Caller) => (await walls.list(caller)).map(({ name }) => name);

t.test('a wall is its owner’s alone until it is shared, and then shows each what is theirs to see', async (t) => {
  const { walls } = await start(t);
  const made = await walls.create(CITY, gates());
  t.match(made, { ...GATES, version: 1, jurisdiction: '330200' });
  const colleague = { ...CITY, id: 'colleague' };
  for (const other of [colleague, COUNTY]) {
    t.same(await walls.list(other), []);
    await t.rejects(walls.get(other, made.id), { code: 'not-found' });
    await t.rejects(walls.change(other, made.id, 1, { name: 'mine' }), { code: 'not-found' });
  }
  const shared = await walls.change(CITY, made.id, 1, { shared: true });
  t.match(shared, { ...GATES, shared: true, version: 2 });
  t.match(await walls.get(colleague, made.id), { cameras: ['here-1', 'there-1'] });
  t.match(await walls.list(COUNTY), [{ name: 'gates', cameras: ['here-1'] }], 'also who is below, with less');
  t.notMatch(JSON.stringify(await walls.list(COUNTY)), /there/, 'and is not told of others');
  t.same(await walls.list(ELSEWHERE), []);
  const below = await walls.create(COUNTY, { ...gates(), name: 'county', shared: true });
  t.same(await names(walls, CITY), ['gates', 'county'], 'who is above sees what is shared below');
  t.same(await names(walls, NEIGHBOUR), ['gates'], 'and who is beside does not');
  await t.rejects(walls.get(NEIGHBOUR, below.id), { code: 'not-found' });
});

t.test('its owner changes it, a version at a time, and each change has its row', async (t) => {
  const { walls, database } = await start(t);
  const { id } = await walls.create(CITY, { ...gates(), shared: true });
  const colleague = { ...CITY, id: 'colleague' };
  await t.rejects(walls.change(colleague, id, 1, { name: 'mine' }), { code: 'auth.forbidden' });
  await t.rejects(walls.remove(colleague, id, 1), { code: 'auth.forbidden' });
  t.match(await walls.change(CITY, id, 1, { name: 'doors', cameras: [] }), { name: 'doors', cameras: [], layout: 4 });
  await t.rejects(walls.change(CITY, id, 1, { name: 'late' }), { code: 'precondition.stale' });
  await walls.remove({ ...CITY, id: 'tends' }, id, 2);
  await t.rejects(walls.get(CITY, id), { code: 'not-found' });
  const rows = (await listAudit(database, CITY, { limit: 10 })).filter(({ subject }) => subject === `wall/${id}`);
  t.same(
    rows.map(({ action }) => action),
    ['wall.remove', 'wall.change', 'wall.create'],
  );
  t.match(rows[1], { before: { name: 'gates' }, after: { name: 'doors', cameras: [] }, jurisdiction: '330200' });
});

t.test('nobody keeps more than fifty', async (t) => {
  const { walls } = await start(t);
  for (let n = 0; n < 50; n += 1) await walls.create(CITY, { ...gates(), name: `wall ${n}` });
  await t.rejects(walls.create(CITY, gates()), { code: 'conflict.state' });
  await walls.create(COUNTY, gates());
});

t.test('areas lie in those above them', async (t) => {
  t.same(areasAround('330203'), ['000000', '330000', '330200', '330203']);
  t.same(areasAround('330203001'), ['000000', '330000', '330200', '330203', '330203001']);
  t.same(areasAround('3302z-gaoxin'), ['000000', '330000', '330200', '3302z-gaoxin']);
  t.same(areasAround('000000'), ['000000']);
});
