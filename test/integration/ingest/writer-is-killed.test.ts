import { spawn } from 'node:child_process';
import t, { type Test } from 'tap';
import { openJournal, readAll, temporaryDirectory } from '../../support/ingest/journal.ts';

const CHILD = new URL('../../support/ingest/journal-writer.ts', import.meta.url).pathname;
const KILLS = 10;

/** Runs a writer, kills it after it has acked some messages, and returns what it had acked. */
async function writeUntilKilled(directory: string, seed: number): Promise<Map<number, number>> {
  const child = spawn(process.execPath, [...process.execArgv, CHILD, directory, String(seed)], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  let text = '';
  const wanted = 20 + ((seed * 7919) % 1000);
  child.stdio[3]!.on('data', (chunk: Buffer) => {
    text += chunk;
    if (text.length > wanted * 10) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.on('close', resolve));
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return new Map(lines.filter(Boolean).map((line) => line.split(' ').map(Number) as [number, number]));
}

async function campaign(t: Test, seeds: number[]): Promise<void> {
  const directory = await temporaryDirectory(t);
  const acked = new Map<number, number>();
  for (const seed of seeds) {
    const more = await writeUntilKilled(directory, seed);
    t.ok(more.size > 0, `run ${seed} acked ${more.size}`);
    for (const [offset, number] of more) acked.set(offset, number);
  }
  const journal = await openJournal({ directory });
  const messages = await readAll(journal);
  const found = new Map(messages.map((message) => [message.offset, Number(message.raw.toString().slice(1))]));
  let missing = 0;
  for (const [offset, number] of acked) if (found.get(offset) !== number) missing += 1;
  t.equal(missing, 0, `${acked.size} acked, ${messages.length} in the journal`);
  t.equal(new Set(messages.map((message) => message.raw.toString())).size, messages.length);
  const counted = journal.received().counts.reduce((sum, row) => sum + row.messages, 0);
  t.equal(counted, messages.length, 'the counts were brought up to date');
  await journal.close();
}

t.test('whatever was acked before kill -9 is there afterwards, at its offset, once', async (t) => {
  const seeds = Array.from({ length: KILLS }, (_, index) => index + 1);
  await Promise.all(
    [0, 1].map((half) =>
      campaign(
        t,
        seeds.filter((seed) => seed % 2 === half),
      ),
    ),
  );
});
