import { pino } from 'pino';
import t from 'tap';
import { HOUR_MS } from '../../../src/core/clock.ts';
import { SecretOverlaps } from '../../../src/devices/doors/secret-overlaps.ts';
import { callerIn, kiosk, openRegistry } from '../../support/devices/registry.ts';
import { firstOwner } from '../../support/services/ownership.ts';
import { ManualClock } from '../../support/time/clock.ts';
import { until } from '../../support/time/until.ts';

const YINZHOU = callerIn('330212');

t.test('where it may, the old secret works until the new one was used, or until its time is over', async (t) => {
  const clock = new ManualClock();
  const { database, registry, directory, disconnected } = await openRegistry(t, { clock });
  const deps = { database, ownership: firstOwner(), clock, log: pino({ level: 'silent' }) };
  const overlaps = new SecretOverlaps({
    ...deps,
    disconnect: (id) => void disconnected.push(id),
    proven: async () => {},
  });
  const used: string[] = [];
  directory.listen({
    changed: () => {},
    disconnect: (id) => void disconnected.push(id),
    secretUsed: (id) => used.push(id),
  });
  const { secret } = await registry.create(YINZHOU, kiosk({ id: 'k-1' }));
  const next = await registry.rotateSecret(YINZHOU, 'k-1', HOUR_MS);
  t.ok(directory.authenticate('k-1', secret), 'the old one');
  t.same(disconnected, [], 'what it has open goes on');
  t.ok(directory.authenticate('k-1', next), 'the new one');
  t.equal(directory.authenticate('k-1', secret), null, 'and from then on that alone');
  t.ok(directory.authenticate('k-1', next));
  t.same(used, ['k-1'], 'which is written once');
  overlaps.used('k-1');
  await until('the old one is gone', async () => (await overlaps.handle('k-1')).again === null);
  const third = await registry.rotateSecret(YINZHOU, 'k-1', HOUR_MS);
  t.ok(directory.authenticate('k-1', next));
  await clock.advance(HOUR_MS);
  t.equal(directory.authenticate('k-1', next), null, 'its time is over');
  t.same(await overlaps.handle('k-1'), { again: null });
  t.same(disconnected, ['k-1'], 'also for what it has open');
  t.ok(directory.authenticate('k-1', third));
  const fourth = await registry.rotateSecret(YINZHOU, 'k-1', HOUR_MS);
  const last = await registry.rotateSecret(YINZHOU, 'k-1');
  for (const old of [secret, next, third, fourth]) t.equal(directory.authenticate('k-1', old), null);
  t.ok(directory.authenticate('k-1', last), 'a rotation without an overlap ends both before it');
});
