import type { Test } from 'tap';
import type { Gap, GapTable } from '../../../../src/streams/recordings/gap-table.ts';
import type { Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { until } from '../../time/until.ts';

/** Cameras that are recorded in a test. */
export interface RecordedBed {
  cameras: readonly string[];
  recordings: Recordings;
  gaps: GapTable;
  /** When the last picture that was sent ended, Unix ms. */
  sentToMs(): number;
  /** Records all of them, or none. */
  record(all: boolean): void;
}

const SOON_MS = 60_000;
const EVER = { quality: 'main', fromMs: 0, toMs: 8e15 } as const;

/** Holes that follow each other at once, of different causes, as one. Of one cause they would have to have one row. */
function joined(rows: readonly Gap[]): Gap[] {
  const holes: Gap[] = [];
  for (const row of rows) {
    const before = holes.at(-1);
    if (before && before.toMs === row.fromMs && before.cause !== row.cause)
      holes[holes.length - 1] = { ...row, fromMs: before.fromMs };
    else holes.push(row);
  }
  return holes;
}

/** Ends what is recorded, and finds each hole of two seconds or more between files told, and none besides. */
export async function isHonest(t: Test, bed: RecordedBed, causes: readonly string[]): Promise<void> {
  const { cameras, recordings, gaps, record } = bed;
  const endMs = bed.sentToMs();
  record(false);
  const all = () => Promise.all(cameras.map((device) => recordings.within({ device, ...EVER, toMs: endMs }, 1_000)));
  await until(
    'all has rows',
    async () => (await all()).every((files) => (files.at(-1)?.endsAtMs ?? 0) >= endMs),
    SOON_MS,
  );
  const recorded = await all();
  for (const [at, device] of cameras.entries()) {
    const files = recorded[at]!;
    const [first] = files;
    const rows = (await gaps.within({ device, ...EVER }, 100)).filter(({ fromMs }) => fromMs >= first!.startsAtMs);
    const told = joined(rows);
    const missing = files.slice(1).flatMap(({ startsAtMs }, n) => {
      const fromMs = files[n]!.endsAtMs;
      return startsAtMs - fromMs < 2_000 ? [] : [{ fromMs, toMs: startsAtMs }];
    });
    t.match(told, missing, device);
    t.equal(told.length, missing.length, `${device}: each hole once`);
    // Between two tests nothing is wanted, as if the gateway had not run: two seconds of it on a busy machine are a
    // hole.
    for (const { cause } of rows) t.ok([...causes, 'gateway'].includes(cause), cause);
  }
  record(true);
}
