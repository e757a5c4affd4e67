import { randomUUID } from 'node:crypto';
import t from 'tap';
import { AlertFeed } from '../../../../src/alerts/desk/feed.ts';
import type { LogEntry } from '../../../../src/alerts/desk/log.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { ADMIN } from '../../../support/alerts/alert-desk.ts';
import { countStatements } from '../../../support/services/count-statements.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';

const KEPT = 2_000;
const READERS = 2_000;

const { url } = await freshDatabase(t);
const clock = systemClock;
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);

/** How often the district of an entry was asked for, which is how it is filtered. */
let looks = 0;

function entry(seq: number, district = '330203'): LogEntry {
  const id = randomUUID();
  const body = { id, type: 'alert.opened', at: '2026-01-05T08:00:00.000Z', actor: 'citywatch', alert: {} };
  return {
    seq,
    id,
    alertId: id,
    type: 'alert.opened',
    atMs: 0,
    actor: 'citywatch',
    severity: 'minor',
    seenBy: null,
    body,
    get jurisdiction() {
      looks += 1;
      return district;
    },
  };
}

const many = (from: number, count: number): LogEntry[] => Array.from({ length: count }, (_, n) => entry(from + n));

async function open(): Promise<AlertFeed> {
  const feed = new AlertFeed({ database, clock, observer: quietObserver() });
  await feed.start();
  t.teardown(() => feed.stop());
  feed.said(many(1, KEPT));
  looks = 0;
  return feed;
}

t.test('two thousand readers look at what is new, once each, and ask the database for nothing', async (t) => {
  const feed = await open();
  const { signal } = new AbortController();
  const statements = countStatements(t);
  const waiting = Array.from({ length: READERS }, () => feed.next(ADMIN, KEPT, signal));
  feed.said([entry(KEPT + 1)]);
  const told = await Promise.all(waiting);
  t.ok(told.every(({ entries, seq }) => entries.length === 1 && seq === KEPT + 1));
  t.equal(looks, READERS, 'one look a reader, whatever is kept');
  t.equal(statements.count, 0);
});

t.test('who comes back looks at what came meanwhile, and a foreign reader waits on', async (t) => {
  const feed = await open();
  const gone = new AbortController();
  const back = await feed.next(ADMIN, KEPT - 10, gone.signal);
  t.equal(back.entries.length, 10);
  t.equal(looks, 10);
  const foreign = feed.next({ ...ADMIN, jurisdiction: '510700' }, KEPT, gone.signal);
  feed.said([entry(KEPT + 1), entry(KEPT + 2, '510703')]);
  t.match(await foreign, { entries: [{ seq: KEPT + 2 }], seq: KEPT + 2 });
});

t.test('what is kept stays bounded and whole, and what is said twice is taken once', async (t) => {
  const feed = await open();
  const { signal } = new AbortController();
  for (let from = KEPT + 1; from <= 4 * KEPT; from += 100) feed.said(many(from, 100));
  feed.said(many(4 * KEPT, 1));
  t.equal(feed.head, 4 * KEPT);
  const { entries } = await feed.next(ADMIN, 3 * KEPT, signal);
  t.same(
    entries.map(({ seq }) => seq),
    Array.from({ length: KEPT }, (_, n) => 3 * KEPT + 1 + n),
  );
});
