import { randomBytes } from 'node:crypto';
import t from 'tap';
import { RulesEngine } from '../../../src/alerts/rules/engine.ts';
import { parseRule } from '../../../src/alerts/rules/rules.ts';
import { storeVerdicts } from '../../../src/alerts/rules/store.ts';
import { DAY_MS, systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../src/platform/database/database.ts';
import { migrate } from '../../../src/platform/database/migrate.ts';
import { LEFT_TO_CLAIMS } from '../../../src/platform/work/work.ts';
import { ADMIN, PLATES } from '../../support/alerts/alert-desk.ts';
import { ALL_THERE, kindCatalogue } from '../../support/alerts/alerts.ts';
import { batch, decoded, event } from '../../support/ingest/batches.ts';
import { incarnationOf } from '../../support/ingest/journal.ts';
import { openPassages } from '../../support/ingest/passages.ts';
import { firstOwner } from '../../support/services/ownership.ts';
import { quietObserver } from '../../support/services/services.ts';
import { freshDatabase } from '../../support/services/shared-database.ts';
import { openWatchlists } from '../../support/watchlists/watchlists.ts';

const clock = systemClock;
const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);
const key = randomBytes(32);

t.test('only the passage of a wanted plate has anything beside it, and its row names no list', async (t) => {
  const { watchlists, watched } = openWatchlists({ database, clock, key });
  const entries = ['浙B11111', '浙B22222'].map((plate) => ({
    plate,
    reason: 'r',
    validUntilMs: clock.nowMs() + DAY_MS,
  }));
  const { id } = await watchlists.create(ADMIN, {
    name: 'wanted',
    jurisdiction: '330200',
    reason: 'r',
    case: 'c',
    entries,
  });
  const parsed = parseRule(
    `rule: wanted\nversion: 1\ntitle: { en: W, zh: 布 }\nseverity: severe\nclass: incident\n` +
      'kinds: [checkpoint]\ncondition:\n  { type: event, event: passage, watchlist: { field: plate } }\n',
    kindCatalogue,
  );
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  const engine = new RulesEngine([parsed.rule], watched, ALL_THERE);
  const plates = ['浙B11111', '浙B33333', '浙B44444', '浙B1111?', '浙B2222D', '浙B11112'];
  const atMs = clock.nowMs();
  const messages = plates.map((plate, n) => {
    const one = event('passage', { plate, lane: 1 }, { id: `e-${n}`, atMs, plates: ['plate'] });
    const device = { id: 'kk', kind: 'checkpoint', kindVersion: 1, jurisdiction: '330203' };
    return decoded([one], { device, channel: 'event', offset: n * 100, receivedAtMs: atMs });
  });
  const all = batch(messages);
  const { passages } = openPassages({ database, clock, key });
  const write = await passages.take(all, []);
  await database.transaction(async (tx) => write!(tx));
  const findings = messages.flatMap((message) => engine.judge(message, atMs));
  t.equal(findings.length, 2, 'the wanted one, and the read that may be it');
  const ownership = firstOwner();
  await storeVerdicts(
    { database, clock, incarnationOf, ownership, plates: PLATES, work: LEFT_TO_CLAIMS, slotOf: () => 0 },
    { findings, states: engine.takeChanged(), cursors: [] },
  );
  t.same(engine.takeChanged(), [], 'nothing is remembered of a vehicle');
  const holding = await namingOne(id);
  const kept = holding.filter((one) => !/^(watchlist|watchlist_entry|audit_entry|work_item) /.test(one));
  t.same(kept, ['finding 2'], 'the findings, and no passage');
  const { rows: passed } = await sql<{ count: number }>`select count(*)::int as count from passage`.execute(
    database.tables(),
  );
  t.equal(passed[0]!.count, plates.length);
});

/** The tables with how many of their rows name a list or a plate of one. */
async function namingOne(list: string): Promise<string[]> {
  const { rows: names } = await sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(database.tables());
  const { rows: links } = await sql<{ id: string }>`select id::text as id from watchlist_entry`.execute(
    database.tables(),
  );
  const named = new RegExp([list, ...links.map((entry) => entry.id)].join('|'));
  const holding: string[] = [];
  for (const { name } of names) {
    const { rows } = await sql<{
      text: string;
    }>`select row_to_json(r)::text as text from ${sql.table(name)} as r`.execute(database.tables());
    const linked = rows.filter(({ text }) => named.test(text)).length;
    if (linked > 0) holding.push(`${name} ${linked}`);
  }
  return holding;
}
