import t from 'tap';
import { type Clock, systemClock } from '../../../../src/core/clock.ts';
import { unitInput } from '../../../../src/devices/units/input.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';
import { openUnits, unitOf } from '../../../support/devices/units.ts';

const NINGBO = callerIn('330200');
const YINZHOU = callerIn('330212');
const HAISHU = callerIn('330203');

let atMs = Date.UTC(2026, 10, 1);
const clock: Clock = Object.assign(Object.create(systemClock), { nowMs: () => atMs });
const parts = await openRegistry(t, { clock });
const { registry, directory, database } = parts;
const { units, history, restated } = openUnits(parts, clock);

const create = (id: string, over: object = {}) => registry.create(YINZHOU, kiosk({ id, ...over }));
const hung = async (id: string): Promise<string> => (await registry.get(NINGBO, id)).unit!.id;
const stays = async (id: string) => (await history.ofPosition(NINGBO, id, { limit: 500 })).items;

t.test('a unit is named, swapped and comes back, each step with its row and without a gap', async (t) => {
  const { secret } = await create('u-1');
  const named = await units.assign(YINZHOU, 'u-1', { unit: unitOf('007'), reason: null });
  t.match(named, { unit: { serial: '007', maker: 'Dahua' }, version: 2 });
  t.ok(directory.authenticate('u-1', secret), 'what was registered goes on with its secret');
  await t.rejects(units.assign(YINZHOU, 'u-1', { unit: unitOf('008'), reason: null }), {
    code: 'conflict.state',
    message: /Dahua 007 hangs here; swap it/,
  });

  atMs -= 60_000;
  const swapped = await units.swap(YINZHOU, 'u-1', { unit: unitOf('2.10'), replaces: named.unit!.id, reason: 'dead' });
  t.match(swapped.device, { unit: { serial: '2.10' }, version: 3 });
  t.ok(directory.authenticate('u-1', swapped.secret));
  t.equal(directory.authenticate('u-1', secret), null, 'the secret of the old unit ends with it');
  t.ok(parts.disconnected.includes('u-1'));

  const undo = { replaces: swapped.device.unit!.id, reason: 'read the wrong label' };
  t.match(await units.undo(YINZHOU, 'u-1', undo), { unit: { id: named.unit!.id, serial: '007' }, version: 4 });
  t.ok(directory.authenticate('u-1', secret), 'the unit that came back still has its secret');
  await t.rejects(units.undo(YINZHOU, 'u-1', { ...undo, replaces: named.unit!.id }), { message: /nothing to undo/ });

  const all = await stays('u-1');
  t.match(all, [
    { how: 'undone', unit: { serial: '007' }, toMs: null, reason: 'read the wrong label', by: 'test' },
    { how: 'swapped', unit: { serial: '2.10' }, reason: 'dead' },
    { how: 'assigned', unit: { serial: '007' } },
    { how: 'registered', unit: { serial: null }, by: null },
  ]);
  for (const [index, { toMs }] of all.entries()) {
    if (index > 0) t.equal(toMs, all[index - 1]?.fromMs, 'a clock that is set back makes neither gap nor overlap');
  }
  t.match((await history.ofUnit(YINZHOU, { serial: ' 007 ' }, { limit: 5 })).items, [
    { device: 'u-1' },
    { device: 'u-1' },
  ]);
  t.match((await history.ofUnit(HAISHU, { serial: '007' }, { limit: 5 })).items, []);
  const first = await history.ofPosition(YINZHOU, 'u-1', { limit: 3 });
  const rest = await history.ofPosition(YINZHOU, 'u-1', { limit: 3, after: first.next! });
  t.same([...first.items, ...rest.items], all);
  t.equal(rest.next, null);
  const audit = await listAudit(database, NINGBO, { subject: 'device/u-1', limit: 10 });
  t.match(
    audit.map(({ action }) => action),
    ['device.undo-unit', 'device.swap', 'device.assign', 'device.create'],
  );
  t.match(audit[1], { before: { unit: { serial: '007' } }, after: { unit: { serial: '2.10' }, reason: 'dead' } });
  t.ok(restated.length >= 3, 'its camera would be asked anew');
});

t.test('a unit hangs at one place; who wants it elsewhere is told where, if that is theirs to know', async (t) => {
  await create('u-2');
  await create('u-3');
  await registry.create(HAISHU, kiosk({ id: 'u-haishu', jurisdiction: '330203' }));
  await units.assign(YINZHOU, 'u-2', { unit: unitOf('S-2', { mac: '02:00:00:00:00:02' }), reason: null });
  const elsewhere = { code: 'conflict.state', message: /unit: hangs at u-2; take it down there first \(POST .*u-2/ };
  await t.rejects(units.assign(YINZHOU, 'u-3', { unit: unitOf('S-2'), reason: null }), elsewhere);
  const swap = { unit: unitOf('S-2', { maker: null }), replaces: await hung('u-3'), reason: 'x' };
  await t.rejects(units.swap(YINZHOU, 'u-3', swap), elsewhere);
  const other = unitInput.parse({ serial: 'unknown', mac: '02-00-00-00-00-02' });
  await t.rejects(units.assign(YINZHOU, 'u-3', { unit: other, reason: null }), elsewhere, 'its hardware address');
  await t.rejects(units.assign(HAISHU, 'u-haishu', { unit: unitOf('S-2'), reason: null }), {
    code: 'conflict.state',
    message: /^(?!.*u-2).*outside your jurisdiction/,
  });
  await units.assign(HAISHU, 'u-haishu', { unit: unitOf('S-2', { maker: 'Uniview' }), reason: null });
  t.equal((await stays('u-3')).length, 1, 'nothing was begun');

  const replaces = await hung('u-2');
  const down = await units.takeDown(YINZHOU, 'u-2', { replaces, reason: 'to the workshop' });
  t.match(down.device.unit, { serial: null });
  const moved = await units.assign(YINZHOU, 'u-3', { unit: unitOf('S-2', { firmware: '1e5' }), reason: 'as a spare' });
  t.match(moved.unit, { id: replaces, firmware: '1e5' }, 'it is the same unit, with what is said of it today');
  t.match(
    (await history.ofUnit(YINZHOU, { serial: 'S-2' }, { limit: 5 })).items.map(({ device }) => device),
    ['u-3', 'u-2'],
  );
  const back = { replaces: await hung('u-2'), reason: 'x' };
  await t.rejects(units.undo(YINZHOU, 'u-2', back), { message: /Dahua S-2, which hung here before, hangs at u-3;/ });
  await t.rejects(units.takeDown(YINZHOU, 'u-2', back), { message: /No unit is named here/ });
  await units.assign(YINZHOU, 'u-2', { unit: unitOf('S-22'), reason: null });
  t.ok(directory.authenticate('u-2', down.secret), 'the next unit has the secret that was given out for it');
});

t.test('an undone step opens no door with a secret of another place, or with one that was changed since', async (t) => {
  await create('d-1');
  await registry.create(HAISHU, kiosk({ id: 'd-haishu', jurisdiction: '330203' }));
  await units.assign(YINZHOU, 'd-1', { unit: unitOf('D-1'), reason: null });
  const mine = await units.swap(YINZHOU, 'd-1', { unit: unitOf('D-2'), replaces: await hung('d-1'), reason: 'x' });
  const there = { unit: unitOf('D-1'), replaces: await hung('d-haishu'), reason: 'as a spare' };
  const theirs = await units.swap(HAISHU, 'd-haishu', there);
  await units.takeDown(HAISHU, 'd-haishu', { replaces: theirs.device.unit!.id, reason: 'x' });
  const undo = { replaces: mine.device.unit!.id, reason: 'x' };
  await t.rejects(units.undo(YINZHOU, 'd-1', undo), { code: 'conflict.state', message: /hung elsewhere since; swap/ });
  t.equal(directory.authenticate('d-1', theirs.secret), null);
  t.ok(directory.authenticate('d-1', mine.secret));

  const { secret } = await create('d-3');
  const { unit } = await units.assign(YINZHOU, 'd-3', { unit: unitOf('wrong label'), reason: null });
  const rotated = await registry.rotateSecret(YINZHOU, 'd-3');
  await units.undo(YINZHOU, 'd-3', { replaces: unit!.id, reason: 'read the wrong label' });
  t.equal(directory.authenticate('d-3', secret), null, 'it was changed because somebody knew it');
  t.ok(directory.authenticate('d-3', rotated));
});

t.test('a label changes nothing of the past: what a unit was known by stays', async (t) => {
  for (const id of ['l-1', 'l-2']) await create(id);
  const mac = '02:00:00:00:00:11';
  await units.assign(YINZHOU, 'l-1', { unit: unitOf('L-1', { mac }), reason: null });
  await units.takeDown(YINZHOU, 'l-1', { replaces: await hung('l-1'), reason: 'x' });
  const hang = (over: object) =>
    units.assign(YINZHOU, 'l-2', { unit: unitInput.parse({ mac, ...over }), reason: null });
  await t.rejects(hang({ serial: 'L-9' }), { code: 'conflict.state', message: /unit.serial: is L-9 here, .* is L-1;/ });
  t.match(await hang({ serial: 'unknown' }), { unit: { serial: 'L-1' } });
  await units.takeDown(YINZHOU, 'l-2', { replaces: await hung('l-2'), reason: 'x' });
  await units.assign(YINZHOU, 'l-2', { unit: unitOf('L-1', { mac: '02:00:00:00:00:12' }), reason: null });
  const places = (await history.ofUnit(YINZHOU, { serial: 'L-1' }, { limit: 9 })).items;
  t.match(places, [{ device: 'l-2', unit: { mac: `${mac},02:00:00:00:00:12` } }, { device: 'l-2' }, { device: 'l-1' }]);
});

t.test('a step across a border, on a retired device or after another step is refused', async (t) => {
  await create('u-4');
  const seen = await hung('u-4');
  const swap = { unit: unitOf('S-4'), replaces: seen, reason: 'x' };
  await t.rejects(units.swap(HAISHU, 'u-4', swap), { code: 'not-found' });
  await t.rejects(units.assign(HAISHU, 'u-4', { unit: unitOf('S-4'), reason: null }), { code: 'not-found' });
  await t.rejects(units.takeDown(HAISHU, 'u-4', swap), { code: 'not-found' });
  await t.rejects(units.undo(HAISHU, 'u-4', swap), { code: 'not-found' });
  t.same((await history.ofPosition(HAISHU, 'u-4', { limit: 5 })).items, []);
  const { device } = await units.swap(YINZHOU, 'u-4', swap);
  await t.rejects(units.swap(YINZHOU, 'u-4', { ...swap, unit: unitOf('S-44') }), {
    code: 'conflict.state',
    message: /replaces: is no longer what hangs here: Dahua S-4 does since .* \(swapped by test\)/,
  });
  await registry.retire(YINZHOU, 'u-4', device.version);
  await t.rejects(units.takeDown(YINZHOU, 'u-4', { ...swap, replaces: device.unit!.id }), { message: /retired/ });

  await create('u-5');
  const next = await units.assign(YINZHOU, 'u-5', { unit: unitOf('S-4'), reason: null });
  t.equal(next.unit?.id, device.unit?.id, 'what was given up with its place may hang elsewhere');
  t.match(await stays('u-4'), [{ how: 'taken-down' }, { how: 'swapped', unit: { serial: 'S-4' } }, {}]);
  t.match(await registry.get(YINZHOU, 'u-4'), { state: 'retired', unit: { serial: null } });
  t.equal(directory.identity('u-4'), undefined);
});

t.test('of those who hang up one unit, or swap one, at the same moment one wins and the others are told', async (t) => {
  const ids = Array.from({ length: 6 }, (_, number) => `r-${number}`);
  for (const id of ids) await create(id);
  const rush = ids.map((id) => units.assign(YINZHOU, id, { unit: unitOf('ONE'), reason: null }));
  const results = await Promise.allSettled(rush);
  const [winner] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const losers = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  t.equal(losers.length, 5);
  for (const loser of losers) t.match(loser, { code: 'conflict.state', message: `hangs at ${winner?.id};` });

  const seen = { replaces: winner!.unit!.id, reason: 'dead' };
  const swaps = ids.map((_, number) => units.swap(YINZHOU, winner!.id, { unit: unitOf(`R-${number}`), ...seen }));
  const rejected = (await Promise.allSettled(swaps)).flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  t.equal(rejected.length, 5);
  for (const loser of rejected) t.match(loser, { code: 'conflict.state', message: /by test/ });
  t.equal((await stays(winner!.id)).length, 3);
});

t.test('a label that tells nothing is refused naming the field', (t) => {
  const refused = (value: object): string => unitInput.safeParse(value).error?.issues[0]?.path.join('.') ?? 'taken';
  t.equal(refused({ serial: '000000' }), 'serial');
  t.equal(refused({ maker: 'Dahua' }), 'serial');
  t.equal(refused({ serial: 7 }), 'serial');
  t.equal(refused({ serial: 'x', mac: 'aa:bb' }), 'mac');
  t.equal(refused({ serial: 'a\nb' }), 'serial');
  t.match(unitInput.parse({ serial: ' 34020000001320000001 ' }), { serial: '34020000001320000001', mac: null });
  t.end();
});
