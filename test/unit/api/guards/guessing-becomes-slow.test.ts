import t from 'tap';
import { LoginGuard } from '../../../../src/api/guards/login-guard.ts';
import { addressBlock } from '../../../../src/core/address-block.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const HERE = { name: 'li', address: '192.0.2.1' };

async function wrong(): Promise<string> {
  throw new CitywatchError('auth.required');
}

async function right(): Promise<string> {
  return 'in';
}

/** How long a login took by the clock, in steps of 250 ms. */
async function wait(guard: LoginGuard, clock: ManualClock, who = HERE, compare = wrong): Promise<number> {
  let isDone = false;
  const beganMs = clock.monotonicMs();
  const asked = guard.run(who, compare).catch(() => '');
  void asked.then(() => {
    isDone = true;
  });
  await clock.advance(0);
  while (!isDone) await clock.advance(250);
  return clock.monotonicMs() - beganMs;
}

t.test('each wrong password makes the next try wait longer, up to a bound', async (t) => {
  const clock = new ManualClock();
  const guard = new LoginGuard(clock);
  const waits: number[] = [];
  for (let n = 0; n < 10; n += 1) waits.push(await wait(guard, clock));
  t.same(waits, [0, 0, 0, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  t.equal(await wait(guard, clock, { ...HERE, address: '192.0.2.2' }, right), 0, 'another address is not touched');
  t.equal(await wait(guard, clock, HERE, right), 15_000, 'the right password is taken from there too');
  t.equal(await wait(guard, clock, HERE, right), 0, 'whereafter all is forgotten');
});

t.test('asking side by side is no faster, and nothing is compared for those who do', async (t) => {
  const clock = new ManualClock();
  const guard = new LoginGuard(clock);
  for (let n = 0; n < 8; n += 1) await wait(guard, clock);
  let compared = 0;
  const guess = async (): Promise<string> => {
    compared += 1;
    return await wrong();
  };
  const crowd = Array.from({ length: 20 }, () => guard.run(HERE, guess).catch((error: CitywatchError) => error.code));
  await clock.advance(14_000);
  t.equal(compared, 0);
  await clock.advance(2_000);
  const codes = await Promise.all(crowd);
  t.equal(codes.filter((code) => code === 'request.rate').length, 16);
  t.equal(compared, 4);
});

t.test('a crowd of guesses at once is no way around, also right after a right password', async (t) => {
  const clock = new ManualClock();
  const guard = new LoginGuard(clock);
  await wait(guard, clock, HERE, right);
  let compared = 0;
  const guess = async (): Promise<string> => {
    compared += 1;
    await clock.sleep(100);
    return await wrong();
  };
  const crowd = Array.from({ length: 20 }, () => guard.run(HERE, guess).catch((error: CitywatchError) => error.code));
  await clock.advance(500);
  t.equal(compared, 3, 'as many as one after the other');
  await clock.advance(16_000);
  const codes = await Promise.all(crowd);
  t.equal(compared, 7);
  t.equal(codes.filter((code) => code === 'request.rate').length, 13);
});

t.test('guesses for one name from many addresses, and for many names from one, wait a little', async (t) => {
  const clock = new ManualClock();
  const guard = new LoginGuard(clock);
  for (let n = 0; n < 60; n += 1) await wait(guard, clock, { name: 'li', address: `198.51.100.${n}` });
  const waitMs = await wait(guard, clock, { name: 'li', address: '203.0.113.1' }, right);
  t.ok(waitMs > 0 && waitMs <= 2_000, 'and the right one gets in within two seconds');
  for (let n = 0; n < 60; n += 1) await wait(guard, clock, { name: `name-${n}`, address: '203.0.113.9' });
  const other = await wait(guard, clock, { name: 'wang', address: '203.0.113.9' }, right);
  t.ok(other > 0 && other <= 2_000);
});

t.test('an address is that of one party: a whole /64 of IPv6', async (t) => {
  t.equal(addressBlock('2001:db8::1'), addressBlock('2001:0db8:0:0:ffff::2'));
  t.not(addressBlock('2001:db8:0:1::1'), addressBlock('2001:db8::1'));
  t.equal(addressBlock('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(addressBlock('fe80::1%eth0'), 'fe80:0:0:0::/64');
});
