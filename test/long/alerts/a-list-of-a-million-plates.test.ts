import t from 'tap';
import { LIST_ENTRIES_MAX } from '../../../src/alerts/watchlists/entries.ts';
import { DAY_MS, systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { migrate } from '../../../src/platform/database/migrate.ts';
import { ADMIN } from '../../support/alerts/alert-desk.ts';
import { quietObserver } from '../../support/services/services.ts';
import { freshDatabase } from '../../support/services/shared-database.ts';
import { openWatchlists } from '../../support/watchlists/watchlists.ts';

t.setTimeout(1_800_000);
const clock = systemClock;
const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const BOSS = { ...ADMIN, id: 'boss', name: 'boss' };
const plateOf = (n: number): string =>
  `浙${'ABCDEFGHJK'[Math.floor(n / 100_000)]}${String(n % 100_000).padStart(5, '0')}`;

/** A file of `count` plates, made as it is read. */
async function* file(count: number, more = ''): AsyncGenerator<Buffer> {
  yield Buffer.from('plate,reason\n');
  for (let from = 0; from < count; from += 5_000) {
    const rows = Array.from({ length: Math.min(5_000, count - from) }, (_, n) => `${plateOf(from + n)},theft\n`);
    yield Buffer.from(rows.join(''));
  }
  yield Buffer.from(more);
}

t.test('a million rows come in, are matched, cost little memory, and one more is refused', async (t) => {
  const { watchlists, entryFiles, match, watched } = openWatchlists({ database, clock });
  const order = {
    unit: 'u',
    officer: 'o',
    phone: '110',
    category: 'other' as const,
    level: 4,
    handling: 'intercept' as const,
    named: [],
    emergency: false,
    fromMs: null,
    untilMs: clock.nowMs() + DAY_MS,
  };
  const input = { name: 'all', jurisdiction: '330200', reason: 'r', case: 'c', entries: [], order };
  const { id } = await watchlists.create(ADMIN, input);
  global.gc?.();
  const before = process.memoryUsage();
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  const taken = await entryFiles.add(ADMIN, id, file(LIST_ENTRIES_MAX));
  const seconds = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  t.match(taken, { lines: LIST_ENTRIES_MAX, added: LIST_ENTRIES_MAX, refused: 0, entries: LIST_ENTRIES_MAX });
  t.comment(`${seconds.toFixed(0)} s, ${((user + system) / 1e6).toFixed(1)} s of processor time`);
  const grown = (process.memoryUsage().rss - before.rss) / 2 ** 20;
  t.comment(`the process grew by ${grown.toFixed(0)} MiB while it was read`);
  await t.rejects(entryFiles.add(ADMIN, id, file(0, '京A12345,theft\n')), { code: 'conflict.state' });
  await watchlists.step(ADMIN, id, { type: 'request' });
  const loading = performance.now();
  await watchlists.step(BOSS, id, { type: 'approve' });
  t.comment(`${((performance.now() - loading) / 1_000).toFixed(1)} s until it is in force`);
  t.comment(`${(watched.bytes / LIST_ENTRIES_MAX).toFixed(1)} bytes for each plate`);
  t.ok(watched.bytes / LIST_ENTRIES_MAX < 60);
  for (const n of [0, 1, 500_000, LIST_ENTRIES_MAX - 1]) t.equal(match(plateOf(n), '330203').length, 1, plateOf(n));
  t.same(match('沪A12345', '330203'), []);
});
