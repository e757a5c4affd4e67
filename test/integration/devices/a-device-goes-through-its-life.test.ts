import t from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { LifeSteps } from '../../../src/devices/life/life-steps.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { callerIn, kiosk, type OpenRegistry, openRegistry } from '../../support/devices/registry.ts';
import { quietObserver } from '../../support/services/services.ts';

const NATION = callerIn('000000');
const YINZHOU = callerIn('330212');
const HAISHU = callerIn('330203');

let parts: OpenRegistry;
let life: LifeSteps;

t.before(async () => {
  parts = await openRegistry(t);
  life = new LifeSteps({ ...parts, clock: systemClock, observer: quietObserver() });
});

t.test('a life goes step by step, each with its audit row', async (t) => {
  const { registry, directory, database, disconnected } = parts;
  const { device, secret } = await registry.create(YINZHOU, kiosk({ id: 'k-1', state: 'accepted' }));
  t.equal(device.state, 'accepted');
  const said = { reason: null };
  t.match(await life.step(YINZHOU, 'k-1', { from: 'accepted', to: 'in-service', ...said }), { version: 2 });
  const back = { from: 'in-service', to: 'accepted', reason: '整改 2026-118' } as const;
  t.match(await life.step(YINZHOU, 'k-1', back), { state: 'accepted', version: 3 });
  await life.step(YINZHOU, 'k-1', { from: 'accepted', to: 'in-service', ...said });
  t.match(await registry.get(YINZHOU, 'k-1'), { state: 'in-service', version: 4 });
  t.equal(directory.get('k-1')!.state, 'in-service');
  t.ok(directory.authenticate('k-1', secret));
  t.strictSame(disconnected, [], 'what a device has open goes on through the steps of its life');

  const { items } = await life.history('k-1', { limit: 10 });
  t.match(items, [{ state: 'in-service', by: 'test' }, { state: 'accepted', reason: '整改 2026-118' }, {}]);
  const first = await life.history('k-1', { limit: 2 });
  t.match((await life.history('k-1', { limit: 2, after: first.next! })).items, [{ state: 'in-service' }]);
  const rows = await listAudit(database, NATION, { subject: 'device/k-1', limit: 9 });
  t.match(
    rows.map(({ action, before, after }) => ({ action, before, after })),
    [
      { action: 'device.life', before: { state: 'accepted', version: 3 }, after: { state: 'in-service', version: 4 } },
      { action: 'device.life', after: { reason: '整改 2026-118' } },
      { action: 'device.life' },
      { action: 'device.create' },
    ],
  );
});

t.test('what may not follow is refused, saying what may, and a race says who was first', async (t) => {
  const { registry } = parts;
  await registry.create(YINZHOU, kiosk({ id: 'k-2', state: 'installed' }));
  const step = (from: string, to: string) => life.step(YINZHOU, 'k-2', { from, to, reason: null } as never);
  const refusals: [string, RegExp][] = [
    ['in-service', /is installed, and in-service does not follow.*planned may be said/],
    ['accepted', /is accepted with POST \/api\/v1\/devices\/k-2\/acceptance/],
    ['installed', /installed does not follow/],
    ['maintenance', /POST \/api\/v1\/devices\/k-2\/maintenance/],
    ['retired', /DELETE \/api\/v1\/devices\/k-2/],
  ];
  for (const [to, message] of refusals) {
    await t.rejects(step('installed', to), { code: 'conflict.state', message }, to);
  }
  await step('installed', 'planned');
  await t.rejects(step('installed', 'planned'), { message: /is planned by now, since 2.*Z by test/ });
  await t.rejects(life.step(HAISHU, 'k-2', { from: 'planned', to: 'installed', reason: null }), { code: 'not-found' });
  await t.rejects(registry.create(YINZHOU, kiosk({ state: 'maintenance' })), { code: 'request.invalid' });
  const { version } = await registry.get(YINZHOU, 'k-2');
  await registry.retire(YINZHOU, 'k-2', version);
  await t.rejects(step('retired', 'accepted'), { message: /nothing may be said of it/ });
});

t.test('of two who say the same at once one is told of the other', async (t) => {
  const { registry } = parts;
  await registry.create(YINZHOU, kiosk({ id: 'k-3', state: 'planned' }));
  const step = () => life.step(YINZHOU, 'k-3', { from: 'planned', to: 'installed', reason: null });
  const outcomes = await Promise.allSettled([step(), step(), step()]);
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  t.equal((await life.history('k-3', { limit: 10 })).items.length, 1);
});
