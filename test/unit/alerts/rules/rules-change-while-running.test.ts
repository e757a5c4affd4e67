import { rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { CONDITIONS } from '../../../../src/alerts/rules/conditions/conditions.ts';
import { RuleBook } from '../../../../src/alerts/rules/rule-book.ts';
import { watchRules } from '../../../../src/alerts/rules/rule-watch.ts';
import type { Rule } from '../../../../src/alerts/rules/rules.ts';
import { WorkDays } from '../../../../src/core/calendar/work-days.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { kindCatalogue } from '../../../support/alerts/alerts.ts';
import { type Owner, temporaryDirectory } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const RULE = (rule: string, version = 1, above = 90) => `rule: ${rule}
version: ${version}
title: { en: Full, zh: 已满 }
severity: minor
class: incident
kinds: [recycling-kiosk]
condition: { type: threshold, any: [{ field: fill_pct, above: ${above} }] }
`;
const WRONG = RULE('full').replace('recycling-kiosk', 'fridge');
const IS_WRONG = /^full\.yaml:6 kinds\.0: there is no kind "fridge"; the rules before go on$/;

/** A folder of rules that is watched; `applied`: what was put in force, `name@version`. */
async function openWatch(t: Owner, files: Record<string, string>) {
  const directory = await temporaryDirectory(t);
  let puts = 0;
  const put = async (stem: string, text: string): Promise<void> => {
    puts += 1;
    await writeFile(join(directory, `.${stem}`), text);
    // Two changes within one tick of the file system's clock would look like none.
    await utimes(join(directory, `.${stem}`), puts, puts);
    await rename(join(directory, `.${stem}`), join(directory, `${stem}.yaml`));
  };
  for (const [stem, text] of Object.entries(files)) await put(stem, text);
  const lines: { issue?: string; msg: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const observer = createObserver({ level: 'info', secrets: new KnownSecrets(), destination });
  const book = await RuleBook.load(directory, {
    kinds: kindCatalogue,
    conditions: CONDITIONS,
    workDays: WorkDays.WEEKENDS,
  });
  const named = (rules: readonly Rule[]) => rules.map(({ rule, version }) => `${rule}@${version}`);
  const applied: string[][] = [];
  const database = { away: false };
  const apply = async (rules: readonly Rule[]): Promise<void> => {
    if (database.away) throw new CitywatchError('store.unavailable');
    applied.push(named(rules));
  };
  const clock = new ManualClock();
  const watch = watchRules({ book, clock, observer, kept: async () => [], apply });
  return {
    put,
    gone: (stem: string) => rm(join(directory, `${stem}.yaml`)),
    look: async (times = 2): Promise<void> => {
      for (let time = 0; time < times; time += 1) await watch.look();
    },
    applied,
    database,
    watch,
    clock,
    inForce: () => named(book.current()),
    titleOf: (rule: string) => book.titleOf(rule).en,
    issues: () => lines.flatMap(({ issue }) => issue ?? []),
    metrics: () => observer.metrics.metrics(),
  };
}

t.test('a file is taken over once it stood still, a new one and one of a higher version', async (t) => {
  const { put, look, applied, inForce, watch, metrics } = await openWatch(t, { full: RULE('full') });
  await look(4);
  t.strictSame(applied, [], 'what did not change is left alone');
  await put('full', RULE('full', 2, 80));
  await put('fuller', RULE('fuller'));
  await look(1);
  t.strictSame(applied, [], 'it may still be written');
  await look(1);
  t.strictSame(applied, [['full@2', 'fuller@1']]);
  t.strictSame(inForce(), ['full@2', 'fuller@1']);
  t.equal(watch.problem(), null);
  t.match(await metrics(), /citywatch_rule_changes_total 2/);
});

t.test('the folder is looked at by the clock, until the watch is stopped', async (t) => {
  const { put, applied, watch, clock, inForce } = await openWatch(t, { full: RULE('full') });
  watch.start();
  t.equal(clock.waiting, 1);
  await put('full', RULE('full', 2));
  await watch.look();
  await clock.advance(5_000);
  await watch.look();
  t.strictSame(applied, [['full@2']]);
  await watch.stop();
  t.equal(clock.waiting, 0);
  t.strictSame(inForce(), ['full@2']);
});

t.test('a wrong file leaves its rule in force and is named until it is mended; others are taken', async (t) => {
  const { put, look, applied, issues, watch, metrics } = await openWatch(t, {
    full: RULE('full'),
    other: RULE('other'),
  });
  await put('full', WRONG);
  await put('other', RULE('other', 2));
  await look(4);
  t.strictSame(applied, [['full@1', 'other@2']]);
  t.match(watch.problem(), IS_WRONG);
  t.equal(issues().length, 1, 'told once');
  t.match(await metrics(), /citywatch_rule_file_issues 1/);
  await put('full', RULE('full'));
  await look();
  t.equal(watch.problem(), null);
  t.match(await metrics(), /citywatch_rule_file_issues 0/);
  t.equal(applied.length, 1, 'as it was before');
});

t.test('other content under a version that is not higher is refused', async (t) => {
  const { put, look, applied, watch } = await openWatch(t, { full: RULE('full', 3) });
  for (const version of [3, 2]) {
    await put('full', RULE('full', version, 50));
    await look();
    t.equal(watch.problem(), 'full.yaml: its content changed: raise version to 4; the rules before go on');
  }
  await put('full', `# said otherwise\n${RULE('full', 3).split('\n').reverse().join('\n')}`);
  await look();
  t.equal(watch.problem(), null, 'comments and order are no content');
  t.strictSame(applied, []);
});

t.test('a file that is gone ends its rule; its name stays the title of what it raised', async (t) => {
  const { gone, look, applied, titleOf } = await openWatch(t, { full: RULE('full'), other: RULE('other') });
  await gone('full');
  await look();
  t.strictSame(applied, [['other@1']]);
  t.equal(titleOf('full'), 'full');
});

t.test('a file that got another name goes on, also while it is wrong', async (t) => {
  const { put, gone, look, applied, inForce, watch } = await openWatch(t, { full: RULE('full'), a: RULE('a') });
  await gone('full');
  await put('brim', RULE('full'));
  await look();
  t.strictSame(inForce(), ['a@1', 'full@1']);
  await gone('brim');
  await put('full', WRONG);
  await look();
  t.strictSame(inForce(), ['a@1', 'full@1'], 'the wrong file may be the one that is gone');
  t.match(watch.problem(), IS_WRONG);
  t.strictSame(applied, [], 'nothing began anew');
  await put('full', RULE('b'));
  await look();
  t.strictSame(applied, [['a@1', 'b@1']]);
});

t.test('an empty folder, and a name in two files, change nothing', async (t) => {
  const { put, gone, look, applied, inForce, watch } = await openWatch(t, { full: RULE('full') });
  await gone('full');
  await look();
  t.match(watch.problem(), /holds no rule \(\*\.yaml\); the rules before go on$/);
  t.strictSame(inForce(), ['full@1']);
  await put('full', RULE('full', 2));
  await put('again', RULE('full', 3));
  await look();
  t.match(watch.problem(), /^full: is defined in 2 files/);
  t.strictSame([inForce(), applied], [['full@1'], []]);
});

t.test('while PostgreSQL is away nothing is taken over, and it is tried again', async (t) => {
  const { put, look, applied, inForce, database } = await openWatch(t, { full: RULE('full') });
  database.away = true;
  await put('full', RULE('full', 2));
  await look(3);
  t.strictSame(inForce(), ['full@1']);
  database.away = false;
  await look(1);
  t.strictSame([inForce(), applied], [['full@2'], [['full@2']]]);
});
