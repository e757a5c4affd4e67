import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { AlertKeeping } from '../../../../src/alerts/keeping/keeping.ts';
import { DAY_MS } from '../../../../src/core/clock.ts';
import type { Caller } from '../../../../src/core/types.ts';
import type { BundleSource } from '../../../../src/streams/exports/bundle-source.ts';
import { BundleExports } from '../../../../src/streams/exports/bundles.ts';
import type { RecordingExport } from '../../../../src/streams/exports/export.ts';
import { type BundleWorld, madeBundle, openBundleWorld } from '../../../support/alerts/bundles/bundle-world.ts';
import { MASKED_ONES, takenBundle, verified, WHOLE, WHY } from '../../../support/alerts/bundles/taken.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';

let world: BundleWorld;
let ningbo: Caller;
let haishu: Caller;

t.before(async () => {
  world = await openBundleWorld(t);
  ningbo = world.caller('330200');
  haishu = world.caller('330203');
});

const taken = (made: RecordingExport, caller = ningbo) => takenBundle(t, { world, made, caller });

t.test('what is away for a while is waited for; what is gone or was changed is listed', async (t) => {
  const { id } = await world.store();
  const asked = await world.alerts.ask(ningbo, id, WHOLE);
  world.state.readings = 'away';
  t.not((await world.bundles.handle(asked.id)).again, null, 'it is tried again');
  t.equal((await world.exports.one(asked.id)).state, 'copying');
  const clip = world.state.clip;
  world.state.clip = null;
  world.clock.pass(6 * 60_000);
  const holesOf = async () => (await taken(await madeBundle(world, asked))).manifest.holes;
  t.match(await holesOf(), [
    { what: 'findings' },
    { what: 'readings', cause: 'away' },
    { what: 'clip', cause: 'gone' },
  ]);
  Object.assign(world.state, { clip: Buffer.from('another one'), readings: 'elsewhere' });
  const again = await taken(await madeBundle(world, await world.alerts.ask(ningbo, id, WHOLE)));
  t.match(again.manifest.holes.slice(1), [
    { what: 'readings', cause: 'elsewhere' },
    { what: 'clip', cause: 'damaged' },
  ]);
  Object.assign(world.state, { clip, readings: 'there' });

  const fresh = await world.store({ evidence: [] });
  const waits = await world.alerts.ask(ningbo, fresh.id, MASKED_ONES);
  t.not((await world.bundles.handle(waits.id)).again, null, 'its picture is still to come');
  world.clock.pass(11 * 60_000);
  const { manifest } = await taken(await madeBundle(world, waits));
  t.match(manifest.holes.slice(0, 2), [
    { what: 'picture', cause: 'none' },
    { what: 'clip', cause: 'none' },
  ]);
});

/** Where nothing goes on any more, as after a kill: what was written stays as it was. */
const stands = (): Promise<never> => new Promise(() => {});

function latch() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Makes a bundle until it stands still before its `step`-th thing, or behind the last one. */
async function killedAt(id: string, step: number): Promise<void> {
  const stood = latch();
  const stop = (): Promise<never> => {
    stood.open();
    return stands();
  };
  const source: BundleSource = {
    pin: world.source.pin.bind(world.source),
    async *things(...of) {
      let count = 0;
      for await (const thing of world.source.things(...of)) {
        if (count === step) await stop();
        count += 1;
        yield thing;
      }
      await stop();
    },
  };
  void new BundleExports({ ...world.common, source }).handle(id);
  await stood.opened;
}

t.test('one that is killed at any step leaves nothing that is taken, and is made anew', async (t) => {
  const { id } = await world.store();
  const asked = await world.alerts.ask(ningbo, id, WHOLE);
  const place = join(world.common.directory, asked.id);
  const things = 7;
  for (let step = 0; step <= things; step += 1) await killedAt(asked.id, step);
  const key = join(await temporaryDirectory(t), 'key.pem');
  writeFileSync(key, world.exports.publicKey.pem);
  const halves = readdirSync(place);
  t.equal(halves.length, things + 1);
  for (const half of halves) t.equal((await verified(join(place, half), key)).status, 1, 'a half one does not verify');

  const stood = latch();
  const database = new Proxy(world.database, {
    get: (of, name) => {
      if (name === 'transaction') stood.open();
      const value = Reflect.get(of, name);
      return name === 'transaction' ? stands : typeof value === 'function' ? value.bind(of) : value;
    },
  });
  void new BundleExports({ ...world.common, database, source: world.source }).handle(asked.id);
  await stood.opened;
  await t.rejects(
    world.exports.archive(asked.id, async () => {}),
    { code: 'conflict.state' },
    'nor is a whole one given out before its row says so',
  );
  const made = await madeBundle(world, asked);
  t.equal((await verified(join(place, made.bundle!.folder), key)).status, 0);
  t.same(readdirSync(place), [made.bundle!.folder], 'what the killed ones had is gone');
  const again = await madeBundle(world, asked);
  t.equal(again.manifestSha256, made.manifestSha256, 'a second bell makes no second one');
});

t.test('an alert is kept as long as a bundle of it is, and a removed one is gone', async (t) => {
  const { id } = await world.store({ handling: 'closed', closed_at_ms: world.clock.nowMs() });
  const keeping = new AlertKeeping({
    database: world.database,
    ownership: firstOwner(),
    pictures: world.blobs,
    keepDays: { incident: 1, fault: 1, system: 1 },
    forgotten: () => {},
  });
  const made = await madeBundle(world, await world.alerts.ask(ningbo, id, WHOLE));
  const isThere = async () => (await world.alerts.seen(ningbo, [id])).has(id);
  await keeping.prune(world.clock.nowMs() + 13 * DAY_MS);
  t.ok(await isThere());
  await world.exports.remove(ningbo, made.id);
  t.notOk(existsSync(join(world.common.directory, made.id)));
  await t.rejects(
    world.exports.archive(made.id, async () => {}),
    { code: 'conflict.state' },
  );
  await keeping.prune(world.clock.nowMs() + 15 * DAY_MS);
  t.notOk(await isThere());
});

t.test('where another person has to approve it, nothing is made before; too many at once are refused', async (t) => {
  const { id } = await world.store();
  const careful = new BundleExports({ ...world.common, source: world.source, needsApproval: true });
  const wish = { alert: id, jurisdiction: '330203', plates: 'masked' as const, fromMs: 1, toMs: 2, ...WHY };
  const asked = await careful.ask(ningbo, wish);
  t.match(await madeBundle(world, asked), { state: 'asked' });
  await t.rejects(world.exports.approve(ningbo, asked.id), { code: 'auth.forbidden' });
  await world.exports.approve(haishu, asked.id);
  const { manifest } = await taken(await madeBundle(world, asked));
  t.match(manifest.approvedBy, { id: haishu.id });
  const full = new BundleExports({ ...world.common, source: world.source, freeBytes: async () => 4 * 1024 ** 3 });
  await t.rejects(full.ask(ningbo, wish), { code: 'store.full' });
  for (let count = 0; count < 16; count += 1) await careful.ask(ningbo, wish);
  await t.rejects(careful.ask(ningbo, wish), { code: 'conflict.state', detail: /16 exports/ });
});
