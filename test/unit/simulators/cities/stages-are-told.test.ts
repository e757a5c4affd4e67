import t from 'tap';
import { StageWatch, stagesIn } from '../../../../simulators/cities/looks/stages.ts';
import { type Entry, readLine } from '../../../../simulators/fleet/ledger-lines.ts';
import { Facts } from '../../../../simulators/report/facts.ts';
import { judge } from '../../../../simulators/report/judge.ts';
import { toPage } from '../../../../simulators/report/shown/page.ts';
import { toLines } from '../../../../simulators/report/shown/text.ts';

const NAME = 'citywatch_journal_sync_seconds';
const LOOP = 'citywatch_event_loop_delay_seconds';
const BEGAN_MS = Date.UTC(2026, 5, 8, 10);
const HEAD: Entry = {
  what: 'head',
  head: {
    run: 'r1',
    city: 'c',
    seed: 1,
    scale: 1,
    prefix: 'p-',
    gateway: 'g',
    machine: 'm',
    part: '1/1',
    beganAtMs: BEGAN_MS,
  },
};

/** As a gateway shows it that wrote so many groups in at most 1 ms, 10 ms, and longer. */
function shown([fast, slow, longer]: readonly [number, number, number], loop = 0): string {
  const counts: [string, number][] = [
    ['0.001', fast],
    ['0.01', fast + slow],
    ['+Inf', fast + slow + longer],
  ];
  return [
    `# HELP ${NAME} Time it took`,
    ...counts.map(([le, count]) => `${NAME}_bucket{le="${le}",lane="live"} ${count}`),
    `${NAME}_bucket{le="0.001",lane="bulk"} 0`,
    `${NAME}_sum{lane="live"} 1`,
    `${LOOP}_bucket{le="0.005"} ${loop}`,
    `${LOOP}_bucket{le="+Inf"} ${loop}`,
    `other_bucket{le="1"} 7`,
  ].join('\n');
}

t.test('histograms of stages are read, lanes together, each step alone', (t) => {
  t.strictSame(
    [...(stagesIn(shown([5, 3, 1])).get('group written and synced') ?? [])].sort(),
    [
      [1, 5],
      [10, 3],
      [null, 1],
    ].sort(),
  );
  t.equal(stagesIn('nothing of the kind 1').size, 0);
  t.end();
});

t.test('what happened while the run lasted counts, also when the gateway was started anew', async (t) => {
  const texts: (string | null)[] = [shown([100, 100, 100], 9), shown([190, 108, 102], 19), null, shown([3, 0, 0], 4)];
  const lines: string[] = [];
  const watch = new StageWatch({
    gateway: { metrics: async () => texts.shift() ?? Promise.reject(new Error('away')) },
    ledger: { add: (line) => lines.push(line) },
    nowMs: () => BEGAN_MS + 5_000,
  });
  for (let look = 0; look < 4; look += 1) await watch.look();
  const entries = [HEAD, ...lines.flatMap((line) => readLine(line) ?? [])];
  const found = await judge(await Facts.of(entries), null);
  const { count, p50Ms, p99Ms } = found.stages.find(({ name }) => name === 'group written and synced') ?? {};
  t.strictSame([count, p50Ms, p99Ms], [103, 1, 10]);
  t.strictSame(found.loop, [
    { atS: 5, p99Ms: 5 },
    { atS: 5, p99Ms: 5 },
  ]);
  t.match(toPage(found), /group written and synced/);
  t.match(toLines(found).join('\n'), /group written and synced +103 times, p50 1, p95 10, p99 10/);
});

t.test('alerts that were told of carry the moments of their stages', async (t) => {
  const told = { webhook: 'w', device: 'p-1', place: null, verdict: 'right', isRepeat: false, storm: 0 };
  const stamps = { receivedMs: BEGAN_MS, decidedMs: BEGAN_MS + 20, committedMs: BEGAN_MS + 50 };
  const opened = { ...told, alert: 'a', type: 'alert.opened', atMs: BEGAN_MS + 90, stamps };
  const entries: Entry[] = [HEAD, { what: 'delivered', delivered: opened }];
  entries.push({ what: 'delivered', delivered: { ...opened, isRepeat: true, atMs: BEGAN_MS + 60_000 } });
  const { stages } = await judge(await Facts.of(entries), null);
  t.strictSame(
    stages.map(({ name, count, maxMs }) => [name, count, maxMs]),
    [
      ['alert: received, until decided', 1, 20],
      ['alert: decided, until committed', 1, 30],
      ['alert: committed, until told', 1, 40],
    ],
  );
});

t.test('a target that says nothing of it is said to say nothing', async (t) => {
  const found = await judge(await Facts.of([HEAD]), null);
  t.match(toLines(found).join('\n'), /does not say how long its stages take[\s\S]*how late its event loop is/);
  t.match(toPage(found), /does not say how long its stages take[\s\S]*how late its event loop is/);
});
