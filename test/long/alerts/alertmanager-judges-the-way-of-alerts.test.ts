import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { Alertmanager, WAITS } from '../../support/alerts/alertmanager/alertmanager.ts';
import { compare, type Row } from '../../support/alerts/alertmanager/compare.ts';
import { OurSide } from '../../support/alerts/alertmanager/our-side.ts';
import { keyOf, type TracedEvent, traceOf } from '../../support/alerts/alertmanager/trace.ts';
import { ROOT } from '../../support/root.ts';
import { lasts } from '../../support/time/lasting.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(600_000);

const EVENTS = 10_000;
const SEED = 13;
/** Events are handed in so often, as a collector does. */
const STEP_MS = 100;
const PAGE = join(ROOT, 'docs/alertmanager.md');

t.test('the same 10,000 events through Alertmanager and ours: each difference has its reason', async (t) => {
  const trace = traceOf(SEED, EVENTS);
  t.equal(trace.events.length, EVENTS);
  let beganMs = Number.POSITIVE_INFINITY;
  const nowMs = (): number => Date.now() - beganMs;
  const [ours, theirs] = [await OurSide.start(t, trace, nowMs), await Alertmanager.start(t)];
  const since = new Map<string, number>();
  const left = [...trace.events];
  beganMs = Date.now();
  while (left.length > 0) {
    await lasts(STEP_MS);
    const due: TracedEvent[] = left.splice(0, left.findIndex(({ atMs }) => atMs > nowMs()) >>> 0);
    if (due.length === 0) continue;
    const [ofTheirs, atMs] = [statesOf(due, since, beganMs), Date.now()];
    await Promise.all([ours.say(due), theirs.say(ofTheirs, atMs)]);
  }
  await until('ours has told everything', () => ours.isSettled(), 60_000);
  // What it still groups is told at its next interval, and ours looks each 10 s whether a site is back.
  await lasts(2 * WAITS.groupIntervalMs + 5_000);
  await until('ours has told everything', () => ours.isSettled(), 60_000);
  const sides = { trace, ours: ours.messages, alerts: await ours.alerts(), theirs: theirs.messages, beganMs };
  const { rows, unexplained } = compare(sides);
  for (const row of rows) t.comment(`${row.what}: ours ${row.ours}; theirs ${row.theirs} (${row.why})`);
  t.strictSame(unexplained.slice(0, 20), []);
  if (unexplained.length === 0) await writeFile(PAGE, pageOf(rows, theirs.version));
});

/** An alert has one state at a time there: of several events the last. */
function statesOf(due: readonly TracedEvent[], since: Map<string, number>, beganMs: number) {
  const states = new Map<string, { alert: TracedEvent['alert']; does: TracedEvent['does']; since: number }>();
  for (const { atMs, alert, does } of due) {
    const key = keyOf(alert);
    const startedMs = since.get(key) ?? beganMs + atMs;
    if (does === 'fire') since.set(key, startedMs);
    else since.delete(key);
    states.set(key, { alert, does, since: startedMs });
  }
  return [...states.values()];
}

function pageOf(rows: readonly Row[], version: string): string {
  const table = rows.map(({ what, ours, theirs, why }) => `| ${what} | ${ours} | ${theirs} | ${why} |`);
  const { groupWaitMs, groupIntervalMs, repeatMs } = WAITS;
  const [wait, interval, repeat] = [groupWaitMs, groupIntervalMs, repeatMs].map((ms) => `${ms / 1000} s`);
  return `# Beside Alertmanager

What becomes of the same 10,000 events in the alert desk of citywatch and in Prometheus Alertmanager ${version}, as
Debian has it. \`npm run test:long\` plays them to both at the same time, for ${trace()} s: single things that come and
go, two storms of 150 kiosks, ten sites of 20 cameras that go dark, and 60 calls for help. It fails where a difference
has none of the reasons below, and writes this page.

Alertmanager is set to what comes nearest: groups by rule and area (\`group_wait\` ${wait}, \`group_interval\`
${interval}, \`repeat_interval\` ${repeat}), extreme alerts by themselves and at once, and \`site-dark\` inhibits the
silent cameras of its site. Ours runs with its own waits; only the 90 s in which devices may come back are 4 s here.

| what | ours | Alertmanager | why |
|---|---|---|---|
${table.join('\n')}

What one has and the other has not: Alertmanager knows no acknowledgement, no desk that is handed over and no proof that
nothing was lost. Ours has no tree of routes by labels: rules choose their desk. Messages of Alertmanager that its
receiver refuses with a status of 4xx are dropped; ours are dead letters that people see.
`;
}

const trace = (): number => traceOf(SEED, EVENTS).lengthMs / 1000;
