import fc from 'fast-check';
import t from 'tap';
import type { GapReason, GapStep } from '../../../../src/streams/recorder/camera/gaps.ts';
import { Notes } from '../../../../src/streams/recorder/notes.ts';
import { type CoveringFile, type GapChange, split } from '../../../../src/streams/recordings/gap-table.ts';
import type { RecordedFile } from '../../../../src/streams/recordings/recordings.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const CAM = { device: 'cam-1', quality: 'main' } as const;
const DISK: GapReason = { cause: 'disk-failed', detail: 'EIO' };
const CAMERA: GapReason = { cause: 'camera', detail: 'unreachable' };

/** Tables in memory that keep the rules of those in the database. */
function tablesInMemory() {
  let rows = new Map<number, GapChange>();
  const put = (changes: readonly GapChange[]): void => {
    for (const one of changes) {
      if (one.toMs !== null && one.toMs - one.fromMs < 2_000) rows.delete(one.fromMs);
      else rows.set(one.fromMs, one);
    }
  };
  const state = { isDown: false };
  const need = async (): Promise<void> => {
    if (state.isDown) throw new Error('the database is away');
  };
  const gaps = {
    write: async (changes: readonly GapChange[]) => {
      await need();
      put(changes);
    },
    cover: async (files: readonly CoveringFile[], { lasting = false } = {}) => {
      await need();
      const left = [...rows.values()].flatMap((one) => (one.toMs === null && !lasting ? [one] : split(one, files)));
      rows = new Map();
      put(left);
    },
  };
  const ordered = () => [...rows.values()].sort((one, other) => one.fromMs - other.fromMs);
  return { state, need, gaps, ordered };
}

/** Notes above such tables; times are told from the beginning. */
function notesInMemory() {
  const clock = new ManualClock();
  const startMs = clock.nowMs();
  const { state, need, gaps, ordered } = tablesInMemory();
  const notes = new Notes({
    clock,
    observer: quietObserver(),
    recordings: { add: need },
    gaps,
    disks: { keep: () => {}, look: () => {} },
  });
  const at = (ms: number) => startMs + ms;
  const file = (fromMs: number, toMs: number): RecordedFile => ({
    head: { ...CAM, startsAtMs: at(fromMs), previousEndsAtMs: null, continuity: 'c', leaseEpoch: 1 },
    disk: 'recordings',
    endsAtMs: at(toMs),
    bytes: 1,
    leadBytes: 1,
    sha256: '',
  });
  const shifted = (step: GapStep): GapStep => {
    if (step.type === 'begin') return { ...step, fromMs: at(step.fromMs) };
    if (step.type === 'end') return { ...step, toMs: at(step.toMs) };
    return step.type === 'whole' ? { ...step, fromMs: at(step.fromMs), toMs: at(step.toMs) } : step;
  };
  return {
    notes,
    clock,
    file,
    at,
    steps: (...steps: GapStep[]) => notes.holes(CAM, steps.map(shifted)),
    down: (is: boolean) => {
      state.isDown = is;
    },
    told: async () => {
      await notes.flush();
      return ordered().map(({ fromMs, toMs }) => [fromMs - startMs, toMs === null ? null : toMs - startMs]);
    },
  };
}

t.test('a hole that lasts begins where a file ends that was found late, in its row and when it ends', async (t) => {
  const { notes, file, steps, told } = notesInMemory();
  steps({ type: 'begin', fromMs: 0, reason: DISK });
  t.strictSame(await told(), [[0, null]]);
  notes.found(file(0, 40_000));
  t.strictSame(await told(), [[40_000, null]]);
  steps({ type: 'end', toMs: 60_000 });
  t.strictSame(await told(), [[40_000, 60_000]]);
});

t.test(
  'what is missing before a file that was found in a hole stays told, and so does what is behind it',
  async (t) => {
    const { notes, file, steps, told } = notesInMemory();
    steps({ type: 'begin', fromMs: 0, reason: DISK });
    notes.found(file(10_000, 20_000));
    t.strictSame(await told(), [
      [0, 10_000],
      [20_000, null],
    ]);
    steps({ type: 'end', toMs: 21_000 });
    t.strictSame(await told(), [[0, 10_000]], 'a second is no hole');
  },
);

t.test('a file is taken out of a hole that has ended, also when the database was away meanwhile', async (t) => {
  const { notes, file, steps, told, down } = notesInMemory();
  down(true);
  steps({ type: 'whole', fromMs: 0, toMs: 30_000, reason: DISK });
  notes.found(file(0, 12_000));
  await t.rejects(notes.flush());
  down(false);
  t.strictSame(await told(), [[12_000, 30_000]]);
});

t.test('a hole that is known only after a file was found in it is told without that file', async (t) => {
  const { notes, file, steps, told, at } = notesInMemory();
  notes.found(file(0, 10_000));
  await notes.flush();
  notes.lasts({ ...CAM, fromMs: at(0), toMs: null, reason: DISK });
  steps({ type: 'end', toMs: 15_000 });
  t.strictSame(await told(), [[10_000, 15_000]]);
});

t.test(
  'what follows a hole at once by the same cause is one hole with it; another cause has its own row',
  async (t) => {
    const { steps, told, clock } = notesInMemory();
    steps(
      { type: 'begin', fromMs: 0, reason: DISK },
      { type: 'end', toMs: 5_000 },
      { type: 'whole', fromMs: 5_000, toMs: 8_000, reason: DISK },
      { type: 'begin', fromMs: 8_000, reason: DISK },
    );
    t.strictSame(await told(), [[0, null]]);
    steps({ type: 'end', toMs: 10_000 }, { type: 'whole', fromMs: 10_000, toMs: 13_000, reason: CAMERA });
    t.strictSame(await told(), [
      [0, 10_000],
      [10_000, 13_000],
    ]);
    steps({ type: 'whole', fromMs: 14_000, toMs: 17_000, reason: CAMERA });
    t.equal((await told()).length, 3, 'a second of pictures lies between them');
    await clock.advance(100_000);
    steps({ type: 'whole', fromMs: 17_000, toMs: 90_000, reason: CAMERA });
    t.equal((await told()).length, 4, 'the one before may have been asked for already');
  },
);

t.test(
  'in whatever order files are found and holes are told, rows and files never meet, and nothing is missing',
  async (t) => {
    // Each part of four seconds is a file that is found, or missing.
    const parts = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(parts, fc.infiniteStream(fc.boolean()), async (found, early) => {
        const { notes, file, steps, told } = notesInMemory();
        steps({ type: 'begin', fromMs: 0, reason: DISK });
        const late: number[] = [];
        const find = (n: number) => notes.found(file(n * 4_000, (n + 1) * 4_000));
        for (const [n, isFound] of found.entries()) {
          if (!isFound) continue;
          if (early.next().value) find(n);
          else late.push(n);
          if (early.next().value) await notes.flush();
        }
        const endMs = found.length * 4_000 + 4_000;
        steps({ type: 'end', toMs: endMs });
        if (early.next().value) await notes.flush();
        for (const n of late) find(n);
        const rows = (await told()) as [number, number][];
        for (const [n, isFound] of [...found, false].entries()) {
          const middleMs = n * 4_000 + 2_000;
          const tellers = rows.filter(([fromMs, toMs]) => fromMs < middleMs && middleMs < toMs);
          t.equal(tellers.length, isFound ? 0 : 1, JSON.stringify({ found, rows, n }));
        }
      }),
      { numRuns: 60 },
    );
  },
);
