import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { DecodedMessage, DeviceKind, FieldValue } from '../../../../src/core/types.ts';
import { Twin } from '../../../../src/telemetry/twin/twin.ts';
import { AT_MS, batch, decoded, reading, report } from '../../../support/ingest/batches.ts';
import { OWN_JOURNAL } from '../../../support/ingest/journal.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const kiosk: DeviceKind = {
  kind: 'kiosk',
  version: 1,
  title: { en: 'Kiosk', zh: '回收柜' },
  stream: false,
  periodS: 60,
  staleAfterS: 300,
  commands: new Map(),
  fields: new Map([
    ['fill_pct', { type: 'number', unit: '%', min: 0, max: 100 }],
    ['mode', { type: 'text', maxLength: 20 }],
    ['plate', { type: 'text', maxLength: 12, sensitive: 'plate' }],
  ]),
  events: new Map(),
};
const kinds = { latest: (kind: string) => (kind === 'kiosk' ? kiosk : undefined) };

function twinIn(t: Test, path = join(t.testdir(), 'twin')) {
  const clock = new ManualClock(AT_MS);
  return { twin: new Twin({ path, kinds, journal: OWN_JOURNAL, clock, observer: quietObserver() }), clock, path };
}

function values(twin: Twin, id = 'k-1'): Record<string, FieldValue> {
  return Object.fromEntries([...(twin.latest(id)?.fields ?? [])].map(([field, { value }]) => [field, value]));
}

const tell = (twin: Twin, ...messages: DecodedMessage[]) => twin.handle(batch(messages));

t.test('a late older reading never hides a newer one, field by field', async (t) => {
  const { twin } = twinIn(t);
  tell(twin, decoded([reading({ fill_pct: 50, mode: 'open' }, { atMs: AT_MS })], { receivedAtMs: AT_MS + 1 }));
  tell(twin, decoded([reading({ fill_pct: 10, weight: 7 }, { atMs: AT_MS - 1_000 })], { receivedAtMs: AT_MS + 2 }));
  t.strictSame(values(twin), { fill_pct: 50, mode: 'open', weight: 7 });
  t.strictSame(twin.latest('k-1')?.fields.get('fill_pct'), { value: 50, atMs: AT_MS, receivedAtMs: AT_MS + 1 });
  tell(twin, decoded([reading({ fill_pct: 51 }, { atMs: AT_MS })]));
  t.equal(values(twin).fill_pct, 51, 'of one moment, the later in the journal');
  tell(twin, decoded([reading({ fill_pct: true, mode: 3 }, { atMs: AT_MS + 1 })]));
  t.strictSame(values(twin), { fill_pct: true, mode: 3, weight: 7 }, 'types may change with the kind');
  tell(twin, decoded([reading({ fill_pct: 1 }, { atMs: AT_MS + 9, duplicate: true })]));
  t.equal(values(twin).fill_pct, true, 'a duplicate says nothing new');
});

t.test('after our clock was set back the values of a device without one go on, and its silence counts', async (t) => {
  const { twin, clock } = twinIn(t);
  const says = (fill: number, receivedAtMs: number) =>
    tell(twin, decoded([reading({ fill_pct: fill }, { atMs: receivedAtMs, clock: 'receipt' })], { receivedAtMs }));
  says(1, AT_MS + 3_600_000);
  const set = { id: 'gateway', uplink: 'internal' as const, topic: 'internal/clock', receivedAtMs: AT_MS };
  tell(twin, decoded([], set));
  says(2, AT_MS + 1);
  t.strictSame(values(twin), { fill_pct: 2 });
  await clock.advance(300_002);
  t.match(twin.latest('k-1'), { stale: true });
});

t.test('plates are masked', async (t) => {
  const { twin } = twinIn(t);
  tell(twin, decoded([reading({ plate: '浙B12345', mode: 'open-all-day' })]));
  t.strictSame(values(twin), { plate: '浙B***45', mode: 'open-all-day' });
});

t.test('presence follows reports, messages and silence', async (t) => {
  const { twin, clock } = twinIn(t);
  t.equal(twin.latest('k-1'), null);
  tell(twin, decoded([reading({ fill_pct: 1 })]));
  t.match(twin.latest('k-1'), { online: true, stale: false, lastMessageAtMs: AT_MS, firmware: null });
  await clock.advance(300_001);
  t.match(twin.latest('k-1'), { online: true, stale: true });
  tell(twin, decoded([report(false)], { receivedAtMs: AT_MS + 400_000 }));
  t.match(twin.latest('k-1'), { online: false, stale: true, lastMessageAtMs: AT_MS }, 'a will is not its own word');
  tell(twin, decoded([report(true, '2.10')], { receivedAtMs: AT_MS + 500_000 }));
  t.match(twin.latest('k-1'), { online: true, stale: false, firmware: '2.10', lastMessageAtMs: AT_MS + 500_000 });
  tell(twin, decoded([report(false)], { receivedAtMs: AT_MS + 1_000 }));
  t.match(twin.latest('k-1'), { online: false }, 'our clock went back; the order of the journal did not');
  tell(twin, decoded([], { receivedAtMs: AT_MS + 2_000 }));
  t.match(twin.latest('k-1'), { online: true }, 'a message that was refused is still a sign of life');
  const bulk = decoded([reading({ fill_pct: 1 })], { receivedAtMs: AT_MS, lane: 'bulk' });
  tell(twin, decoded([report(false)], { receivedAtMs: AT_MS + 3_000 }));
  twin.handle(batch([bulk], 'bulk'));
  t.match(twin.latest('k-1'), { online: false }, 'backfill that came before does not bring it back');
  tell(twin, decoded([reading({ fill_pct: 2 })], { uplink: 'replay', receivedAtMs: AT_MS + 9_000 }));
  t.match(twin.latest('k-1'), { online: false }, 'nor does a replay');
});

t.test('a camera that answers when asked is online; being registered or retired is no sign of life', async (t) => {
  const { twin, clock } = twinIn(t);
  const note = (topic: string, online: boolean, receivedAtMs: number) =>
    tell(twin, decoded([report(online)], { uplink: 'internal', channel: 'state', topic, receivedAtMs }));
  note('internal/registered', false, AT_MS);
  note('internal/registered', true, AT_MS);
  t.equal(twin.latest('k-1'), null, 'still never heard of');
  note('internal/camera-watch', false, AT_MS);
  t.strictSame(twin.presence('k-1'), { presence: 'not-yet-seen', lastSeenAtMs: null }, 'asked, and no answer');
  t.match(twin.counts([{ id: 'k-1', kind: 'kiosk' }]).get('kiosk'), { silent: 1, offline: 0 });
  note('internal/camera-watch', true, AT_MS + 1);
  t.strictSame(twin.presence('k-1'), { presence: 'online', lastSeenAtMs: AT_MS + 1 });
  t.match(twin.latest('k-1'), { online: true, stale: false, lastMessageAtMs: AT_MS + 1 });
  note('internal/retired', false, AT_MS + 2);
  t.match(twin.latest('k-1'), { online: true, lastMessageAtMs: AT_MS + 1 });
  note('internal/camera-watch', false, AT_MS + 3);
  t.match(twin.latest('k-1'), { online: false, stale: false, lastMessageAtMs: AT_MS + 1 });
  note('internal/camera-watch', true, AT_MS + 4);
  await clock.advance(300_005);
  t.match(twin.latest('k-1'), { online: true, stale: true }, 'and it goes stale when nobody looks any more');
});

t.test('counts each device once', async (t) => {
  const { twin, clock } = twinIn(t);
  tell(
    twin,
    decoded([reading({ fill_pct: 1 })], { id: 'old' }),
    decoded([reading({ fill_pct: 1 })], { id: 'new', receivedAtMs: AT_MS + 400_000 }),
    decoded([reading({ fill_pct: 1 })], { id: 'off' }),
    decoded([report(false)], { id: 'off' }),
  );
  await clock.advance(400_000);
  const devices = ['old', 'new', 'off', 'never'].map((id) => ({ id, kind: 'kiosk' }));
  const counts = twin.counts([...devices, { id: 'x', kind: 'camera' }]);
  t.strictSame(Object.fromEntries(counts), {
    kiosk: { online: 1, offline: 1, stale: 1, silent: 1 },
    camera: { online: 0, offline: 0, stale: 0, silent: 1 },
  });
});

t.test('a restart goes on where the checkpoint stood', async (t) => {
  const { twin, clock, path } = twinIn(t);
  await twin.start();
  const first = decoded([reading({ fill_pct: 5, mode: '开门', ok: true }), report(true, '3.1')], { offset: 0 });
  const second = decoded([reading({ fill_pct: 6, late: -0 }, { atMs: AT_MS + 1 })], { offset: 100, id: 'k-2' });
  tell(twin, first, second);
  t.equal(twin.durableCursor('live'), 0);
  await clock.advance(30_000);
  await twin.checkpoint();
  t.equal(twin.durableCursor('live'), 200);
  tell(twin, decoded([reading({ fill_pct: 7 }, { atMs: AT_MS + 2 })], { offset: 200 }));

  const again = twinIn(t, path).twin;
  await again.start();
  t.equal(again.cursor('live'), 200);
  t.equal(again.cursor('bulk'), 0);
  t.strictSame(values(again), { fill_pct: 5, mode: '开门', ok: true });
  t.match(again.latest('k-1'), { firmware: '3.1', online: true, lastMessageAtMs: AT_MS });
  t.strictSame(values(again, 'k-2'), { fill_pct: 6, late: -0 });
  tell(again, decoded([reading({ fill_pct: 7 }, { atMs: AT_MS + 2 })], { offset: 200 }));
  await twin.stop();
  t.strictSame(again.latest('k-1'), twin.latest('k-1'), 'caught up');
});

t.test('a damaged checkpoint is not believed, whatever was damaged', async (t) => {
  const { twin, path } = twinIn(t);
  tell(twin, decoded([reading({ fill_pct: 5, mode: 'open' })], { offset: 0 }));
  await twin.stop();
  const good = await readFile(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, xor, cut) => {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ xor;
      await writeFile(path, cut ? good.subarray(0, at) : bad);
      const again = twinIn(t, path).twin;
      await again.start();
      t.equal(again.size, 0);
      t.equal(again.cursor('live'), 0);
    }),
    { numRuns: 60 },
  );
});

t.test('a checkpoint that cannot be written is counted and harms nothing', async (t) => {
  const { twin } = twinIn(t, join(t.testdir(), 'no-such-directory', 'twin'));
  await twin.start();
  tell(twin, decoded([reading({ fill_pct: 5 })]));
  await twin.stop();
  t.equal(twin.durableCursor('live'), 0);
  t.strictSame(values(twin), { fill_pct: 5 });
});

t.test('grows to many devices', async (t) => {
  const { twin } = twinIn(t);
  for (let i = 0; i < 1_000; i += 1) tell(twin, decoded([reading({ fill_pct: i, n: `${i}` })], { id: `k-${i}` }));
  t.equal(twin.size, 1_000);
  for (const i of [0, 63, 64, 500, 999]) t.strictSame(values(twin, `k-${i}`), { fill_pct: i, n: '***' });
});
