import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/clock.ts';
import { MAINTENANCE_QUEUE, Maintenances } from '../../../src/devices/life/maintenances.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { WorkQueue } from '../../../src/platform/work/work.ts';
import { callerIn, kiosk, openDatabase, openRegistry } from '../../support/devices/registry.ts';
import { firstOwner } from '../../support/services/ownership.ts';
import { quietObserver } from '../../support/services/services.ts';
import { ManualClock } from '../../support/time/clock.ts';
import { until } from '../../support/time/until.ts';

const NATION = callerIn('000000');
const YINZHOU = callerIn('330212');
const HAISHU = callerIn('330203');
const TWO_HOURS = { reason: '镜头进水', minutes: 120 };

/** A gateway's part in maintenances; each call is another life of it on the same database. */
async function world() {
  const clock = new ManualClock();
  const database = await openDatabase(t);
  const looks: string[] = [];
  const withheld = {
    count: async (_tx: unknown, devices: readonly string[]) => devices.length,
    look: async () => void looks.push('look'),
    ring: () => {},
  };
  const lives: Maintenances[] = [];
  const followers = [
    { follow: (...all: Parameters<Maintenances['follow']>) => lives.at(-1)!.follow(...all), settle: async () => {} },
  ];
  const parts = await openRegistry(t, { database, clock, followers });
  const live = () => {
    const deps = { ...parts, clock, observer: quietObserver(), ownership: firstOwner(), withheld };
    const maintenances = new Maintenances({ ...deps, maxMs: 72 * HOUR_MS });
    lives.push(maintenances);
    const work = new WorkQueue({ ...deps, database });
    work.handle(MAINTENANCE_QUEUE, (id) => maintenances.handle(id));
    const sweep = async () => {
      await work.pump(MAINTENANCE_QUEUE, new AbortController().signal);
      await work.idle();
    };
    return { maintenances, sweep };
  };
  return { ...parts, clock, looks, live };
}

t.test('a maintenance has a reason and an end, and says who is at it', async (t) => {
  const { registry, directory, database, clock, looks, live } = await world();
  const { maintenances } = live();
  await registry.create(YINZHOU, kiosk({ id: 'cabinet' }));
  await registry.create(YINZHOU, kiosk({ id: 'k-1', parent: 'cabinet' }));
  const tooLong = { reason: 'r', minutes: 72 * 60 + 1 };
  const refusal = { code: 'request.invalid', message: /at most 4320, as CITYWATCH_MAINTENANCE_MAX_H/ };
  await t.rejects(maintenances.begin(YINZHOU, 'cabinet', tooLong), refusal);
  await t.rejects(maintenances.begin(HAISHU, 'cabinet', TWO_HOURS), { code: 'not-found' });
  await t.rejects(maintenances.end(YINZHOU, 'cabinet'), { code: 'conflict.state', message: /not in maintenance/ });

  const begun = await maintenances.begin(YINZHOU, 'cabinet', TWO_HOURS);
  t.match(begun, { reason: '镜头进水', by: 'test', untilMs: begun.fromMs + 120 * MINUTE_MS, endedMs: null });
  t.match(await registry.get(YINZHOU, 'cabinet'), { state: 'maintenance', version: 2 });
  t.equal(directory.maintained('k-1'), 'cabinet', 'what hangs on it is in maintenance with it');
  t.equal(directory.maintained('cabinet'), 'cabinet');
  const again = { code: 'conflict.state', message: /in maintenance since .*Z by test \(镜头进水\), until .*Z/ };
  await t.rejects(maintenances.begin(YINZHOU, 'cabinet', TWO_HOURS), again);

  await clock.advance(10 * MINUTE_MS);
  t.match((await maintenances.list('cabinet', { limit: 5 })).items, [{ endedMs: null, withheld: 2 }]);
  const ended = await maintenances.end(YINZHOU, 'cabinet');
  t.match(ended, { endedMs: begun.fromMs + 10 * MINUTE_MS, endedBy: 'test', withheld: 2 });
  t.equal(directory.maintained('k-1'), null);
  t.strictSame(looks, ['look'], 'what was held back is judged again');
  const actions = (await listAudit(database, NATION, { subject: 'device/cabinet', limit: 9 })).map((row) => row.action);
  t.strictSame(actions, ['device.maintenance-end', 'device.maintenance-begin', 'device.create']);
  await registry.create(YINZHOU, kiosk({ id: 'plan', state: 'planned' }));
  await t.rejects(maintenances.begin(YINZHOU, 'plan', TWO_HOURS), { code: 'conflict.state', message: /is planned/ });
});

t.test('it ends by itself at its time, also where the gateway was down then', async (t) => {
  const { registry, clock, looks, live } = await world();
  const first = live();
  await registry.create(YINZHOU, kiosk({ id: 'k-2' }));
  await first.maintenances.begin(YINZHOU, 'k-2', TWO_HOURS);
  await clock.advance(119 * MINUTE_MS);
  await first.sweep();
  t.match(await registry.get(YINZHOU, 'k-2'), { state: 'maintenance' });

  // The first life is killed, and what it had noted with it.
  const { maintenances, sweep } = live();
  await clock.advance(2 * MINUTE_MS);
  await maintenances.start();
  await until('it has ended', async () => {
    await sweep();
    return (await registry.get(YINZHOU, 'k-2')).state === 'in-service';
  });
  t.match((await maintenances.list('k-2', { limit: 5 })).items, [{ endedBy: null, endedMs: clock.nowMs() }]);
  t.equal(looks.length, 1);
  await sweep();
  t.equal((await maintenances.list('k-2', { limit: 5 })).items.length, 1, 'once');

  await maintenances.begin(YINZHOU, 'k-2', TWO_HOURS);
  const { version } = await registry.get(YINZHOU, 'k-2');
  await registry.retire(YINZHOU, 'k-2', version);
  t.match((await maintenances.list('k-2', { limit: 1 })).items, [{ endedMs: clock.nowMs() }], 'retired ends it');
  await clock.advance(121 * MINUTE_MS);
  await sweep();
  t.match(await registry.get(NATION, 'k-2'), { state: 'retired' });
  const page = await maintenances.list('k-2', { limit: 1 });
  t.match((await maintenances.list('k-2', { limit: 1, after: page.next! })).items, [{ endedBy: null }]);
});
