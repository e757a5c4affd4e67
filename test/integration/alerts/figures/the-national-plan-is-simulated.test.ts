import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CONDITIONS } from '../../../../src/alerts/rules/conditions/conditions.ts';
import { RuleBook } from '../../../../src/alerts/rules/rule-book.ts';
import { WorkDays } from '../../../../src/core/calendar/work-days.ts';
import { Kinds } from '../../../../src/devices/kinds/kinds.ts';
import { OURS, PLAIN, planSets, workedThrough } from '../../../support/alerts/plan/sets.ts';
import { figuresOf } from '../../../support/alerts/plan/trace.ts';
import { KINDS_DIRECTORY } from '../../../support/devices/registry.ts';
import { temporaryDirectory } from '../../../support/ingest/journal.ts';
import { ROOT } from '../../../support/root.ts';

/** Two hours: the cloudburst lies within them. */
const HOURS = 2;

t.test('the order of the desk and its rules serve an operator better than forwarding what comes', async (t) => {
  const kinds = await Kinds.load(KINDS_DIRECTORY);
  const means = { kinds, conditions: CONDITIONS, workDays: WorkDays.WEEKENDS };
  const book = await RuleBook.load(join(ROOT, 'config/rules'), means);
  const [, storm] = planSets(HOURS);
  t.strictSame(planSets(HOURS)[1], storm, 'the same seed gives the same set');
  const traces = await workedThrough(t, storm!, { book, kinds });
  const raw = join(await temporaryDirectory(t), 'national-plan.json');
  writeFileSync(raw, JSON.stringify(traces));
  const apart = join(ROOT, 'bench/support/national-plan-again.mjs');
  const again = execFileSync(process.execPath, [apart, raw], { encoding: 'utf8' });
  const told = traces.map((trace) => ({ set: trace.set, way: trace.way, ...figuresOf(trace) }));
  t.same(
    again
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    told,
    'a script apart computes the same figures from the raw numbers',
  );
  const of = (way: string) => told.find((one) => one.way === way)!;
  const mine = of(OURS);
  t.ok(mine.incidents > 10 && mine.acked > 10, 'it is about something');
  t.ok(mine.acked >= of(PLAIN[0]).acked, 'no incident is left that plain forwarding would have told');
  for (const way of PLAIN) {
    t.ok(mine.precision >= 1.3 * of(way).precision, `more of what is looked at is an incident, against ${way}`);
  }
  t.ok(mine.medianS <= 0.7 * of(PLAIN[0]).medianS, 'and it is acknowledged sooner');
});
