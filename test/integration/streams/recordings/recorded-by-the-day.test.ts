import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS, systemClock } from '../../../../src/core/clock.ts';
import { retiredSince } from '../../../../src/devices/life/retired.ts';
import { placesOf } from '../../../../src/devices/registry/places.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { RecordingPlans } from '../../../../src/streams/recorder/plan/plans.ts';
import { RECORDED_DAYS_MIN } from '../../../../src/streams/recordings/classes.ts';
import { GapTable } from '../../../../src/streams/recordings/gap-table.ts';
import { Leaving } from '../../../../src/streams/recordings/leaving.ts';
import { Pins } from '../../../../src/streams/recordings/pins.ts';
import { lastRemoval, removalList } from '../../../../src/streams/recordings/proofs/removals.ts';
import { type RecordedFile, Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { RecordingReport } from '../../../../src/streams/recordings/report.ts';
import { Retention } from '../../../../src/streams/recordings/retention.ts';
import { Outlook } from '../../../../src/streams/recordings/room/outlook.ts';
import { keptBytes, measuredRates, removableBytes } from '../../../../src/streams/recordings/room/stored-bytes.ts';
import { callerIn, kiosk, openRegistry } from '../../../support/devices/registry.ts';
import { ROOT } from '../../../support/root.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver } from '../../../support/services/services.ts';

const MIGRATION = join(ROOT, 'src/platform/database/migrations/0280-bytes-of-recorded-days.sql');
const NINGBO = callerIn('330200');
const { database, registry, jurisdictions, directory } = await openRegistry(t);
const ownership = firstOwner();
const at = (text: string): number => Date.parse(`2026-11-${text}:00+08:00`);
let nowMs = at('27T00:00');
const clock: Clock = { ...systemClock, nowMs: () => nowMs };
const recordings = new Recordings({
  database,
  ownership,
  classOf: (id) => directory.get(id)!.accessClass,
});
const removedAt = () => ({ atMs: nowMs, pinned: { files: 0, bytes: 0 } });
const gaps = new GapTable({ database, ownership });
const plans = new RecordingPlans({ database, clock, isCamera: () => true });
const pins = new Pins({ database, clock });
const report = new RecordingReport({
  database,
  clock,
  tree: jurisdictions,
  plans,
  classOf: (id) => directory.get(id)!.accessClass,
  leastDays: RECORDED_DAYS_MIN,
  within: (scope) => directory.within(scope),
  retired: (scope, sinceMs) => retiredSince(database, scope, sinceMs),
  namesOf: (ids) => placesOf(database, ids),
});

const OLDEST = { of: 'public' as const, disk: 'recordings' };
const file = (device: string, startsAtMs: number, endsAtMs: number): RecordedFile => ({
  head: { device, quality: 'main', startsAtMs, previousEndsAtMs: null, continuity: 'c', leaseEpoch: 1 },
  disk: 'recordings',
  endsAtMs,
  bytes: 1_000,
  leadBytes: 10,
  sha256: '00'.repeat(32),
});

t.before(async () => {
  for (const [id, jurisdiction] of [
    ['whole', '330203'],
    ['holed', '330203'],
    ['dark', '330212'],
    ['never', '330212'],
  ] as const) {
    await registry.create(
      NINGBO,
      kiosk({ id, name: `camera ${id}`, jurisdiction, kind: 'camera', location: { lat: 29.87, lon: 121.54 } }),
    );
    const identity = { id, kind: 'camera', kindVersion: 1, jurisdiction };
    const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '18:00', to: '24:00' }];
    if (id === 'holed') await plans.set(NINGBO, identity, { mode: 'schedule', quality: 'main', hours });
    else if (id !== 'never') await plans.set(NINGBO, identity, { mode: 'always', quality: 'main' });
  }
  nowMs = at('28T12:02');
  const long = [file('whole', at('27T00:00'), at('27T23:59')), file('whole', at('27T23:59'), at('28T12:00'))];
  await recordings.add([...long, file('holed', at('27T18:00'), at('27T20:00'))]);
  await recordings.add(long);
  const holes = [
    ['holed', at('27T20:00'), at('27T20:10'), 'disk-slow'],
    ['holed', at('27T20:10'), at('27T24:00'), 'camera'],
    ['dark', at('27T00:00'), null, 'stream'],
  ] as const;
  const quality = 'main';
  await gaps.write(
    holes.map(([device, fromMs, toMs, cause]) => ({ device, quality, fromMs, toMs, reason: { cause, detail: null } })),
  );
});

t.test('each camera tells of each day what it should have, what it has, and its longest hole', async (t) => {
  const { rows, sum, ...days } = await report.report(NINGBO, {});
  t.strictSame(days, { from: '2026-11-27', to: '2026-11-28' });
  const shown = rows.map(({ device, day, ...row }) => [
    device,
    day.slice(-2),
    row.expectedS,
    row.recordedS,
    row.percent,
  ]);
  t.strictSame(shown, [
    ['dark', '27', 86_400, 0, 0],
    ['dark', '28', 43_200, 0, 0],
    ['holed', '27', 21_600, 7_200, 33.3],
    ['whole', '27', 86_400, 86_400, 100],
    ['whole', '28', 43_200, 43_200, 100],
  ]);
  t.match(rows[0], { name: 'camera dark', holes: 1, longestHoleS: 86_400, cause: 'stream', oldestDay: null });
  t.match(rows[1], { longestHoleS: 43_200, cause: 'stream' }, 'a hole that lasts counts up to now');
  t.match(rows[2], { holes: 2, longestHoleS: 230 * 60, cause: 'camera', oldestDay: '2026-11-27' });
  t.match(rows[4], { holes: 0, cause: null, oldestDay: '2026-11-27' });
  t.strictSame(sum, { cameras: 3, expectedS: 280_800, recordedS: 136_800, edgeS: 0, percent: 48.7 });
});

t.test('what was not recorded is asked in one call, by each for its own area', async (t) => {
  const lacking = async (caller = NINGBO, filter = {}) =>
    (await report.report(caller, { below: 95, ...filter })).rows.map(({ device, day }) => `${device} ${day.slice(-2)}`);
  t.strictSame(await lacking(), ['dark 27', 'dark 28', 'holed 27']);
  t.strictSame(await lacking(callerIn('330203')), ['holed 27']);
  t.strictSame(await lacking(NINGBO, { device: 'dark' }), ['dark 27', 'dark 28']);
  t.strictSame(await lacking(callerIn('330203'), { device: 'dark' }), [], 'of another district');
  t.strictSame(await lacking(NINGBO, { jurisdiction: '330212', from: '2026-11-28' }), ['dark 28']);
  t.strictSame((await report.report(callerIn('330282'), {})).sum, {
    cameras: 0,
    expectedS: 0,
    recordedS: 0,
    edgeS: 0,
    percent: null,
  });
  for (const filter of [{ to: '2026-11-29' }, { from: '2026-11-29' }, { from: '2026-10-28' }])
    await t.rejects(report.report(NINGBO, filter), { code: 'request.invalid' });
});

t.test('bytes are counted by the day: what lies there, how fast it came, and what of it may go', async (t) => {
  t.equal(await keptBytes(database), 2_999, 'of a file over midnight each day has its share');
  await database.dedicated(async (run) => void (await run(readFileSync(MIGRATION, 'utf8'))));
  t.equal(await keptBytes(database), 2_999, 'what was recorded before days had bytes is counted by its files');
  const rates = await measuredRates(database, at('27T00:00'));
  t.equal(rates.get('whole main'), (1_999 * 8_000) / (36 * HOUR_MS));
  const since = { cameras: [{ device: 'whole', sinceMs: at('28T06:00') }], sinceMs: at('27T00:00') };
  t.equal(await removableBytes(database, since, nowMs), 1_001 + 998 / 4);
  const all = { ...since, sinceMs: at('28T00:00') };
  t.equal(await removableBytes(database, all, nowMs), 2_001 + 998 / 4);
  const identity = { id: 'holed', kind: 'camera', kindVersion: 1, jurisdiction: '330203' };
  const of = { fromMs: at('27T19:00'), toMs: at('27T19:01'), reason: 'theft', case: null, untilMs: nowMs + DAY_MS };
  const pin = await pins.add(NINGBO, identity, of);
  t.equal(await removableBytes(database, all, nowMs), 1_001 + 998 / 4, 'not what is pinned');
  await pins.remove(NINGBO, identity, pin.id);
});

t.test('a quota is held against what the cameras need, and what is left of it and how long is told', async (t) => {
  const observer = quietObserver();
  const outlookWith = (quotaBytes: number, freeBytes: number) => {
    observer.metrics.clear();
    const disk = { directory: '/video', room: { freeBytes, totalBytes: 1e15, atMs: 0 } };
    const settings = { freeBytes: 1e9, freePercent: 0, reserveBytes: 0, quotaBytes };
    const classOf = () => 'public' as const;
    const [leastDays, isCamera] = [RECORDED_DAYS_MIN, () => true];
    const deps = { clock, observer, database, recordings, disk, plans, isCamera, classOf, leastDays, settings };
    const outlook = new Outlook(deps);
    outlook.start(async (isNear) => void told.push(isNear));
    t.teardown(() => outlook.stop());
    return outlook;
  };
  const told: boolean[] = [];
  const small = outlookWith(1e12, 1e15);
  await small.look();
  t.equal(small.quota, null);
  t.match(small.notes, [/^CITYWATCH_RECORDINGS_QUOTA_GIB is refused .*: 3 cameras need .*, it gives 1 TB\. Raise or/]);
  const large = outlookWith(1e14, 2e10);
  await large.look();
  t.strictSame(large.quota, { bytes: 1e14, leftBytes: 1e14 - 2_999 });
  t.match(large.notes, [/^\/video will be full in \d+ hours, and cameras are then not recorded\. Use a larger disk/]);
  t.strictSame(told, [false, true]);
});

t.test('what is pinned is counted apart, and is not what was removed', async (t) => {
  const of = async (device: string) =>
    (await report.report(NINGBO, {})).rows
      .filter((row) => row.device === device)
      .map((row) => [row.leastDays, row.pinnedS, row.oldestDay, row.oldestUnpinnedDay, row.isRemovedEarly]);
  t.strictSame(await of('holed'), [[30, 0, '2026-11-27', '2026-11-27', false]]);
  const span = { fromMs: at('27T23:59') + 1, toMs: at('28T00:01'), reason: 'theft', case: null };
  const identity = { id: 'whole', kind: 'camera', kindVersion: 1, jurisdiction: '330203' };
  const pin = await pins.add(NINGBO, identity, { ...span, untilMs: nowMs + DAY_MS });
  t.strictSame(await of('whole'), [
    [30, 60, '2026-11-27', '2026-11-27', false],
    [30, 43_200, '2026-11-27', '2026-11-27', false],
  ]);
  const all = await pins.add(NINGBO, identity, { ...span, fromMs: at('27T00:00'), untilMs: nowMs + DAY_MS });
  t.strictSame((await of('whole'))[0], [30, 86_400, '2026-11-27', null, false], 'all that is there is pinned');
  for (const { id } of [pin, all]) await pins.remove(NINGBO, identity, id);
});

t.test('what is removed was recorded all the same, and is kept no longer', async (t) => {
  await recordings.forget(
    await recordings.oldest({ ...OLDEST, beforeMs: at('27T23:59'), atMs: nowMs }, 10),
    removedAt(),
  );
  const { rows } = await report.report(NINGBO, { from: '2026-11-27' });
  t.match(rows.at(-1), { device: 'whole', recordedS: 43_200, oldestDay: '2026-11-27' }, 'a minute of it is left');
  await recordings.forget(await recordings.oldest({ ...OLDEST, beforeMs: nowMs, atMs: nowMs }, 10), removedAt());
  const after = await report.report(NINGBO, { from: '2026-11-27' });
  t.match(after.rows.at(-1), { recordedS: 43_200, oldestDay: null, oldestUnpinnedDay: null, isRemovedEarly: true });
});

t.test(
  'each file is kept as long as the class that it was recorded in asks for, and a proof tells what went',
  async (t) => {
    const { version } = await registry.get(NINGBO, 'dark');
    await registry.update(NINGBO, 'dark', version, { accessClass: 'key-site' });
    const observer = quietObserver();
    const kept = { leastDays: RECORDED_DAYS_MIN, mostDays: RECORDED_DAYS_MIN };
    const gone: string[] = [];
    const disk = {
      name: 'recordings',
      isReady: true,
      remove: async (paths: readonly string[]) => void gone.push(...paths),
    };
    const tidyAfter = async (days: number): Promise<number> => {
      nowMs = at('28T12:02') + days * DAY_MS;
      gone.length = 0;
      observer.metrics.clear();
      const leaving = new Leaving({ database, ownership });
      await new Retention({ observer, recordings, leaving, disks: { ready: () => [disk] }, ...kept }).tidy(nowMs);
      return gone.length;
    };
    const begin = at('28T12:00');
    await recordings.add(['whole', 'dark'].map((device) => file(device, begin, begin + MINUTE_MS)));
    const quality = 'main';
    const [there] = await recordings.within({ device: 'dark', quality, fromMs: begin, toMs: begin + 1 }, 2);
    t.match(there, { class: 'key-site' });
    const identity = { id: 'whole', kind: 'camera', kindVersion: 1, jurisdiction: '330203' };
    const of = { fromMs: begin - 1, toMs: begin + 1, reason: 'theft', case: 'A-1', untilMs: begin + 365 * DAY_MS };
    const pin = await pins.add(NINGBO, identity, of);
    t.match(await pins.of('whole'), [{ ...of, by: NINGBO.name }]);
    await t.rejects(pins.add(NINGBO, identity, { ...of, untilMs: begin }), { code: 'request.invalid' });
    await t.rejects(pins.add(NINGBO, identity, { ...of, toMs: begin + 8 * DAY_MS }), { code: 'request.invalid' });
    t.equal(await tidyAfter(29), 0);
    t.equal(await tidyAfter(31), 0, 'it is pinned');
    const asked = { of: 'public', beforeMs: nowMs - 30 * DAY_MS, atMs: nowMs } as const;
    t.strictSame(await recordings.pinned(asked), { files: 1, bytes: 1_000 }, 'and counted apart');
    await t.rejects(pins.remove(NINGBO, { ...identity, id: 'dark' }, pin.id), { code: 'not-found' });
    await pins.remove(NINGBO, identity, pin.id);
    const audited = await sql`select action from audit_entry where action like 'recording.%pin' order by seq`.execute(
      database.tables(),
    );
    t.strictSame(audited.rows.slice(-2), [{ action: 'recording.pin' }, { action: 'recording.unpin' }]);
    t.equal(await tidyAfter(30 - (1.5 * MINUTE_MS) / DAY_MS), 0, 'its last pictures are not 30 days old');
    t.equal(await tidyAfter(31), 1);
    t.equal((await recordings.within({ device: 'dark', quality, fromMs: 0, toMs: 8e15 }, 2)).length, 1);
    t.equal(await tidyAfter(89), 0);
    const last = await lastRemoval(database);
    t.equal(await tidyAfter(91), 1);
    const proof = await lastRemoval(database);
    t.equal(proof.number, last.number + 1);
    const lists = await sql<{ list: Buffer; pinned: string }>`
      select list, pinned_files || ' ' || pinned_bytes as pinned from recording_removal_list
      join recording_removal using (number) order by number desc limit 2`.execute(database.tables());
    t.equal(gunzipSync(lists.rows[0]!.list).toString(), removalList([there!]), 'a list that `sha256sum` reads');
    t.equal(await recordings.isAny(), false);
    const { rows } = await sql`select from pg_inherits where inhparent = 'recording'::regclass`.execute(
      database.tables(),
    );
    t.equal(rows.length, 0, 'its days are gone');
  },
);

t.test('a camera that is gone counts for as long as it was there', async (t) => {
  nowMs = at('28T12:02');
  const { version } = await registry.get(NINGBO, 'dark');
  await registry.retire(NINGBO, 'dark', version);
  const of = async (from: string) => {
    const { rows } = await report.report(NINGBO, { from, jurisdiction: '330212' });
    return rows.map(({ device, day, expectedS }) => [device, day.slice(-2), expectedS]);
  };
  await sql`update position set retired_at_ms = ${at('28T06:00')} where id = 'dark'`.execute(database.tables());
  t.strictSame(await of('2026-11-27'), [
    ['dark', '27', 86_400],
    ['dark', '28', 21_600],
  ]);
  await sql`update position set retired_at_ms = ${at('27T23:00')} where id = 'dark'`.execute(database.tables());
  t.strictSame(await of('2026-11-28'), []);
});

t.test('a hundred pins of a camera hold at once, and those that ended do not count', async (t) => {
  const busy = { id: 'busy', kind: 'camera', kindVersion: 1, jurisdiction: '330203' };
  const span = { fromMs: nowMs - 2, toMs: nowMs - 1, reason: 'theft', case: null };
  const pin = () => pins.add(NINGBO, busy, { ...span, untilMs: nowMs + DAY_MS });
  for (let n = 0; n < 100; n += 1) await pin();
  await t.rejects(pin(), { code: 'request.invalid' });
  nowMs += 2 * DAY_MS;
  await pin();
  t.equal((await pins.of('busy')).length, 101, 'and are listed');
});
