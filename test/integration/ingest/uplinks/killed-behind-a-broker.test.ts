import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import type { Message } from '../../../../src/core/types.ts';
import { openJournal, readAll, temporaryDirectory } from '../../../support/ingest/journal.ts';
import { until } from '../../../support/time/until.ts';
import { Broker } from '../../../support/uplinks/broker.ts';
import { texts } from '../../../support/uplinks/broker-uplink.ts';

const CHILD = new URL('../../../support/uplinks/broker-uplink-child.ts', import.meta.url).pathname;
const KILLS = 3;

/** Messages of the stream whose text was there before. */
function repeats(messages: Message[]): Message[] {
  const seen = new Set<string>();
  const numbered = messages.filter(({ raw }) => /^n\d/.test(raw.toString()));
  return numbered.filter(({ raw }) => seen.size === seen.add(raw.toString()).size);
}

t.test('killed three times in a stream, it has journaled everything the broker had taken', async (t) => {
  const broker = await Broker.start(t, ['k1']);
  const directory = await temporaryDirectory(t);
  let durable = '';
  const start = (): ChildProcess => {
    const child = spawn(process.execPath, [...process.execArgv, CHILD, directory, broker.url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      durable += text;
    });
    return child;
  };
  const kill = async (child: ChildProcess): Promise<void> => {
    const gone = once(child, 'close');
    child.kill('SIGKILL');
    await gone;
  };
  let child = start();
  t.teardown(() => void child.kill('SIGKILL'));
  const device = await broker.device(t, 'k1');
  const publish = (text: string) => device.publishAsync('cw/v1/k1/telemetry', text, { qos: 1, retain: false });
  // Before its first subscription the broker keeps nothing for it.
  await until('it listens', async () => {
    await publish('hello');
    return durable !== '';
  });
  let published = 0;
  let isOver = false;
  const stream = (async () => {
    while (!isOver) {
      const batch = Array.from({ length: 20 }, () => publish(`n${published++}`));
      await Promise.all(batch);
    }
    await publish('last');
  })();
  for (let turn = 0; turn < KILLS; turn += 1) {
    const before = durable.length;
    await until('it works', () => durable.length > before + 2_000 * (turn + 1));
    await kill(child);
    child = start();
  }
  isOver = true;
  await stream;
  await until('the last one is durable', () => durable.includes('last\n'));
  await kill(child);
  const journal = await openJournal({ directory });
  const messages = await readAll(journal);
  await journal.close();
  const first = [...new Set(texts(messages))].filter((text) => /^n\d/.test(text));
  const all = Array.from({ length: published }, (_, n) => `n${n}`);
  t.same(first, all, 'each of them, in order');
  const again = repeats(messages);
  t.ok(
    again.every(({ dup }) => dup),
    'what was journaled and not acknowledged comes again marked as such',
  );
  t.comment(`${published} published, ${messages.length} in the journal, ${again.length} of them again`);
});
