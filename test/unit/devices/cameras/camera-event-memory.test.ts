import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ActiveSources } from '../../../../src/devices/cameras/event-memory.ts';
import { quietObserver, temporaryDirectory } from '../../../support/ingest/journal.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

t.test('what goes on is on disk a second later, and found after a restart', async (t) => {
  const path = join(await temporaryDirectory(t), 'active.json');
  const clock = new ManualClock();
  const open = async () => {
    const sources = new ActiveSources({ path, clock, log: quietObserver().log });
    await sources.load();
    return sources;
  };
  const first = await open();
  t.same(first.of('cam-1'), []);
  first.remember('cam-1', ['motion']);
  first.remember('cam-2', ['tamper', 'input']);
  first.remember('cam-1', []);
  first.remember('cam-3', []);
  await clock.advance(1_000);
  await until('it is written', async () => (await readFile(path, 'utf8')) === '{"cam-2":["tamper","input"]}');

  const second = await open();
  t.same(second.of('cam-2'), ['tamper', 'input']);
  second.remember('cam-2', ['input']);
  await second.save();
  t.same((await open()).of('cam-2'), ['input'], 'a stop writes at once');
});

t.test('a damaged file means that nothing is remembered', async (t) => {
  const path = join(await temporaryDirectory(t), 'active.json');
  for (const text of ['', '{"cam-1":', '[1]', 'null', '{"cam-1":"motion","cam-2":[7]}']) {
    await writeFile(path, text);
    const sources = new ActiveSources({ path, clock: new ManualClock(), log: quietObserver().log });
    await sources.load();
    t.same([sources.of('cam-1'), sources.of('cam-2')], [[], []], text);
  }
});

t.test('a disk that takes nothing stops nobody', async (t) => {
  const path = join(await temporaryDirectory(t), 'no-such-directory', 'active.json');
  const sources = new ActiveSources({ path, clock: new ManualClock(), log: quietObserver().log });
  await sources.load();
  sources.remember('cam-1', ['motion']);
  await sources.save();
  t.same(sources.of('cam-1'), ['motion']);
});
