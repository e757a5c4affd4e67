import t from 'tap';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { BulkPace } from '../../../../src/ingest/readers/bulk-pace.ts';
import { oldestDayFirst } from '../../../../src/telemetry/writer/telemetry-reader.ts';
import { AT_MS, batch, decoded, reading } from '../../../support/ingest/batches.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const MUCH = 10 * 1024 * 1024;
const never = new AbortController().signal;

t.test('while live data waits, a piece of backfill waits too, and goes on when it has caught up', async (t) => {
  const clock = new ManualClock();
  let backlog = MUCH;
  let done = false;
  const running = new BulkPace({ clock, liveBacklogBytes: () => backlog }).run(never, async () => {
    done = true;
  });
  await clock.advance(3_000);
  t.equal(done, false);
  backlog = 0;
  await clock.advance(100);
  t.equal(done, true);
  await clock.advance(1);
  await running;
});

t.test('a live lane that stays behind lets one piece through every five seconds', async (t) => {
  const clock = new ManualClock();
  const pace = new BulkPace({ clock, liveBacklogBytes: () => MUCH });
  let pieces = 0;
  const stop = new AbortController();
  const running = (async () => {
    const piece = async () => {
      pieces += 1;
    };
    while (!stop.signal.aborted) await pace.run(stop.signal, piece);
  })();
  await clock.advance(20_500);
  t.equal(pieces, 4);
  stop.abort();
  await clock.advance(10_000);
  await running;
});

t.test('after a piece it rests as long as the piece took', async (t) => {
  const clock = new ManualClock();
  const pace = new BulkPace({ clock, liveBacklogBytes: () => 0 });
  let rested = false;
  const running = pace.run(never, () => clock.sleep(400)).then(() => (rested = true));
  await clock.advance(799);
  t.equal(rested, false);
  await clock.advance(1);
  await running;
  t.equal(rested, true);
});

t.test('a backfill is written oldest day first and in order within a day; live data as it came', async (t) => {
  const days = [2, 0, 1, 0];
  const messages = days.map((day, at) =>
    decoded([reading({ fill_pct: at }, { atMs: AT_MS + day * DAY_MS })], { offset: at * 100 }),
  );
  const offsets = (sorted: ReturnType<typeof batch>) => sorted.messages.map(({ message }) => message.offset);
  t.same(offsets(oldestDayFirst(batch(messages, 'bulk'))), [100, 300, 200, 0]);
  t.same(offsets(oldestDayFirst(batch(messages, 'live'))), [0, 100, 200, 300]);
});
