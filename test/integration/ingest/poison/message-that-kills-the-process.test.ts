import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import t from 'tap';
import { type Clock, systemClock } from '../../../../src/core/clock.ts';
import type { Message } from '../../../../src/core/types.ts';
import { CrashGuard } from '../../../../src/ingest/poison/crash-guard.ts';
import {
  kioskMessage,
  openJournal,
  quietObserver,
  type Teardown,
  temporaryDirectory,
} from '../../../support/ingest/journal.ts';
import { storedMessage } from '../../../support/ingest/kiosk-kind.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { turns } from '../../../support/time/turns.ts';

const CHILD = new URL('../../../support/ingest/poison-child.ts', import.meta.url).pathname;
const DEADLY = 150;
const KILLING = 420;
const COUNT = 600;
/** It starts six processes, one after the other. */
const SLOW = { timeout: 90_000 };

async function prepare(directory: string): Promise<number[]> {
  for (const name of ['journal', 'duplicates', 'guard']) mkdirSync(`${directory}/${name}`);
  const journal = await openJournal({ directory: `${directory}/journal` });
  const offsets: number[] = [];
  for (let n = 0; n < COUNT; n += 1) {
    const text = n === KILLING ? 'KILL' : `m-${n}`;
    const device = {
      id: 'k-1',
      kind: n === DEADLY ? 'deadly' : 'recycling-kiosk',
      kindVersion: 1,
      jurisdiction: '3302',
    };
    const raw = Buffer.from(JSON.stringify({ id: text, values: { fill_pct: 1 } }));
    offsets.push((await journal.append(kioskMessage({ device, raw }))).offset);
  }
  await journal.close();
  return offsets;
}

/** Runs the child until it ends by itself; resolves with how often it died. */
async function deaths(directory: string): Promise<number> {
  for (let count = 0; count < 10; count += 1) {
    const child = spawn(process.execPath, [...process.execArgv, CHILD, directory], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (status === 0) return count;
    if (signal !== 'SIGKILL') throw new Error(`the child ended with ${status ?? signal}`);
  }
  return Number.POSITIVE_INFINITY;
}

function handled(directory: string, name: string): Map<number, string> {
  const lines = readFileSync(`${directory}/${name}`, 'utf8').trim().split('\n');
  return new Map(lines.map((line) => [Number(line.split(' ', 1)[0]), line.slice(line.indexOf(' ') + 1).trim()]));
}

t.test(
  'one that kills while it is decoded and one that kills a reader are put aside, and nothing else is',
  SLOW,
  async (t) => {
    const directory = await temporaryDirectory(t);
    const offsets = await prepare(directory);
    t.equal(await deaths(directory), 7, 'three deaths, and four');
    const [first, second] = [handled(directory, 'first'), handled(directory, 'second')];
    for (const [n, offset] of offsets.entries()) {
      const whole = n === DEADLY ? '0 poison' : '1';
      if (first.get(offset) !== (n === KILLING ? '0 poison' : whole)) t.fail(`first: ${n} ${first.get(offset)}`);
      if (second.get(offset) !== whole) t.fail(`second: ${n} ${second.get(offset)}`);
    }
  },
);

/** A guard's lives one after the other: a death is the directory as it is at that moment. */
async function lives(t: Teardown, clock: Clock = systemClock) {
  let directory = await temporaryDirectory(t);
  let copies = 0;
  return {
    next: () => CrashGuard.open({ directory, clock, observer: quietObserver() }),
    die: () => {
      copies += 1;
      cpSync(directory, `${directory}-${copies}`, { recursive: true });
      // A guard that died may still be writing its file.
      t.teardown(rmSync.bind(null, `${directory}-${copies}`, { recursive: true, force: true, maxRetries: 10 }));
      directory = `${directory}-${copies}`;
    },
  };
}

t.test('the same bytes sent again are put aside at once', async (t) => {
  const { next, die } = await lives(t);
  const [before, deadly, after] = [4_000, 5_000, 6_000].map((offset) =>
    storedMessage(`{"values":{"a":${offset}}}`, { offset, endOffset: offset + 100 }),
  ) as [Message, Message, Message];
  const first = await next();
  first.decoding([before, deadly, after], die);
  const second = await next();
  t.equal(second.decodeStep([before, deadly, after], 0), 1);
  second.decoding([deadly], die);
  const again = await next();
  t.notOk(again.isPoison(deadly), 'somebody may have killed us by chance');
  again.decoding([deadly], die);
  const third = await next();
  t.ok(third.isPoison(deadly));
  t.notOk(third.isPoison(before) || third.isPoison(after));
  third.putAside('decode', deadly);
  t.ok(third.isPoison({ ...deadly, offset: 9_000 }));
  t.equal(
    third.asked(deadly.raw, () => 'decoded'),
    null,
    'also at the door',
  );
  t.equal(
    third.asked(Buffer.from('{}'), () => 'decoded'),
    'decoded',
  );
  third.close();
  t.ok((await next()).isPoison(deadly), 'for ever');
});

t.test('bytes that kill at the door, before they are journaled, are refused after the second time', async (t) => {
  const { next, die } = await lives(t);
  for (let death = 1; death <= 2; death += 1) {
    const guard = await next();
    t.equal(
      guard.asked(Buffer.from('fine'), () => 1),
      1,
    );
    guard.asked(Buffer.from('deadly'), die);
  }
  const guard = await next();
  t.equal(
    guard.asked(Buffer.from('deadly'), () => 1),
    null,
  );
  t.equal(
    guard.asked(Buffer.from('fine'), () => 1),
    1,
  );
});

t.test('what was under way for longer than a second, or when the end was asked for, is not suspect', async (t) => {
  const clock = new ManualClock();
  const { next, die } = await lives(t, clock);
  const messages = [storedMessage('{}', { offset: 10, endOffset: 20 })].map((message) => {
    return { message, records: [], refusals: [] };
  });
  const batch = { lane: 'live' as const, from: 10, to: 20, messages };
  const first = await next();
  await first.reader('first', 'live').enter(batch);
  await clock.advance(1_000);
  die();
  const second = await next();
  t.equal(second.suspects, 0);
  await second.reader('first', 'live').enter(batch);
  die();
  const third = await next();
  t.equal(third.suspects, 1);
  await third.reader('first', 'live').enter(batch);
  third.close();
  t.equal((await next()).suspects, 0);
});

t.test('the steps of a suspect batch follow on each other without a gap, and only they are small', async (t) => {
  const { next, die } = await lives(t);
  // Between two files of the journal an offset is no message's.
  const messages = Array.from({ length: 200 }, (_, n) => {
    const offset = n * 10 + (n >= 50 ? 64 : 0);
    return { message: storedMessage('{}', { offset, endOffset: offset + 10 }), records: [], refusals: [] };
  });
  const batch = { lane: 'live' as const, from: 0, to: 2_064, messages };
  const middle = { ...batch, from: 400, to: 1_064, messages: messages.slice(40, 100) };
  await (await next()).reader('first', 'live').enter(middle);
  die();
  const reader = (await next()).reader('first', 'live');
  const steps = reader.steps(batch);
  t.same(
    steps.map((step) => step.messages.length),
    [40, 32, 28, 100],
  );
  t.same(
    steps.map(({ from }) => from),
    [0, ...steps.slice(0, -1).map(({ to }) => to)],
  );
  t.equal(steps.at(-1)?.to, batch.to);
  t.same(
    steps.flatMap((step) => step.messages),
    messages,
  );
  await reader.enter(steps[1]!);
  die();
  const careful = (await next()).reader('first', 'live').steps(batch);
  t.equal(careful.filter((step) => step.messages.length === 1).length, 32);
});

t.test('a reader that died while it waited, or before it tried again, proves little', async (t) => {
  const { next, die } = await lives(t);
  const message = storedMessage('{}', { offset: 10, endOffset: 20 });
  const batch = { lane: 'live' as const, from: 10, to: 20, messages: [{ message, records: [], refusals: [] }] };
  const isAside = (guard: CrashGuard) =>
    guard.reader('first', 'live').steps(batch)[0]?.messages[0]?.refusals.length === 1;
  let guard = await next();
  for (let death = 1; death <= 5; death += 1) {
    t.notOk(isAside(guard), `before death ${death}`);
    await guard.reader('first', 'live').enter(batch);
    await turns();
    die();
    await next();
    die();
    guard = await next();
  }
  t.ok(isAside(guard), 'a batch, a piece, and three times alone');
});
