import { AlertActions } from '../../src/alerts/desk/life/actions.ts';
import { type AlertPageOf, AlertQueries } from '../../src/alerts/desk/queries.ts';
import type { AlertTables } from '../../src/alerts/desk/tables.ts';
import { systemClock as clock } from '../../src/core/clock.ts';
import type { Caller } from '../../src/core/types.ts';
import { DATABASE_LIMITS, Database, sql } from '../../src/platform/database/database.ts';
import { migrate } from '../../src/platform/database/migrate.ts';
import { ADMIN, alertLog } from '../../test/support/alerts/alert-desk.ts';
import { blocksOf } from '../../test/support/alerts/many/blocks.ts';
import { fillAlerts, HIDDEN_PERSON } from '../../test/support/alerts/many/many-alerts.ts';
import { quietObserver, startPostgres } from '../../test/support/services/services.ts';
import { atMost, tell } from '../support/figures.ts';
import { delays, owner, run, setting } from '../support/harness.ts';

/**
 * Lists of alerts by each filter among `CITYWATCH_BENCH_ROWS` (default 1,000,000), a tenth of them open, for somebody
 * of the whole country, of a city and of a community: how long a page takes, and how many blocks PostgreSQL looks at
 * for it, which does not depend on what else the machine does. Then an acknowledgement, a comment and a closing while
 * so many are open.
 */
const ROWS = setting('ROWS', 1_000_000);
const TURNS = 40;
const LIMIT = 100;
const DEEDS = 100;
const ASKED_BY = 'issue 13';

const CALLERS: Record<string, Caller> = {
  country: ADMIN,
  city: { ...ADMIN, id: 'city', jurisdiction: '330200' },
  community: { ...ADMIN, id: 'community', jurisdiction: '330203004007' },
};

/** What one may ask for; `turn` makes each page another one where a value has many. */
function filters(turn: number): Record<string, Partial<AlertPageOf>> {
  const dayMs = 86_400_000;
  const toMs = clock.nowMs() - (turn % 20) * dayMs;
  return {
    everything: {},
    'by urgency': { order: 'urgency' },
    'open ones': { open: true },
    'open ones by urgency': { open: true, order: 'urgency' },
    'closed ones': { open: false },
    'of the police desk': { wanted: { desk: 'police' } },
    'of the police desk, by urgency': { wanted: { desk: 'police' }, order: 'urgency' },
    'of the maintenance desk': { wanted: { desk: 'maintenance' } },
    'of the maintenance desk, open': { wanted: { desk: 'maintenance' }, open: true },
    'of a class': { wanted: { classes: ['system'] } },
    'of a device': { device: `d-${(turn * 7919) % 20_000}` },
    'of a device that has none': { device: 'nobody' },
    'of a device, open': { device: `d-${(turn * 7919) % 20_000}`, open: true },
    'of a rule': { rule: `rule-${turn % 70}` },
    'of a rare rule': { rule: 'rare-rule' },
    'of a rare rule, open': { rule: 'rare-rule', open: true },
    'extreme, open': { severity: 'extreme', open: true },
    extreme: { severity: 'extreme' },
    assigned: { handling: 'assigned' },
    acked: { handling: 'acked' },
    stale: { condition: 'stale' },
    recovering: { condition: 'recovering' },
    silenced: { visibility: 'silenced' },
    shelved: { visibility: 'shelved' },
    'of a person': { mine: { id: HIDDEN_PERSON, username: HIDDEN_PERSON } },
    'of an hour': { fromMs: toMs - 3_600_000, toMs },
    'of a rare rule, of an hour': { rule: 'rare-rule', fromMs: toMs - 3_600_000, toMs },
    'of the second level': { level: 'city' },
    'stale and extreme': { condition: 'stale', severity: 'extreme' },
    'without parts of storms': { parts: false },
    'parts of storms': { parts: true },
  };
}

const server = await startPostgres(owner);
await run(async () => {
  const options = { url: server.url, observer: quietObserver(), clock, limits: DATABASE_LIMITS };
  const database = await Database.open(options);
  owner.teardown(() => database.close());
  await migrate(database);
  const beganMs = performance.now();
  await fillAlerts(database, ROWS);
  tell('alerts are filled in', { rows: ROWS }, { took: [(performance.now() - beganMs) / 1000, 's'] });
  const queries = new AlertQueries(database);
  for (const [who, caller] of Object.entries(CALLERS)) {
    for (const what of Object.keys(filters(0))) await page({ database, queries, who, caller, what });
  }
  await deeds(database);
});

interface Asked {
  database: Database;
  queries: AlertQueries;
  who: string;
  caller: Caller;
  what: string;
}

async function page({ database, queries, who, caller, what }: Asked): Promise<void> {
  const tookMs: number[] = [];
  let found = 0;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const filter = { ...filters(turn)[what], limit: LIMIT };
    const startMs = performance.now();
    const { rows } = await queries.rows(caller, filter);
    tookMs.push(performance.now() - startMs);
    found += rows.length;
  }
  const blocks = await blocksOf(database, () => queries.rows(caller, { ...filters(0)[what], limit: LIMIT }));
  tell(
    'page of alerts',
    { rows: ROWS, who, what },
    {
      found: [found / TURNS, 'count'],
      blocks: [blocks, 'count'],
      ...delays(tookMs, atMost(50, ASKED_BY)),
    },
  );
}

async function deeds(database: Database<'handling'>): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select id from alert where handling = 'new' and visibility = 'normal' order by id limit ${DEEDS}`.execute(
    database.tables<AlertTables>(),
  );
  const actions = new AlertActions({
    database,
    clock,
    log: alertLog(),
    committed: () => {},
    personWhoSees: async () => true as never,
  });
  const does = {
    ack: (id: string) => actions.do(ADMIN, id, { does: 'ack', forMs: null } as never),
    comment: (id: string) => actions.do(ADMIN, id, { does: 'comment', text: 'seen' } as never),
    close: (id: string) => actions.do(ADMIN, id, { does: 'close', verdict: 'confirmed', note: 'done' } as never),
  };
  for (const [what, deed] of Object.entries(does)) {
    const tookMs: number[] = [];
    for (const { id } of rows) {
      const startMs = performance.now();
      await deed(id);
      tookMs.push(performance.now() - startMs);
    }
    tell('one deed', { what, open: ROWS / 10 }, delays(tookMs, atMost(50, ASKED_BY)));
  }
}
