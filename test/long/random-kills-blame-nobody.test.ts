import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { keepAlive, kioskMessage, openJournal, temporaryDirectory } from '../support/ingest/journal.ts';
import { chance } from '../support/time/random.ts';

const CHILD = new URL('../support/ingest/poison-child.ts', import.meta.url).pathname;
const COUNT = 40_000;
const KILLS = 25;

t.test('kills at random, some before anything moved, put no message aside', { timeout: 300_000 }, async (t) => {
  keepAlive(t);
  const directory = await temporaryDirectory(t);
  for (const name of ['journal', 'duplicates', 'guard']) mkdirSync(`${directory}/${name}`);
  const journal = await openJournal({ directory: `${directory}/journal` });
  const raw = (n: number) => Buffer.from(JSON.stringify({ id: `m-${n}`, values: { fill_pct: 1 } }));
  await Promise.all(Array.from({ length: COUNT }, (_, n) => journal.append(kioskMessage({ raw: raw(n) }))));
  await journal.close();
  const random = chance();
  let kills = 0;
  for (let ended = false; !ended; ) {
    const child = spawn(process.execPath, [CHILD, directory, 'slowly'], {
      stdio: ['ignore', 'pipe', 2],
    });
    const gone = once(child, 'close');
    if (kills < KILLS) {
      await once(child.stdout!, 'data');
      setTimeout(() => child.kill('SIGKILL'), random() ** 2 * 300);
    }
    const [status, signal] = await gone;
    if (signal === 'SIGKILL') kills += 1;
    else ended = true;
    if (signal === null) t.equal(status, 0);
  }
  t.comment(`${kills} kills`);
  t.ok(kills > KILLS / 2);
  for (const name of ['first', 'second']) {
    const lines = readFileSync(`${directory}/${name}`, 'utf8').trim().split('\n');
    t.equal(new Set(lines.map((line) => line.split(' ', 1)[0])).size, COUNT, `${name}: all`);
    t.same(
      lines.filter((line) => line.includes('poison')),
      [],
      `${name}: none put aside`,
    );
  }
});
