import type { Test } from 'tap';
import type { CameraLease, HeldElsewhere, Leases } from '../../../../src/streams/pool/leases.ts';

/** A store of leases whose time a test moves. */
export interface LeaseWorld {
  of(node: string): Leases;
  /** Lets so much time pass for every lease. */
  pass(ms: number): Promise<void>;
}

/** What every store of leases must do: the contract of src/streams/pool/leases.ts as tests. */
export async function leasesConform(t: Test, start: (t: Test) => Promise<LeaseWorld>): Promise<void> {
  const given = (what: string, run: (t: Test, world: LeaseWorld) => Promise<void>) =>
    t.test(what, async (t) => run(t, await start(t)));
  await given('one has it, the others are told who, and for how long', isExclusive);
  await given('of many that ask at once one gets it', isExclusiveInARush);
  await given('what was given up is free at once', isGivenUp);
  await given('what ran out is taken over, and who had it learns it and disturbs nobody', isTakenOver);
  await given('what is renewed does not run out, also many at once and late ones', isRenewed);
  await given('a successor of the same gateway need not wait', isInherited);
}

async function isExclusive(t: Test, world: LeaseWorld): Promise<void> {
  const [a, b] = [world.of('a'), world.of('b')];
  const lease = won(await a.acquire('cam'));
  t.equal(lease.device, 'cam');
  await world.pass(a.ttlMs / 4);
  const refused = lost(await b.acquire('cam'));
  t.equal(refused.node, 'a');
  t.ok(refused.leftMs > a.ttlMs / 2 && refused.leftMs <= (a.ttlMs * 3) / 4, `${refused.leftMs} ms`);
  won(await b.acquire('other cam'));
}

async function isExclusiveInARush(t: Test, world: LeaseWorld): Promise<void> {
  const nodes = Array.from({ length: 8 }, (_, n) => world.of(`gateway ${n}`));
  for (const device of ['new', 'new', 'again']) {
    const outcomes = await Promise.all(nodes.map((node) => node.acquire(device)));
    t.ok(outcomes.filter((one) => 'epoch' in one).length <= 1, device);
  }
  await world.pass(nodes[0]!.ttlMs);
  const outcomes = await Promise.all(nodes.map((node) => node.acquire('new')));
  t.equal(outcomes.filter((one) => 'epoch' in one).length, 1, 'nor when one ran out');
}

async function isGivenUp(t: Test, world: LeaseWorld): Promise<void> {
  const [a, b] = [world.of('a'), world.of('b')];
  const first = won(await a.acquire('cam'));
  await a.release([first]);
  await a.release([first]);
  t.ok(won(await b.acquire('cam')).epoch > first.epoch);
}

async function isTakenOver(t: Test, world: LeaseWorld): Promise<void> {
  const [a, b, c] = [world.of('a'), world.of('b'), world.of('c')];
  const old = won(await a.acquire('cam'));
  await world.pass(a.ttlMs);
  const now = won(await b.acquire('cam'));
  t.ok(now.epoch > old.epoch);
  t.same([...(await a.renew([old]))], []);
  await a.release([old]);
  t.equal(lost(await c.acquire('cam')).node, 'b');
  t.same([...(await b.renew([now]))], ['cam']);
}

async function isRenewed(t: Test, world: LeaseWorld): Promise<void> {
  const [a, b] = [world.of('a'), world.of('b')];
  const devices = Array.from({ length: 200 }, (_, n) => `cam ${n}`);
  const leases = await Promise.all(devices.map(async (device) => won(await a.acquire(device))));
  for (let n = 0; n < 3; n += 1) {
    await world.pass(a.ttlMs * 0.75);
    t.same([...(await a.renew(leases))].sort(), devices.toSorted());
  }
  lost(await b.acquire('cam 7'));
  await world.pass(a.ttlMs);
  t.ok((await a.renew(leases.slice(0, 1))).has('cam 0'), 'nobody has taken it');
  lost(await b.acquire('cam 0'));
  won(await b.acquire('cam 1'));
}

async function isInherited(t: Test, world: LeaseWorld): Promise<void> {
  const before = won(await world.of('a').acquire('cam'));
  const after = won(await world.of('a').acquire('cam'));
  t.ok(after.epoch > before.epoch);
  t.same([...(await world.of('a').renew([before]))], []);
  t.equal(lost(await world.of('b').acquire('cam')).node, 'a');
}

function won(outcome: CameraLease | HeldElsewhere): CameraLease {
  if ('epoch' in outcome) return outcome;
  throw new Error(`it is held by ${outcome.node}`);
}

function lost(outcome: CameraLease | HeldElsewhere): HeldElsewhere {
  if ('leftMs' in outcome) return outcome;
  throw new Error('it was given');
}
