import type { Clock } from '../../core/clock.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { JournalPosition } from '../../core/types.ts';
import { type Database, isRefusedPart, type RawBuilder, sql } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { type NotedRow, noting, type WorkDesk, type WorkTicket } from '../../platform/work/work.ts';
import { priorityOf } from '../desk/alert.ts';
import { DESK_QUEUE } from '../desk/queues.ts';
import { subjectText } from './conditions/subject.ts';
import { movingCursors } from './cursors.ts';
import type { SubjectStates } from './engine.ts';
import { dedupKey, type Finding } from './findings.ts';
import { type PlateBox, sealPlates } from './plates.ts';
import { keepingStates, type OwnersOfSubjects } from './rule-states.ts';

export interface VerdictDeps extends OwnersOfSubjects {
  database: Pick<Database<'alerts'>, 'statement'>;
  clock: Clock;
  incarnationOf: IncarnationOf;
  ownership: Pick<Ownership, 'self' | 'ownerOf' | 'write' | 'refused'>;
  plates: PlateBox;
  work: WorkDesk;
}

/** What the rules have judged since they stored it last. */
export interface Verdicts {
  findings: readonly Finding[];
  states: readonly SubjectStates[];
  cursors: readonly JournalPosition[];
}

const WHAT = 'what the rules have judged';

/**
 * Stores findings, the states they led to, where the rules stand and the work for the desk: all of it or nothing, with
 * one statement. Returns the work. Throws `lease.lost` where another node has taken over.
 */
export async function storeVerdicts(deps: VerdictDeps, { findings, states, cursors }: Verdicts): Promise<WorkTicket[]> {
  const { database, clock, ownership, work } = deps;
  const tickets = findings.map((finding) => ({
    queue: DESK_QUEUE,
    key: dedupKey(finding),
    priority: priorityOf(finding.severity),
  }));
  const noted = noting(ownership.self.node, clock.nowMs(), { tickets, desk: work });
  const keeping = keepingStates(states, deps);
  const along = [
    { name: 'found', body: storing(findings, deps) },
    ...keeping.statements,
    { name: 'noted', body: noted.body },
    { name: 'moved', body: movingCursors(cursors, deps) },
  ];
  // A later owner may have written a state or a cursor: then nothing of this may stay.
  const body = sql`
    select must((select count(*) from kept) = ${keeping.count}::bigint
      and (select count(*) from moved) = ${cursors.length}::bigint, 'CW001', ${WHAT}),
      (select coalesce(jsonb_agg(to_jsonb(noted)), '[]') from noted) as noted
    from owner`;
  try {
    const write = { what: WHAT, along, body };
    const [row] = await database.statement((tables) => ownership.write<{ noted: NotedRow[] }>(tables, write));
    return noted.noted(row?.noted ?? []);
  } catch (error) {
    throw isRefusedPart(error) ? ownership.refused(WHAT) : error;
  }
}

function storing(findings: readonly Finding[], deps: VerdictDeps): RawBuilder<unknown> {
  const rows = findings.map((finding) => toRow(finding, deps));
  const columns = sql.join(COLUMNS.map((name) => sql.ref(name)));
  return sql`
    insert into finding (${columns})
    select ${sql.join(COLUMNS.map((name) => sql.ref(`given.${name}`)))}
    from owner, jsonb_populate_recordset(null::finding, ${JSON.stringify(rows)}::jsonb) as given
    on conflict (id) do nothing`;
}

/** Those that a finding is stored with; the desk fills the rest. */
const COLUMNS: readonly (keyof ReturnType<typeof toRow>)[] = [
  'id',
  'dedup_key',
  'rule',
  'rule_version',
  'severity',
  'subject',
  'jurisdiction',
  'scope',
  'kind',
  'lane',
  'journal_offset',
  'incarnation',
  'device_at_ms',
  'received_at_ms',
  'decided_at_ms',
  'data',
  'plates_sealed',
  'slot',
  'epoch',
];

function toRow(finding: Finding, { incarnationOf, plates, slotOf, ownership }: VerdictDeps) {
  const key = dedupKey(finding);
  const subject = subjectText(finding.subject);
  const slot = slotOf(subject);
  const sealed = sealPlates(plates, finding.plates, key);
  return {
    id: finding.id,
    dedup_key: key,
    rule: finding.rule,
    rule_version: finding.ruleVersion,
    severity: finding.severity,
    subject,
    jurisdiction: finding.jurisdiction,
    scope: finding.scope,
    kind: finding.transition,
    lane: finding.position.lane,
    journal_offset: finding.position.offset,
    incarnation: incarnationOf(finding.position),
    device_at_ms: finding.deviceAtMs,
    received_at_ms: finding.receivedAtMs,
    decided_at_ms: finding.decidedAtMs,
    data: finding.data,
    plates_sealed: sealed && `\\x${sealed.toString('hex')}`,
    slot,
    epoch: ownership.ownerOf(slot).epoch,
  };
}
