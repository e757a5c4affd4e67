import t from 'tap';
import { HOUR_MS, systemClock } from '../../../../src/core/clock.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { deviceChange } from '../../../../src/devices/bulk/input.ts';
import { LifeSteps } from '../../../../src/devices/life/life-steps.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { openImports } from '../../../support/devices/imports.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';
import { quietObserver } from '../../../support/services/services.ts';

let laterMs = 0;
const clock = Object.assign(Object.create(systemClock), { nowMs: () => systemClock.nowMs() + laterMs });
const parts = await openRegistry(t, { clock });
const { registry, database } = parts;
const { imports, changes, work } = openImports(parts, { clock });
const life = new LifeSteps({ ...parts, clock, observer: quietObserver() });
const YINZHOU = callerIn('330212');
const CITY = callerIn('330200');

const plan = (caller: Caller, change: object) => changes.plan(caller, deviceChange.parse(change));
async function carriedOut(caller: Caller, id: string) {
  await changes.start(caller, id);
  await work(id);
  return await imports.list.get(caller, id);
}
async function make(prefix: string, count: number, over: Record<string, unknown> = {}): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const file = { owner: prefix, tags: ['old', 'keep'] };
    await registry.create(CITY, kiosk({ id: `${prefix}-${number}`, file, confirm: true, ...over }));
  }
}
const fileOf = async (id: string) => (await registry.get(CITY, id)).file;

t.test('exactly what was shown is changed, each with its audit row, and the change can be undone', async (t) => {
  await make('a', 120);
  await make('a-far', 1, { jurisdiction: '330203', file: { owner: 'a' } });
  const change = { set: { 维保单位: '快修公司', wdr: 'yes', 用途: null }, addTags: ['new'], removeTags: ['old'] };
  const planned = await plan(YINZHOU, { filter: { owner: 'a' }, ...change });
  t.match(planned, { count: 120, counts: { change: 120, same: 0, error: 0 } });
  t.strictSame(planned.items[0]!.fields, ['wdr', 'maintainer', 'tags']);
  t.strictSame((await fileOf('a-0')).maintainer, undefined, 'nothing was changed yet');
  t.notOk((await imports.list.newest(YINZHOU, { limit: 10 })).items.some(({ id }) => id === planned.id));

  await registry.update(CITY, 'a-1', 1, { name: 'edited meanwhile' });
  await registry.update(CITY, 'a-2', 1, { file: { owner: 'b' } });
  await make('a', 1, { id: 'a-late' });
  const done = await carriedOut(YINZHOU, planned.id);
  t.match(done, { state: 'done', rows: 120, counts: { change: 118, error: 2 }, change: { filter: { owner: 'a' } } });
  t.match(await fileOf('a-0'), { maintainer: '快修公司', wdr: true, tags: ['keep', 'new'] });
  t.notOk((await fileOf('a-late')).maintainer, 'what the filter finds by now was not shown');
  const refused = await imports.list.rows(YINZHOU, planned.id, { verdict: 'error', limit: 10 });
  t.match(refused.items, [{ id: 'a-1', faults: [{ message: /changed since it was shown/ }] }, { id: 'a-2' }]);
  t.match(await listAudit(database, CITY, { subject: 'device/a-0', limit: 1 }), [
    { action: 'device.update', callerId: YINZHOU.id, before: { file: { tags: ['old', 'keep'] } } },
  ]);
  t.match(await listAudit(database, CITY, { subject: `import/${planned.id}`, limit: 5 }), [
    { action: 'import.end' },
    { action: 'change.start', after: { rows: 120, change: { addTags: ['new'] } } },
  ]);

  await registry.update(CITY, 'a-3', 2, { name: 'edited since' });
  await imports.undo(YINZHOU, planned.id);
  await work(planned.id);
  t.match(await imports.list.get(YINZHOU, planned.id), { state: 'undone', undone: 117, conflicts: 1 });
  t.strictSame(await fileOf('a-0'), { owner: 'a', tags: ['old', 'keep'] });
  t.match(await fileOf('a-3'), { maintainer: '快修公司' });
});

t.test('lives take their next step together, and devices are worked on together', async (t) => {
  await make('l', 3, { state: 'planned' });
  await life.step(CITY, 'l-2', { from: 'planned', to: 'installed', reason: null });
  const steps = await plan(YINZHOU, { filter: { owner: 'l' }, state: { to: 'installed', reason: '验收前' } });
  t.match(steps.counts, { change: 2, same: 1 });
  t.match(await carriedOut(YINZHOU, steps.id), { counts: { change: 2, same: 1, error: 0 } });
  t.match((await life.history('l-0', { limit: 1 })).items, [{ state: 'installed', reason: '验收前', by: 'test' }]);
  const skipped = await plan(YINZHOU, { filter: { owner: 'l' }, state: { to: 'in-service' } });
  t.match(skipped, { counts: { error: 3 }, items: [{ faults: [{ message: /does not follow by saying so/ }] }] });
  await imports.undo(YINZHOU, steps.id);
  await work(steps.id);
  t.equal((await registry.get(CITY, 'l-0')).state, 'planned');

  await make('m', 3);
  const work1 = { filter: { owner: 'm' }, maintenance: { minutes: 60, reason: '换杆' }, set: { maintainer: 'x' } };
  const begun = await plan(YINZHOU, work1);
  t.match(await carriedOut(YINZHOU, begun.id), { counts: { change: 3 } });
  t.match(await registry.get(CITY, 'm-1'), { state: 'maintenance', file: { maintainer: 'x' } });
  t.match((await plan(YINZHOU, work1)).items[0]!.faults, [{ message: /in maintenance since .* by test \(换杆\)/ }]);
  await imports.undo(YINZHOU, begun.id);
  await work(begun.id);
  const back = await registry.get(CITY, 'm-1');
  t.match(back, { state: 'in-service' });
  t.notOk(back.file.maintainer);
});

t.test('a row stands or falls as a whole, and rights and borders hold', async (t) => {
  await make('r', 2);
  await registry.update(CITY, 'r-0', 1, { accessClass: 'minors' });
  const freer = await plan(callerIn('330212', 'technician'), {
    filter: { owner: 'r' },
    set: { 访问等级: '重点', maintainer: 'x' },
    maintenance: { minutes: 5, reason: 'x' },
  });
  t.match(freer.counts, { change: 1, error: 1 });
  t.match(await carriedOut(callerIn('330212', 'technician'), freer.id), { counts: { change: 1, error: 1 } });
  t.match(await registry.get(CITY, 'r-0'), { accessClass: 'minors', state: 'in-service', version: 2 });
  t.notOk((await fileOf('r-0')).maintainer);
  await t.rejects(plan(callerIn('330203'), { filter: { owner: 'r' }, set: { wdr: 'no' } }), {
    code: 'request.invalid',
  });

  const other = await plan(CITY, { filter: { owner: 'r' }, set: { wdr: 'no' } });
  await t.rejects(changes.start(YINZHOU, other.id), { code: 'not-found' });
  await t.rejects(changes.start({ ...CITY, id: 'another' }, other.id), { code: 'auth.forbidden' });
  laterMs += HOUR_MS + 1;
  await t.rejects(changes.start(CITY, other.id), { code: 'conflict.state' });
  const again = await plan(CITY, { filter: { owner: 'r' }, set: { wdr: 'no' } });
  await t.rejects(changes.start(CITY, other.id), { code: 'not-found' }, 'it was removed');
  await carriedOut(CITY, again.id);
  await t.rejects(changes.start(CITY, again.id), { code: 'conflict.state' });
});

t.test(
  'devices are retired together, what hangs on others first, and come back as far as nothing stands in the way',
  async (t) => {
    const gbId = '34020000001320000077';
    await registry.create(CITY, kiosk({ id: 's-site', kind: 'site', file: { owner: 's' }, confirm: true }));
    await make('s', 230, { parent: 's-site', file: { owner: 's' } });
    await registry.create(CITY, kiosk({ id: 's-gb', file: { owner: 's', gbId }, confirm: true }));
    await registry.create(CITY, kiosk({ id: 's-box', kind: 'site', file: { owner: 's' }, confirm: true }));
    await make('foreign', 1, { parent: 's-box' });
    await parts.database
      .tables<{ position: { id: string; state: string } }>()
      .updateTable('position')
      .set({ state: 'maintenance' })
      .where('id', '=', 's-3')
      .execute();
    const planned = await plan(YINZHOU, { filter: { owner: 's' }, retire: { reason: '完工' } });
    t.match(planned, { count: 233, counts: { change: 232, error: 1 } });
    t.match(planned.items[0], { id: 's-box', faults: [{ message: /parent of devices in use/ }] });
    t.match(await carriedOut(YINZHOU, planned.id), { counts: { change: 232, error: 1 } });
    t.equal((await registry.get(CITY, 's-site')).state, 'retired');
    t.match(await listAudit(database, CITY, { subject: 'device/s-7', limit: 1 }), [
      { action: 'device.retire', after: { state: 'retired', reason: '完工' } },
    ]);

    await registry.create(CITY, kiosk({ id: 's-gb2', file: { owner: 'other', gbId }, confirm: true }));
    await imports.undo(YINZHOU, planned.id);
    await work(planned.id);
    t.match(await imports.list.get(YINZHOU, planned.id), { state: 'undone', undone: 231, conflicts: 1 });
    const rows = await imports.list.rows(YINZHOU, planned.id, { verdict: 'conflict', limit: 10 });
    t.match(rows.items, [{ id: 's-gb' }]);
    t.match(await registry.get(CITY, 's-3'), { state: 'in-service', parent: 's-site' });
    t.match(parts.directory.get('s-229'), { state: 'in-service', parent: 's-site' });
    t.match(await listAudit(database, CITY, { subject: 'device/s-7', limit: 1 }), [{ action: 'device.restore' }]);
  },
);

t.test('what is no change of many devices is refused by the name of its field', async (t) => {
  const refusals: [object, string, RegExp][] = [
    [{ set: {} }, 'set', /say what/],
    [{ set: { name: 'x' } }, 'set.name', /is none of .*owner/],
    [{ set: { 国标编号: '34020000001320000001' } }, 'set.国标编号', /is none of/],
    [{ set: { owner: 'x', 所属部门: 'y' } }, 'set.所属部门', /named twice/],
    [{ set: { wdr: 'maybe' } }, 'set.wdr', /must be yes/],
    [{ state: { to: 'installed' }, maintenance: null }, 'maintenance', /one after the other/],
    [{ retire: {} }, 'retire.reason', /./],
    [{ retire: { reason: 'x' }, addTags: ['x'] }, 'retire', /do this alone/],
    [{ maintenance: { minutes: 60 } }, 'maintenance', /./],
    [{ addTags: ['x'], filter: { colour: 'red' } }, 'filter', /colour/],
  ];
  for (const [said, path, message] of refusals) {
    const { error } = deviceChange.safeParse({ filter: {}, ...said });
    const [issue] = error!.issues;
    t.equal(issue!.path.join('.'), path);
    t.match(issue!.message, message);
  }
});
