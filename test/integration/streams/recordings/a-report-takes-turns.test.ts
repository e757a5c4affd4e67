import type { KyselyPlugin } from 'kysely';
import t from 'tap';
import { chinaDayAt, DAY_MS, systemClock } from '../../../../src/core/clock.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { dayNumber, startOfDay } from '../../../../src/streams/recordings/recorded-days.ts';
import { RecordingReport } from '../../../../src/streams/recordings/report.ts';
import { callerIn, openDatabase } from '../../../support/devices/registry.ts';

const CAMERAS = Array.from({ length: 900 }, (_, number) => ({ id: `cam-${number}`, jurisdiction: '330203' }));
const DAYS = 30;
const AREA = '330200';

const database = await openDatabase(t);
const lastDay = dayNumber(systemClock.nowMs()) - 1;
const firstDay = lastDay - DAYS + 1;
const devices = CAMERAS.map(({ id }) => id);
await sql`
  insert into recording_day (device, quality, day, recorded_ms, kept_ms, recorded_bytes, kept_bytes, edge_ms)
  select device, 'main', day, ${DAY_MS}::bigint / 2, ${DAY_MS}::bigint / 2, 1, 1, 1000
  from unnest(${devices}::text[]) as device, generate_series(${firstDay}::int, ${lastDay}::int) as day`.execute(
  database.tables(),
);
/** Rows of the longest answer of the database. */
let longest = 0;
const counting: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: async ({ result }) => {
    longest = Math.max(longest, result.rows.length);
    return result;
  },
};
const report = new RecordingReport({
  database: { tables: () => database.tables().withPlugin(counting) } as unknown as typeof database,
  clock: systemClock,
  tree: { area: () => ({ code: AREA }) } as never,
  plans: {
    standing: () =>
      devices.map((device) => ({ device, plan: { mode: 'always', quality: 'main' }, sinceMs: 0 }) as never),
  },
  classOf: () => 'public',
  leastDays: { public: 30, 'key-site': 90, minors: 30 },
  within: () => CAMERAS,
  retired: async () => [],
  namesOf: async () => new Map(),
});
const month = { from: chinaDayAt(startOfDay(firstDay)), to: chinaDayAt(startOfDay(lastDay)) };

t.test('the report of a month of many cameras is whole, and others have their turns while it is made', async (t) => {
  let [turns, isOver] = [0, false];
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const { rows, sum } = await report.report(callerIn(AREA), month);
  isOver = true;
  t.ok(turns > CAMERAS.length / 200, `${turns} turns`);
  t.equal(rows.length, CAMERAS.length * DAYS);
  t.ok(longest < 10_000, `no answer of the database is so long that nobody has a turn meanwhile: ${longest} rows`);
  const [halfS, edgeS] = [(DAYS * CAMERAS.length * DAY_MS) / 2_000, DAYS * CAMERAS.length];
  t.match(sum, { cameras: CAMERAS.length, expectedS: 2 * halfS, recordedS: halfS, edgeS, percent: 50 });
  const inOrder = [...rows].sort((one, other) =>
    one.device === other.device ? (one.day < other.day ? -1 : 1) : one.device < other.device ? -1 : 1,
  );
  t.strictSame(rows, inOrder, 'in order of camera and day');
  const { rows: few, sum: same } = await report.report(callerIn(AREA), { ...month, below: 50 });
  t.strictSame([few.length, same], [0, sum], 'the sum is of all days, whatever is left out');
});
