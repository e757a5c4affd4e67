import fc from 'fast-check';
import t from 'tap';
import { clockOf, HABITS_OF_NONE, outageAt } from '../../../../simulators/devices/habits.ts';
import { nextReport, packetsOf } from '../../../../simulators/devices/packets.ts';
import { chance, momentsOf, seedOf, wander } from '../../../../simulators/models/chance.ts';
import { areaUntil, levelAt, PEOPLE, TRAFFIC } from '../../../../simulators/models/day.ts';
import { MODELS } from '../../../../simulators/models/models.ts';
import { placeAt, roundOf } from '../../../../simulators/models/traffic/roads.ts';
import { rainAt, waterAt } from '../../../../simulators/models/world.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../src/core/clock.ts';
import { senderOf, WORLD } from '../../../support/simulators/beings.ts';

const time = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2030, 0, 1) });
const habits = {
  duplicates: 0.1,
  reordered: 0.1,
  broken: 0.1,
  withoutIds: 0.3,
  clockSkewS: 100,
  clockDriftPpm: 200,
  outagesPerDay: 6,
  outageMin: 40,
};
const run = { id: 'r1', world: WORLD };

t.test('the same seed and time give the same bytes, whatever was asked before', async (t) => {
  const kind = fc.constantFrom(...MODELS.keys());
  fc.assert(
    fc.property(kind, fc.string({ minLength: 1, maxLength: 12 }), time, (of, id, atMs) => {
      const [one, other] = [senderOf(of, id, { habits }), senderOf(of, id, { habits })];
      const reportMs = nextReport(one, atMs);
      packetsOf(other, nextReport(other, atMs + DAY_MS), run);
      t.strictSame(packetsOf(one, reportMs, run), packetsOf(other, reportMs, run));
    }),
    { numRuns: 150 },
  );
});

t.test('reports are a period apart, and each record has a time of its own', async (t) => {
  const kind = fc.constantFrom(...MODELS.keys());
  fc.assert(
    fc.property(kind, time, (of, atMs) => {
      const sender = senderOf(of, 'd', { habits: { ...habits, duplicates: 0 } });
      const first = nextReport(sender, atMs);
      if (first <= atMs || first - atMs > sender.periodS * 1_000) throw new Error(`${atMs} -> ${first}`);
      if (nextReport(sender, first) !== first + sender.periodS * 1_000) throw new Error(`after ${first}`);
      const times = packetsOf(sender, first, run).flatMap(({ tsMs }) => tsMs);
      if (new Set(times).size !== times.length) throw new Error(`twice the same time: ${times}`);
    }),
    { numRuns: 150 },
  );
  t.not(nextReport(senderOf('wifi-ap', 'a'), 0), nextReport(senderOf('wifi-ap', 'b'), 0), 'a city has many voices');
});

t.test('a span that is cut has the moments of the whole', async (t) => {
  const cut = fc.integer({ min: 0, max: HOUR_MS });
  fc.assert(
    fc.property(fc.integer(), time, cut, (seed, fromMs, partMs) => {
      const of = (span: { fromMs: number; toMs: number }) =>
        momentsOf(seed, 'x', { span, slotMs: 7_001, oddsAt: () => 0.4 });
      const toMs = fromMs + HOUR_MS;
      const middle = fromMs + partMs;
      t.strictSame([...of({ fromMs, toMs: middle }), ...of({ fromMs: middle, toMs })], of({ fromMs, toMs }));
    }),
    { numRuns: 100 },
  );
});

t.test('nothing that was measured without a network is missing afterwards', async (t) => {
  const fromMs = Date.UTC(2026, 5, 8);
  const sent = (id: string, some: typeof habits) => {
    const sender = senderOf('recycling-kiosk', id, { habits: { ...some, broken: 0, duplicates: 0, reordered: 0 } });
    const times: number[] = [];
    for (let atMs = fromMs; atMs < fromMs + DAY_MS; atMs += MINUTE_MS) {
      times.push(...packetsOf(sender, nextReport(sender, atMs), run).flatMap(({ tsMs }) => tsMs));
    }
    return times.sort((a, b) => a - b);
  };
  for (const id of ['a', 'b', 'c', 'd']) {
    const always = sent(id, { ...habits, outagesPerDay: 0 });
    const broken = new Set(sent(id, habits));
    const missing = always.filter((ms) => !broken.has(ms));
    const lastMs = always.at(-1) ?? 0;
    t.ok(always.length > 1_440 && missing.every((ms) => ms > lastMs - HOUR_MS), `${id}: ${missing.length} missing`);
    t.equal(broken.size >= always.length - missing.length, true);
  }
});

t.test('a power cut keeps a district silent, and all of it comes back', async (t) => {
  const fromMs = Date.UTC(2026, 5, 8, 4);
  const cut = { fromMs, toMs: fromMs + 10 * MINUTE_MS };
  const sender = senderOf('recycling-kiosk', 'k', { dark: [cut] });
  const all = Array.from({ length: 30 }, (_, at) =>
    packetsOf(sender, nextReport(sender, fromMs + (at - 10) * MINUTE_MS), run),
  );
  const packets = all.flat();
  t.strictSame(
    packets.filter(({ dueMs }) => dueMs > cut.fromMs && dueMs < cut.toMs),
    [],
  );
  const back = packets.filter(({ payload }) => payload.startsWith('['));
  t.ok(back.flatMap(({ tsMs }) => tsMs).length >= 10, 'ten minutes of readings');
  t.ok(back.every(({ dueMs }) => dueMs >= cut.toMs && dueMs < cut.toMs + 5_000));
});

t.test('clocks, days, rain and roads behave', async (t) => {
  fc.assert(
    fc.property(fc.integer(), time, (seed, atMs) => {
      const share = chance(seed, 'x', atMs % 2 ** 31);
      if (!(share >= 0 && share < 1)) throw new Error(`${share}`);
      if (Math.abs(wander(seed, 'x', atMs, 60_000) - wander(seed, 'x', atMs + 1, 60_000)) > 0.001)
        throw new Error('jump');
      const skew = { ...HABITS_OF_NONE, clockSkewS: 100, clockDriftPpm: 500 };
      if (Math.abs(clockOf(seed, skew, atMs) - atMs) > 112_000) throw new Error('a clock too wrong');
      if (clockOf(seed, skew, atMs + 1_000) <= clockOf(seed, skew, atMs)) throw new Error('a clock goes back');
      const grown = areaUntil(TRAFFIC, atMs + MINUTE_MS) - areaUntil(TRAFFIC, atMs);
      if (Math.abs(grown - levelAt(TRAFFIC, atMs) / 60) > 0.02) throw new Error(`area ${grown}`);
      const round = roundOf(seed, { lat: 30, lon: 120 });
      const [here, there] = [placeAt(round, atMs % 1e6), placeAt(round, (atMs % 1e6) + 10)];
      if (Math.hypot(here.lat - there.lat, here.lon - there.lon) > 2e-4) throw new Error('a vehicle jumps');
    }),
    { numRuns: 300 },
  );
  t.ok(levelAt(PEOPLE, Date.UTC(2026, 5, 8, 11)) > 5 * levelAt(PEOPLE, Date.UTC(2026, 5, 8, 19)), 'evening, and night');
  const fromMs = Date.UTC(2026, 5, 8);
  const storm = { fromMs, toMs: fromMs + 2 * HOUR_MS, peakMmh: 60 };
  const world = { ...WORLD, storms: [storm] };
  t.ok(rainAt(world, fromMs + HOUR_MS) >= 60);
  t.ok(waterAt(world, fromMs + 2 * HOUR_MS) > 20 && waterAt(WORLD, fromMs) < 20, 'water rises after the rain');
  t.equal(outageAt(1, HABITS_OF_NONE, fromMs, []), null);
  t.not(seedOf('a'), seedOf('b'));
});

t.test('what tells of trouble is never late, however often a device reorders what it says', async (t) => {
  const fromMs = Date.UTC(2026, 5, 8, 10, 0, 3);
  const trouble = { what: 'fire', fromMs, toMs: fromMs + 5_000 } as const;
  for (let at = 0; at < 20; at += 1) {
    const troubles = [trouble];
    const sender = senderOf('recycling-kiosk', `late-${at}`, { habits: { reordered: 1 }, troubles, periodS: 60 });
    const packets = [fromMs - 1, fromMs + 60_000].flatMap((ms) => packetsOf(sender, nextReport(sender, ms), run));
    for (const { dueMs, payload } of packets) {
      const { ts, values } = JSON.parse(payload);
      if (ts !== trouble.fromMs && ts !== trouble.toMs) continue;
      t.strictSame([dueMs, values.smoke], [ts, ts === trouble.fromMs], 'sent at the moment');
    }
    t.ok(packets.some(({ tsMs }) => tsMs.includes(fromMs)));
    t.ok(
      packets.some(({ dueMs, tsMs }) => dueMs > (tsMs[0] ?? 0)),
      'and others are late',
    );
  }
});
