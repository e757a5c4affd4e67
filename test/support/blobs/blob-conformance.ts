import { createHash, randomBytes } from 'node:crypto';
import type { Test } from 'tap';
import type { Blobs } from '../../../src/platform/blobs/blobs.ts';
import type { BlobWorld } from './blob-worlds.ts';

/** Larger than what one write to a socket or a pipe takes. */
const BYTES = 300_000;
/** More steps than a put of any store has. */
const STEPS_MAX = 60;
const AWAY = { name: 'BlobRefusal', reason: 'away' };

const some = (): Buffer => randomBytes(BYTES);
const sha = (bytes: Uint8Array | null): string =>
  bytes === null ? 'absent' : createHash('sha256').update(bytes).digest('hex');

/** What every store of blobs must do: the contract of src/platform/blobs/blobs.ts as tests. */
export async function conforms(t: Test, start: (t: Test) => Promise<BlobWorld>): Promise<void> {
  const given = (what: string, run: (t: Test, world: BlobWorld) => Promise<void>) =>
    t.test(what, async (t) => run(t, await start(t)));
  await given('what was put is there, also after a restart, until it is deleted', keeps);
  await given('keys of another shape are a fault of the caller', refusesKeys);
  await given('levels are listed as folders', lists);
  await given('of several puts under one key one wins, whole', races);
  await given('beside deletions in the same folder every put holds', putsAndDeletes);
  await given('a put that is cut off anywhere leaves all of it or nothing', cuts);
  await given('a put over old bytes that is cut off leaves the old or the new ones', cutsOver);
  await given('without room nothing is taken, and what was taken stays', fills);
  await given('a store that is away says nothing and takes nothing, and comes back with all it had', goesAway);
}

async function keeps(t: Test, world: BlobWorld): Promise<void> {
  const blobs = world.open();
  const bytes = some();
  await blobs.put('a/b/one.bin', bytes);
  await blobs.put('a/b/one.bin', bytes);
  await blobs.put('empty', Buffer.alloc(0));
  const again = world.open();
  t.equal(sha(await again.get('a/b/one.bin')), sha(bytes));
  t.same(await again.get('empty'), Buffer.alloc(0));
  t.equal(await again.has('a/b/one.bin'), true);
  for (const key of ['a/b/two.bin', 'a/b', 'a/b/one.bin/x', 'z/y/x']) {
    t.equal(await again.get(key).catch(() => null), null, key);
    if (key !== 'a/b') t.equal(await again.has(key).catch(() => false), false, key);
  }
  const other = some();
  await again.put('a/b/one.bin', other);
  t.equal(sha(await blobs.get('a/b/one.bin')), sha(other));
  await blobs.delete('a/b/one.bin');
  await blobs.delete('a/b/one.bin');
  t.equal(await again.get('a/b/one.bin'), null);
  t.equal(await again.problem(), null);
}

async function refusesKeys(t: Test, world: BlobWorld): Promise<void> {
  const blobs = world.open();
  for (const key of [
    '',
    '/',
    'a//b',
    '../x',
    'a/../../x',
    'a/.b',
    '.hidden',
    'a/',
    '/a',
    'a b',
    'a\0b',
    'x'.repeat(257),
  ]) {
    await t.rejects(blobs.put(key, some()), RangeError, `put ${JSON.stringify(key)}`);
    await t.rejects(blobs.get(key), RangeError, `get ${JSON.stringify(key)}`);
    await t.rejects(blobs.delete(key), RangeError, `delete ${JSON.stringify(key)}`);
  }
}

async function lists(t: Test, world: BlobWorld): Promise<void> {
  const blobs = world.open();
  t.same(await blobs.list(''), { folders: [], blobs: [] });
  t.same(await blobs.list('none/'), { folders: [], blobs: [] });
  const before = Date.now();
  for (const key of ['b/2/x.jpg', 'b/1/y.jpg', 'b/1/z.jpg', 'b/w.jpg', 'a/1/v.jpg', 'u.jpg'])
    await blobs.put(key, some());
  const level = async (prefix: string) => {
    const { folders, blobs: found } = await blobs.list(prefix);
    for (const { putAtMs } of found) t.ok(putAtMs >= before - 2_000 && putAtMs <= Date.now() + 2_000, 'its age');
    return [...folders.map((name) => `${name}/`), ...found.map(({ name }) => name).sort()];
  };
  t.same(await level(''), ['a/', 'b/', 'u.jpg']);
  t.same(await level('b/'), ['1/', '2/', 'w.jpg']);
  t.same(await level('b/1/'), ['y.jpg', 'z.jpg']);
  await blobs.delete('a/1/v.jpg');
  t.same(await level(''), ['b/', 'u.jpg'], 'a folder goes with its last blob');
}

async function races(t: Test, world: BlobWorld): Promise<void> {
  const all = Array.from({ length: 12 }, some);
  const settled = await Promise.allSettled(all.map((bytes) => world.open().put('same/key', bytes)));
  t.same(
    settled.filter(({ status }) => status === 'rejected'),
    [],
  );
  t.ok(all.map(sha).includes(sha(await world.open().get('same/key'))));
  t.same(
    (await world.open().list('same/')).blobs.map(({ name }) => name),
    ['key'],
  );
}

async function putsAndDeletes(t: Test, world: BlobWorld): Promise<void> {
  const blobs = world.open();
  for (let round = 0; round < 20; round += 1) {
    await blobs.put('folder/old', Buffer.from('old'));
    await Promise.all([blobs.delete('folder/old'), blobs.put('folder/new', Buffer.from('new'))]);
    t.same(await blobs.get('folder/new'), Buffer.from('new'));
    await blobs.delete('folder/new');
  }
}

async function cuts(t: Test, world: BlobWorld): Promise<void> {
  const whole = await cutEverywhere(t, world, async (step) => {
    const key = `cut/${step}/x.bin`;
    const bytes = some();
    return { key, act: (blobs: Blobs) => blobs.put(key, bytes), may: ['absent', sha(bytes)] };
  });
  t.ok(whole > 1, 'it was cut at several steps');
  world.later();
  const blobs = world.open();
  const { folders } = await blobs.list('cut/');
  for (const folder of folders) await blobs.sweep(`cut/${folder}/`);
  t.equal(await blobs.sweep('cut/'), 0);
  for (const folder of (await blobs.list('cut/')).folders) {
    t.same((await blobs.list(`cut/${folder}/`)).blobs.length, 1, 'only folders with a blob are left');
  }
}

async function cutsOver(t: Test, world: BlobWorld): Promise<void> {
  await cutEverywhere(t, world, async (step) => {
    const key = `over/${step}`;
    const [old, bytes] = [some(), some()];
    await world.open().put(key, old);
    return { key, act: (blobs: Blobs) => blobs.put(key, bytes), may: [sha(old), sha(bytes)] };
  });
}

interface Cut {
  key: string;
  act(blobs: Blobs): Promise<unknown>;
  may: string[];
}

/** Cuts off the same act before each of its steps in turn; returns how many there were. */
async function cutEverywhere(t: Test, world: BlobWorld, next: (step: number) => Promise<Cut>): Promise<number> {
  for (let step = 1; step <= STEPS_MAX; step += 1) {
    const { key, act, may } = await next(step);
    const wasCut = await world.cut(step, act);
    const found = sha(await world.open().get(key));
    t.ok(may.includes(found), `before step ${step}`);
    const folder = key.slice(0, key.lastIndexOf('/') + 1);
    const listed = (await world.open().list(folder)).blobs.some(({ name }) => `${folder}${name}` === key);
    t.equal(listed, found !== 'absent', `before step ${step}: what is listed is there`);
    if (wasCut) continue;
    t.equal(found, may.at(-1), 'not cut, it is done');
    return step;
  }
  throw new Error(`not done within ${STEPS_MAX} steps`);
}

async function fills(t: Test, world: BlobWorld): Promise<void> {
  const blobs = world.open();
  const bytes = some();
  await blobs.put('kept', bytes);
  world.leave(BYTES - 1);
  t.equal(await blobs.room(), BYTES - 1);
  await t.rejects(blobs.put('more', bytes), { name: 'BlobRefusal', reason: 'full' });
  t.equal(await blobs.has('more'), false);
  t.equal(sha(await blobs.get('kept')), sha(bytes));
  world.leave(BYTES);
  await blobs.put('more', bytes);
}

async function goesAway(t: Test, world: BlobWorld): Promise<void> {
  const bytes = some();
  await world.open().put('a/kept', bytes);
  for (const leave of ['takeAway', 'exchange'] as const) {
    const running = world.open();
    t.equal(await running.problem(), null);
    const back = await world[leave]();
    for (const blobs of [running, world.open()]) {
      t.match(await blobs.problem(), world.remedy, `${leave}: it says so, with a remedy`);
      await t.rejects(blobs.put('a/new', bytes), AWAY, leave);
      await t.rejects(blobs.get('a/kept'), AWAY, leave);
      await t.rejects(blobs.has('a/kept'), AWAY, leave);
      await t.rejects(blobs.delete('a/kept'), AWAY, leave);
      await t.rejects(blobs.list('a/'), AWAY, leave);
      await t.rejects(blobs.sweep('a/'), AWAY, leave);
    }
    await back();
    t.equal(await running.problem(), null);
    t.equal(sha(await running.get('a/kept')), sha(bytes));
    t.equal(await running.has('a/new'), false);
  }
}
