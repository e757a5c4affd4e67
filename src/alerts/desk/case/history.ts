import { toRfc3339 } from '../../../core/clock.ts';
import type { Caller } from '../../../core/types.ts';
import { type Database, sql, withinJurisdiction } from '../../../platform/database/database.ts';
import { forCaller } from '../log/audience.ts';
import type { AlertRow, AlertTables } from '../tables.ts';

/** Entries of one history; where there are more, the newest. */
const HISTORY_MAX = 500;

/** One step in the life of an alert, and how it stood after it. */
export interface HistoryLine {
  id: string;
  at: string;
  /** A person's or token's name, or `citywatch`. */
  actor: string;
  type: string;
  severity: string;
  condition: string | null;
  handling: string | null;
  visibility: string | null;
  verdict: string | null;
  assignedTo: string | null;
  unit: string | null;
  level: string | null;
  /** How often it had been reported by then. */
  occurrences: number;
  /** What was said with it: a remark, or why it was hidden. */
  text: string | null;
}

interface Found extends Omit<HistoryLine, 'at' | 'text'> {
  atMs: number;
  said: string | null;
  saidAt: string | null;
  hidden: string | null;
}

/** Types of entries that somebody said something with. */
const SAID = new Set(['alert.commented', 'alert.feedback', 'alert.closed', 'alert.reopened']);

/**
 * What happened to an alert, the newest first, as far as the caller may see the entries. Reports that change nothing
 * but the count are left out: an alert that fires every second would else have no other line. Errors: `not-found`.
 */
export async function historyOf(
  { database, queries }: { database: Database; queries: { row(caller: Caller, id: string): Promise<AlertRow> } },
  caller: Caller,
  id: string,
): Promise<HistoryLine[]> {
  await queries.row(caller, id);
  // Bodies are large: which entries are meant is told by what stands beside them.
  const meant = sql<boolean>`seq in (
    select seq from (
      select seq, type, actor, severity, lag(severity) over (order by seq) as before
      from alert_event where alert_id = ${id}::uuid
    ) as each where type <> 'alert.updated' or actor <> 'citywatch' or severity <> before
    order by seq desc limit ${HISTORY_MAX}
  )`;
  const told = (name: string) => sql<string | null>`body -> 'alert' ->> ${sql.lit(name)}`;
  const query = database
    .tables<AlertTables>()
    .selectFrom('alert_event')
    .select([
      'id',
      'type',
      'actor',
      'at_ms as atMs',
      'severity',
      told('condition').as('condition'),
      told('handling').as('handling'),
      told('visibility').as('visibility'),
      told('verdict').as('verdict'),
      told('assignedTo').as('assignedTo'),
      told('unit').as('unit'),
      told('level').as('level'),
      sql<number>`coalesce((body -> 'alert' ->> 'occurrences')::bigint, 1)`.as('occurrences'),
      sql<string | null>`body #>> '{alert,comments,-1,text}'`.as('said'),
      sql<string | null>`body #>> '{alert,comments,-1,at}'`.as('saidAt'),
      sql<string | null>`body #>> '{alert,hidden,reason}'`.as('hidden'),
    ])
    .where(meant)
    .where(forCaller(caller))
    .orderBy('seq', 'desc');
  const rows = await withinJurisdiction(query, 'jurisdiction', caller, sql`(body -> 'alert' ->> 'police')`).execute();
  return rows.map(lineOf);
}

function lineOf({ atMs, said, saidAt, hidden, ...line }: Found): HistoryLine {
  const at = toRfc3339(atMs);
  // An alert may be closed without a word, and have one of before.
  const isSaid = SAID.has(line.type) && saidAt === at;
  return { ...line, at, text: isSaid ? said : line.type === 'alert.shelved' ? hidden : null };
}
