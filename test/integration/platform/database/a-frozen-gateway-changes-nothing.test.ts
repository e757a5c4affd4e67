import { join } from 'node:path';
import t from 'tap';
import { systemClock as clock } from '../../../../src/core/clock.ts';
import { slotOf } from '../../../../src/core/slots.ts';
import { DatabaseCursors } from '../../../../src/ingest/readers/database-cursors.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../../src/platform/database/database.ts';
import { type Holder, Lease } from '../../../../src/platform/database/lease.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { enqueueWork } from '../../../../src/platform/work/work.ts';
import { incarnationOf } from '../../../support/ingest/journal.ts';
import { startScript } from '../../../support/processes.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';

const CHILD = join(import.meta.dirname, '../../../support/services/owner-child.ts');
/** Longer than the server lets a transaction idle that the freeze has cut in two. */
const TTL_MS = 2_000;
const HERE: Holder = { node: 'node-next', host: 'here', pid: process.pid, directory: '/b', inode: '1:2' };
const DESK_KEY = 'kiosk-fire|k-9';
/** Of a finding that was handled long ago. */
const PAST_KEY = 'kiosk-fire|k-8';

const { url } = await freshDatabase(t);
const observer = quietObserver();
const database = await Database.open({ url, observer, clock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
await migrate(database);

/** Those of the child. */
const WRITERS = [
  'ledger',
  'rules',
  'cursors',
  'state without a cursor',
  'claims',
  'desk',
  'work noted by hand',
  'work that is hastened',
  'timers alone',
  'commands that expire',
  'old commands',
  'introduction of a camera',
  'old findings',
  'old deliveries',
  'old alerts',
  'old dead letters',
  'old passages',
];
const TABLES = ['work_item', 'ingest_cursor', 'ingest_ledger', 'dead_letter', 'rule_cursor', 'rule_state', 'finding'];
const DEVICE_TABLES = ['command', 'camera_setup'];
const ALERT_TABLES = ['alert', 'alert_event', 'alert_log_head', 'delivery', 'silence'];

/** Every row that an owner writes. */
async function everything(): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const table of [...TABLES, ...ALERT_TABLES, ...DEVICE_TABLES]) {
    const { rows } = await sql<{ row: unknown }>`
      select to_jsonb(one) as row from ${sql.table(table)} as one order by to_jsonb(one)::text`.execute(
      database.tables(),
    );
    found[table] = rows.map(({ row }) => row);
  }
  return found;
}

async function leaveFinding(key: string): Promise<void> {
  await sql`
    insert into finding (id, dedup_key, rule, rule_version, severity, subject, jurisdiction, scope, kind, lane,
      journal_offset, received_at_ms, decided_at_ms, data)
    values (${key}, ${key}, 'kiosk-fire', 1, 'severe', 'k-9', '330203', '', 'fired', 'live', 7, 1, 1, '{}')`.execute(
    database.tables(),
  );
}

/** Something of each kind that a chore removes or a deadline ends. */
async function leaveWhatIsPast(): Promise<void> {
  const db = database.tables();
  await sql`update finding set handled_at_ms = 1, alert_id = null where dedup_key = ${PAST_KEY}`.execute(db);
  const command = (settledAtMs: number | null) => sql`
    insert into command (id, device, kind, kind_version, jurisdiction, name, args, state, caller_type, caller_id,
      caller_name, created_at_ms, deadline_at_ms, settled_at_ms)
    values (gen_random_uuid(), 'k-1', 'kiosk', 1, '330203', 'lock', '{}', ${settledAtMs ? 'expired' : 'queued'},
      'token', 'a', 'a', 1, 2, ${settledAtMs})`;
  await command(null).execute(db);
  await command(3).execute(db);
  await sql`
    insert into dead_letter (lane, journal_offset, record_index, reason, path, value, device, kind, kind_version,
      jurisdiction, channel, topic, received_at_ms)
    values ('bulk', 1, -1, 'not-json', '', '', 'k-1', 'kiosk', 1, '330203', 'data', '', 1)`.execute(db);
  await sql`
    insert into silence (id, jurisdiction, reason, starts_at_ms, ends_at_ms, state, ended_at_ms, created_by,
      created_at_ms)
    values (gen_random_uuid(), '330203', 'works', 1, 2, 'ended', 2, 'li', 1)`.execute(db);
  await sql`
    create table passage_20200101 partition of passage
    for values from (1577836800000) to (1577923200000)`.execute(db);
  await sql`
    update work_item set due_at_ms = ${clock.nowMs() + 3_600_000}
    where queue = 'noted' and key = '1'`.execute(db);
}

t.test('a gateway that was frozen and taken over changes nothing when it goes on, and ends', async (t) => {
  const keys = Array.from({ length: 8 }, (_, number) => ({ queue: 'frozen', key: `key-${number}` }));
  await enqueueWork(database, clock, keys);
  const frozen = await startScript(t, CHILD, [url, String(TTL_MS), DESK_KEY]);
  let said = '';
  frozen.process.stdout?.on('data', (text: string) => {
    said += text;
  });
  const moving = async () => JSON.stringify(await everything());
  const early = await moving();
  await until('it writes', async () => (await moving()) !== early);
  frozen.process.kill('SIGSTOP');

  const deps = { database, clock, observer, holder: HERE, isPrivate: false, onLost: () => {} };
  const lease = await until('its lease has run out', () => Lease.take(deps).catch(() => null));
  t.teardown(() => lease.release());
  await leaveFinding(DESK_KEY);
  await leaveFinding(PAST_KEY);
  await leaveWhatIsPast();
  const before = await everything();
  t.ok(before.finding!.length > 1, 'it had judged');
  t.match(before.rule_cursor, [{ node: 'node-frozen', epoch: lease.epoch - 1 }]);
  t.match(before.finding![0], { slot: slotOf('k-1'), epoch: lease.epoch - 1 });

  frozen.process.kill('SIGCONT');
  await until('each of its writers was refused', () => frozen.process.exitCode !== null);
  t.same(JSON.parse(said.split('\n').at(-2) ?? ''), {
    stopped: Object.fromEntries(WRITERS.map((name) => [name, 'lease.lost'])),
    lost: 1,
  });
  t.same(await everything(), before);
  const { rows: days } = await sql`
    select to_regclass('passage_20200101') is not null as there`.execute(database.tables());
  t.same(days, [{ there: true }], 'nor was a day of passages dropped');

  const { ownership } = lease;
  const cursors = new DatabaseCursors({ database, reader: 'completeness', incarnationOf, ownership, clock });
  const stood = await cursors.load('live');
  await cursors.save({ live: stood + 100 }, async () => {});
  const { rows } = await sql`select node, epoch from ingest_cursor where reader = 'completeness'`.execute(
    database.tables(),
  );
  t.same(rows, [{ node: 'node-next', epoch: lease.epoch }], 'the next owner goes on from there');
});
