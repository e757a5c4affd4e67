import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { type DiskFacts, judgeDisk, lookAtDisks } from '../../../../src/platform/files/disks.ts';

const MiB = 1024 ** 2;
const ALL: DiskFacts['uses'] = ['journal', 'database', 'evidence', 'pictures', 'telemetry'];

function judge(freeMiB: number, syncMs: number | null = 1, uses = ALL) {
  return judgeDisk({ path: '/data', uses, freeBytes: freeMiB * MiB, syncMs });
}

t.test('room is given up in the order of what matters least', async (t) => {
  const steps: [number, string, string[]][] = [
    [20_000, 'fine', []],
    [9_000, 'warning', []],
    [1_000, 'warning', ['pictures']],
    [500, 'warning', ['evidence', 'pictures']],
    [255, 'problem', ['journal', 'evidence', 'pictures']],
    [0, 'problem', ['journal', 'database', 'evidence', 'pictures']],
  ];
  for (const [freeMiB, level, refuses] of steps) t.match(judge(freeMiB), { level, refuses }, `${freeMiB} MiB`);
  t.match(judge(500), {
    what: /^500 MiB free for .* \(\/data\); no picture is attached .*; no picture of a device is taken$/,
  });
  t.match(judge(9_000), { what: /^8\.8 GiB free/, remedy: 'make room, or use a larger disk' });
});

t.test('a disk refuses only what is on it', async (t) => {
  t.match(judge(100, null, ['telemetry']), { level: 'warning', refuses: [] });
  t.match(judge(100, null, ['database']), { level: 'warning', refuses: [] });
});

t.test('a slow disk is named, with what waits for it', async (t) => {
  t.match(judge(20_000, 101), { level: 'warning', refuses: [], what: /101 ms/, remedy: 'use a faster disk' });
  t.equal(judge(20_000, 100).level, 'fine');
});

t.test(
  'places on one disk are one verdict, also those that are not made yet, and nothing is left behind',
  async (t) => {
    const path = t.testdir();
    await mkdir(join(path, 'journal'));
    let nowMs = 0;
    const clock = () => {
      nowMs += 150;
      return nowMs;
    };
    const places = [
      { use: 'journal', path: join(path, 'journal') },
      { use: 'pictures', path: join(path, 'not', 'there') },
    ] as const;
    const verdicts = await lookAtDisks(places, clock);
    t.match(verdicts, [{ uses: ['journal', 'pictures'], syncMs: 150 }]);
    t.same(await readdir(join(path, 'journal')), []);
    t.match(await lookAtDisks(places.slice(1), clock), [{ uses: ['pictures'], syncMs: null }]);
  },
);
