import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CONDITIONS } from '../src/alerts/rules/conditions/conditions.ts';
import { RuleBook } from '../src/alerts/rules/rule-book.ts';
import { WorkDays } from '../src/core/calendar/work-days.ts';
import { Kinds } from '../src/devices/kinds/kinds.ts';
import { RECIPES } from '../test/support/alerts/plan/happenings.ts';
import { OPERATOR } from '../test/support/alerts/plan/operator.ts';
import { OURS, PLAIN, planSets, workedThrough } from '../test/support/alerts/plan/sets.ts';
import { figuresOf, type PlanFigures, type Trace } from '../test/support/alerts/plan/trace.ts';
import { KINDS_DIRECTORY } from '../test/support/devices/registry.ts';
import { temporaryDirectory } from '../test/support/ingest/journal.ts';
import { ROOT } from '../test/support/root.ts';
import { beside, each, tell as give } from './support/figures.ts';
import { owner, run, setting } from './support/harness.ts';

/**
 * A simulation of the national plan's "30 % faster and 30 % more accurate": one operator works through two sets of
 * events whose truth is known, once as they are forwarded plainly and once as the rules, the desk and its order give
 * them. `docs/national-plan.md` says what that shows and what it does not. `CITYWATCH_BENCH_SECONDS` is the length of a
 * set (default 28,800). Ends with status 1 where the script apart computes other figures from the raw file.
 */
const HOURS = setting('SECONDS', 28_800) / 3_600;

await run(async () => {
  const kinds = await Kinds.load(KINDS_DIRECTORY);
  const rules = join(ROOT, 'config/rules');
  const book = await RuleBook.load(rules, { kinds, conditions: CONDITIONS, workDays: WorkDays.WEEKENDS });
  say(
    'SIMULATION: events, truth and operator are assumptions; rules, desk, stages and order are those of the gateway.',
  );
  say(`One operator, one item at a time, acknowledged once it is looked at. Seconds: ${JSON.stringify(OPERATOR)}.`);
  say('Plain forwarding is first in, first out; citywatch is the police desk in the order "urgency".');
  for (const { what, truth, perHour } of Object.values(RECIPES)) say(`  ${perHour} an hour: ${what} (${truth})`);
  const traces: Trace[] = [];
  for (const set of planSets(HOURS)) traces.push(...(await workedThrough(owner, set, { book, kinds })));
  const raw = join(await temporaryDirectory(owner), 'national-plan.json');
  writeFileSync(raw, JSON.stringify(traces));
  for (const trace of traces) tell(trace);
  for (const trace of traces.filter(({ way }) => way === OURS)) compare(trace, traces);
  const again = execFileSync(process.execPath, [join(ROOT, 'bench/support/national-plan-again.mjs'), raw], {
    encoding: 'utf8',
  });
  const same = isDeepStrictEqual(
    again
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    traces.map(shown),
  );
  say(
    `Computed again from the raw numbers by a script apart: ${same ? 'the same figures' : `OTHER FIGURES\n${again}`}`,
  );
  if (!same) process.exitCode = 1;
});

function shown(trace: Trace): { set: string; way: string } & PlanFigures {
  return { set: trace.set, way: trace.way, ...figuresOf(trace) };
}

function tell(trace: Trace): void {
  const { set, seed, way, busyS, left } = trace;
  const { precision, medianS, p90S, meanS, ...counts } = figuresOf(trace);
  give(
    'one operator',
    { set, seed, way },
    {
      ...each({ ...counts, left }, 'count'),
      precision: [100 * precision, '%'],
      ...each({ median: medianS, mean: meanS, '90 %': p90S }, 's'),
      busy: [(100 * busyS) / (HOURS * 3_600), '%'],
    },
  );
}

/** How much sooner an incident is taken up, and how much more of what the operator sees is one. */
function compare(trace: Trace, traces: readonly Trace[]): void {
  const mine = figuresOf(trace);
  for (const way of PLAIN) {
    const theirs = figuresOf(traces.find((one) => one.set === trace.set && one.way === way)!);
    give(
      'our rules, desk and order beside',
      { set: trace.set, against: way },
      {
        median: [mine.medianS, 's', beside(way, theirs.medianS)],
        mean: [mine.meanS, 's', beside(way, theirs.meanS)],
        precision: [100 * mine.precision, '%', beside(way, 100 * theirs.precision)],
      },
    );
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
