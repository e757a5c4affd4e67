import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { CONDITIONS } from '../../../../src/alerts/rules/conditions/conditions.ts';
import { RuleBook } from '../../../../src/alerts/rules/rule-book.ts';
import { watchRules } from '../../../../src/alerts/rules/rule-watch.ts';
import { WorkDays } from '../../../../src/core/calendar/work-days.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { watchKinds } from '../../../../src/devices/kinds/kind-watch.ts';
import { Kinds } from '../../../../src/devices/kinds/kinds.ts';
import { DuplicateIndex } from '../../../../src/ingest/duplicates/index.ts';
import { FEED_LIMITS, JournalFeed, UNGUARDED } from '../../../../src/ingest/readers/journal-feed.ts';
import { Intake } from '../../../../src/ingest/uplinks/common/intake.ts';
import type { Database } from '../../../../src/platform/database/database.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { UNTROUBLED } from '../../../support/ingest/intake.ts';
import {
  kioskMessage,
  openJournal,
  quietObserver,
  readAll,
  type Teardown,
  temporaryDirectory,
} from '../../../support/ingest/journal.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { turns } from '../../../support/time/turns.ts';
import { until } from '../../../support/time/until.ts';

const database = await openDatabase(t);

/** A kind whose version can be read off its values: what is sent as 1 becomes the number of the version. */
const PROBE = (kind: string, version: number, rest = '') =>
  `kind: ${kind}\nversion: ${version}\ntitle: { en: Probe, zh: 探头 }\nstream: false\nperiod_s: 60\n` +
  `stale_after_s: 300\n${rest}fields:\n  a: { type: number, unit: null, min: 0, max: 100, scale: ${version} }\n`;

async function openWatch(t: Teardown, files: Record<string, string>) {
  const directory = await temporaryDirectory(t);
  const put = async (stem: string, text: string) => {
    await writeFile(join(directory, `.${stem}`), text);
    await rename(join(directory, `.${stem}`), join(directory, `${stem}.yaml`));
  };
  for (const [stem, text] of Object.entries(files)) await put(stem, text);
  const kinds = await Kinds.load(directory);
  await kinds.remember(database);
  const lines: { issue?: string; msg: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const observer = createObserver({ level: 'info', secrets: new KnownSecrets(), destination });
  const told: unknown[] = [];
  const self = { kindChanged: (change: unknown) => void told.push(change) };
  const rules = { again: () => {} };
  const watch = watchKinds({ kinds, database, clock: new ManualClock(), observer, self, rules });
  const look = async (times = 2) => {
    for (let time = 0; time < times; time += 1) await watch.look();
  };
  const issues = () => lines.flatMap(({ issue }) => issue ?? []);
  return { directory, kinds, put, look, told, issues };
}

const UNTROUBLED_FEED = { limits: FEED_LIMITS, guard: UNGUARDED, observer: quietObserver() };

t.test('under load no message is read by another version than the one it was received under', async (t) => {
  const { directory, kinds, put, look } = await openWatch(t, { load: PROBE('load', 1) });
  const journal = await openJournal({ directory: await temporaryDirectory(t) });
  t.teardown(() => journal.close());
  const intake = new Intake({ live: journal }, { ...UNTROUBLED, kinds });
  let sending = true;
  /** Versions under which a message was received. */
  const received = new Set<number | undefined>();
  // Sessions begin once and keep the identity they began with.
  const sessions = Array.from({ length: 40 }, async (_, n) => {
    const device = { id: `d-${n}`, kind: 'load', kindVersion: 1, jurisdiction: '330212' };
    for (let ts = 1; sending; ts += 1) {
      const raw = Buffer.from(`{"ts":${1_767_571_200_000 + ts},"values":{"a":1}}`);
      const version = kinds.latest('load')?.version;
      await intake.accept(kioskMessage({ device, raw }));
      received.add(version);
      await turns(1);
    }
  });
  for (let version = 2; version <= 6; version += 1) {
    await put('load', PROBE('load', version));
    await look();
    t.equal(kinds.latest('load')?.version, version);
    await until(`a message under version ${version}`, () => received.has(version));
  }
  sending = false;
  await Promise.all(sessions);
  const messages = await readAll(journal);
  const versions = messages.map(({ device }) => device.kindVersion);
  t.strictSame(
    versions,
    versions.toSorted((a, b) => a - b),
    'a version never comes back',
  );
  t.strictSame([...new Set(versions)], [1, 2, 3, 4, 5, 6]);

  const again = await Kinds.load(directory);
  await again.remember(database);
  for (const source of [kinds, again]) {
    const duplicates = new DuplicateIndex(await temporaryDirectory(t));
    await duplicates.open(journal.head);
    const lanes = { live: { journal, duplicates } };
    const feed = new JournalFeed({ ...UNTROUBLED_FEED, lanes, kinds: source });
    let judged = 0;
    for (let offset = 0; offset < journal.head; ) {
      const batch = await feed.read({ lane: 'live', offset }, new AbortController().signal);
      for (const { message, records } of batch.messages) {
        const [record] = records;
        const value = record?.type === 'reading' ? record.values.get('a') : null;
        if (value !== message.device.kindVersion) t.fail(`${value} was read as version ${message.device.kindVersion}`);
        judged += 1;
      }
      offset = batch.to;
    }
    t.equal(judged, messages.length);
    await duplicates.close();
  }
});

t.test('a wrong file keeps the version there was and is told once, with file and line', async (t) => {
  const { kinds, put, look, told, issues } = await openWatch(t, {
    one: PROBE('one', 1, 'extends: _base\n'),
    two: PROBE('two', 1),
    _base: 'fields: {}\n',
  });
  await look();
  t.strictSame([told, issues()], [[], []], 'nothing changed');

  await put('one', 'kind: one\nversion: [');
  await put('two', PROBE('two', 2));
  await look(1);
  t.equal(kinds.currentVersion('two'), 1, 'a file that just changed may still be written');
  await look(3);
  t.strictSame(told, [{ kind: 'two', from: 1, to: 2 }]);
  t.equal(kinds.currentVersion('one'), 1);
  t.match(issues(), [/one\.yaml:2: .*/]);

  await put('one', PROBE('one', 1).replace('max: 100', 'max: 200'));
  await look(4);
  t.match(issues().slice(1), [/one\.yaml:2: version 1 was in force with other content: raise version to 2/]);
  await put('one', PROBE('one', 2, 'extends: _base\n'));
  await look();
  t.equal(kinds.currentVersion('one'), 2);

  await put('_base', 'fields:\n  b: { type: boolean }\n');
  await look();
  t.match(issues().slice(2), [/one\.yaml:2: version 2 was in force with other content/], 'a base changes its kinds');
  t.notOk(kinds.latest('one')?.fields.has('b'));
  await put('three', PROBE('three', 1));
  await look();
  t.match(told.at(-1), { kind: 'three', from: 0, to: 1 });
  t.equal(issues().length, 3, 'and nothing is told twice');
});

t.test('a version comes into force only once it is stored', async (t) => {
  const { kinds, put } = await openWatch(t, { down: PROBE('down', 1) });
  await put('down', PROBE('down', 2));
  const unavailable = {
    clock: systemClock,
    tables: () => {
      throw new CitywatchError('store.unavailable');
    },
  } as unknown as Database;
  t.match(await kinds.reload(unavailable), { changed: [], again: true });
  t.equal(kinds.currentVersion('down'), 1);
  t.match(await kinds.reload(database), { changed: [{ kind: 'down', to: 2 }], again: false });
});

t.test('a change enters the journal, and a rule that asks for what is gone is reported', async (t) => {
  const { directory, kinds, put } = await openWatch(t, { gone: PROBE('gone', 1) });
  const rulesDirectory = join(directory, 'rules');
  await mkdir(rulesDirectory);
  const rule =
    'rule: a-high\nversion: 1\ntitle: { en: High, zh: 高 }\nseverity: minor\nclass: incident\nkinds: [gone]\n' +
    'condition:\n  type: threshold\n  any:\n    - { field: a, above: 5 }\n';
  await writeFile(join(rulesDirectory, 'a-high.yaml'), rule);
  const lines: { issue?: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const observer = createObserver({ level: 'error', secrets: new KnownSecrets(), destination });
  const said: unknown[] = [];
  const self = { kindChanged: (change: unknown) => void said.push(change) };
  const clock = new ManualClock();
  const book = await RuleBook.load(rulesDirectory, { kinds, conditions: CONDITIONS, workDays: WorkDays.WEEKENDS });
  const rules = watchRules({ book, clock, observer, kept: async () => [], apply: async () => {} });
  const watch = watchKinds({ kinds, database, clock, observer, self, rules });
  await put('gone', PROBE('gone', 2).replace('  a:', '  b:'));
  await watch.look();
  await watch.look();
  await rules.look();
  t.strictSame(said, [{ kind: 'gone', from: 1, to: 2 }]);
  t.match(lines, [{ issue: /a-high\.yaml:10 .*kind gone has no field "a"/ }]);
});
