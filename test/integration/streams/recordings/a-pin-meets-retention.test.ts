import t from 'tap';
import { type Clock, DAY_MS, MINUTE_MS, systemClock } from '../../../../src/core/clock.ts';
import { RECORDED_DAYS_MIN } from '../../../../src/streams/recordings/classes.ts';
import { Leaving } from '../../../../src/streams/recordings/leaving.ts';
import { Pins } from '../../../../src/streams/recordings/pins.ts';
import { placeOf, type Recording } from '../../../../src/streams/recordings/recording.ts';
import { Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { Retention } from '../../../../src/streams/recordings/retention.ts';
import { callerIn, openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';

const NINGBO = callerIn('330200');
const database = await openDatabase(t);
const ownership = firstOwner();
const BEGIN_MS = Date.parse('2026-10-01T00:00:00+08:00');
const nowMs = BEGIN_MS + 40 * DAY_MS;
const clock: Clock = { ...systemClock, nowMs: () => nowMs };
const recordings = new Recordings({ database, ownership, classOf: () => 'public' });
const pins = new Pins({ database, clock });
const quality = 'main';

/** Three files of a minute that may go. */
async function threeOf(device: string): Promise<void> {
  const files = [0, 1, 2].map((n) => {
    const startsAtMs = BEGIN_MS + n * MINUTE_MS;
    const head = { device, quality, startsAtMs, previousEndsAtMs: null, continuity: 'c', leaseEpoch: 1 } as const;
    const endsAtMs = startsAtMs + MINUTE_MS;
    return { head, disk: 'one', endsAtMs, bytes: 1_000, leadBytes: 10, sha256: '00'.repeat(32) };
  });
  await recordings.add(files);
}

/** Keeps the second of the three. */
const pinSecond = (device: string) => {
  const identity = { id: device, kind: 'camera', kindVersion: 1, jurisdiction: '330203' };
  const fromMs = BEGIN_MS + MINUTE_MS + 1;
  const pin = { fromMs, toMs: fromMs + 1_000, reason: 'theft', case: 'A-1', untilMs: nowMs + DAY_MS };
  return pins.add(NINGBO, identity, pin);
};

const keptOf = (device: string): Promise<Recording[]> =>
  recordings.within({ device, quality, fromMs: BEGIN_MS, toMs: BEGIN_MS + DAY_MS }, 10);

/** `found` is run when the files are found, `removing` before the first of them goes. */
function retentionWith(does: { found?(): Promise<unknown>; removing?(): Promise<unknown> }) {
  const gone: string[] = [];
  const disk = {
    name: 'one',
    remove: async (paths: readonly string[]) => {
      await does.removing?.();
      gone.push(...paths);
    },
  };
  const found: Pick<Recordings, 'oldest' | 'pinned' | 'forget' | 'dropDaysBefore'> = {
    oldest: async (asked, max) => {
      const files = await recordings.oldest(asked, max);
      if (files.length > 0) await does.found?.();
      return files;
    },
    pinned: (asked) => recordings.pinned(asked),
    forget: (files, at) => recordings.forget(files, at),
    dropDaysBefore: async () => {},
  };
  const leaving = new Leaving({ database, ownership });
  const days = { leastDays: RECORDED_DAYS_MIN, mostDays: RECORDED_DAYS_MIN };
  const observer = quietObserver();
  const retention = new Retention({ observer, recordings: found, leaving, disks: { ready: () => [disk] }, ...days });
  return { retention, gone };
}

for (const [how, remove] of [
  ['age', (retention: Retention) => retention.tidy(nowMs)],
  ['room', (retention: Retention) => retention.makeRoom(2_500, nowMs)],
] as const) {
  t.test(`${how}: a pin that is made after the files were found keeps its file`, async (t) => {
    const device = `found-${how}`;
    await threeOf(device);
    const made: { leaving: number }[] = [];
    const found = async () => {
      if (made.length === 0) made.push(await pinSecond(device));
    };
    const { retention, gone } = retentionWith({ found });
    await remove(retention);
    const kept = await keptOf(device);
    t.match(kept, [{ startsAtMs: BEGIN_MS + MINUTE_MS }], 'the others went');
    t.equal(gone.length, 2);
    t.notOk(gone.includes(placeOf(kept[0]!).path), 'its file stays on the disk, too');
    t.match(made, [{ leaving: 0 }], 'and the pin was told of no file that goes');
  });

  t.test(`${how}: a pin that is made while the files go is told of the one that it does not keep`, async (t) => {
    const device = `removing-${how}`;
    await threeOf(device);
    const made: { leaving: number }[] = [];
    const { retention, gone } = retentionWith({ removing: async () => void made.push(await pinSecond(device)) });
    await remove(retention);
    t.equal(gone.length, 3);
    t.match(made, [{ leaving: 1 }]);
    t.match(await pinSecond(device), { leaving: 0 }, 'later there is none that could go');
  });
}

t.test('a file that could not be removed is kept by a pin that came meanwhile', async (t) => {
  const device = 'hung';
  await threeOf(device);
  const removing = async () => {
    await pinSecond(device);
    throw new Error('the disk does not answer');
  };
  await t.rejects(retentionWith({ removing }).retention.tidy(nowMs), /does not answer/);
  await retentionWith({}).retention.tidy(nowMs);
  t.match(await keptOf(device), [{ startsAtMs: BEGIN_MS + MINUTE_MS }]);
});

t.test('pins and a choice of files that come together: each file stays, or its pin knows of it', async (t) => {
  const devices = Array.from({ length: 20 }, (_, n) => `both-${n}`);
  for (const device of devices) await threeOf(device);
  const made = new Map<string, number>();
  const found = async () => {
    // Not awaited: they go on while the files are chosen.
    pinning = Promise.all(devices.map(async (device) => made.set(device, (await pinSecond(device)).leaving)));
  };
  let pinning: Promise<unknown> = Promise.resolve();
  const { retention, gone } = retentionWith({ found, removing: () => pinning });
  await retention.tidy(nowMs);
  for (const device of devices) {
    const isKept = (await keptOf(device)).length === 1;
    t.equal(made.get(device), isKept ? 0 : 1, `${device} is ${isKept ? 'kept' : 'gone, and its pin says so'}`);
  }
  t.ok(gone.length >= devices.length * 2);
});
