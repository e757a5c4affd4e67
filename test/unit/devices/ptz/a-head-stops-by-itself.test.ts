import t from 'tap';
import type { PtzHead, Velocity } from '../../../../src/devices/onvif/services/ptz.ts';
import type { AskOptions } from '../../../../src/devices/onvif/services/services.ts';
import { DEADMAN_MS, PtzDriver } from '../../../../src/devices/ptz/driver.ts';
import { PtzLock } from '../../../../src/devices/ptz/lock.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { turns } from '../../../support/time/turns.ts';

const RIGHT: Velocity = { pan: 1, tilt: 0, zoom: 0 };
const LEFT: Velocity = { pan: -1, tilt: 0, zoom: 0 };

/** A head that takes every order, or hangs at moves until they are given up. */
function world({ hangs = false } = {}) {
  const orders: string[] = [];
  const clock = new ManualClock();
  const hang = ({ signal }: AskOptions) =>
    new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  const head = {
    move: async ({ pan }: Velocity, how: AskOptions) => {
      orders.push(`move ${pan}`);
      if (hangs) await hang(how);
    },
    stop: async () => void orders.push('stop'),
  } as unknown as PtzHead;
  const failures: unknown[] = [];
  const driver = new PtzDriver(head, { clock, failed: (error) => void failures.push(error) });
  return { clock, driver, orders, failures };
}

t.test('a head is stopped within a second of the last order, and not while orders go on', async (t) => {
  t.ok(DEADMAN_MS < 1_000);
  const { clock, driver, orders } = world();
  for (let time = 0; time < 5; time += 1) {
    await driver.move(RIGHT);
    await clock.advance(DEADMAN_MS - 1);
  }
  t.same(orders, Array(5).fill('move 1'));
  t.equal(driver.isMoving, true);
  await clock.advance(1);
  t.same(orders.at(-1), 'stop');
  t.equal(driver.isMoving, false);
  await clock.advance(10 * DEADMAN_MS);
  t.equal(orders.filter((order) => order === 'stop').length, 1);
});

t.test('an order that hangs does not hold up the stop', async (t) => {
  const { clock, driver, orders, failures } = world({ hangs: true });
  const moving = driver.move(RIGHT);
  await clock.advance(DEADMAN_MS);
  await moving;
  await turns();
  t.same(orders, ['move 1', 'stop']);
  t.same(failures, []);
});

t.test('of orders that come at once the newest counts', async (t) => {
  const { driver, orders } = world({ hangs: true });
  const first = driver.move(RIGHT);
  await turns();
  const second = driver.move(RIGHT);
  const third = driver.move(LEFT);
  await turns();
  await driver.stop();
  await Promise.all([first, second, third]);
  t.same(orders, ['move 1', 'move -1', 'stop']);
});

t.test('the higher rank takes a camera over, the others are told by whom, and it is free after a while', async (t) => {
  const lock = new PtzLock();
  const li = { key: 'person:1', name: 'Li', rank: 2 };
  const zhao = { key: 'person:2', name: 'Zhao', rank: 2 };
  const wang = { key: 'person:3', name: 'Wang', rank: 3 };
  t.equal(lock.take(li, 0), true);
  t.equal(lock.take(li, 1_000), false);
  t.throws(() => lock.take(zhao, 2_000), { message: /Li moves this camera/ });
  t.equal(lock.take(wang, 3_000), true);
  t.throws(() => lock.take(li, 4_000), { message: /Wang has taken this camera over from you/ });
  t.same(lock.takenFrom(li.key, 4_000), { by: 'Wang', atMs: 3_000 });
  t.equal(lock.takenFrom(zhao.key, 4_000), null);
  t.equal(lock.holder(17_999)?.name, 'Wang');
  t.equal(lock.take(zhao, 18_000), true, '15 s after the last order');
  t.equal(lock.takenFrom(li.key, 18_000), null);
});
