import type { Clock } from '../../core/clock.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { DeviceId, JournalPosition } from '../../core/types.ts';
import { asJsonb } from '../../platform/database/as-jsonb.ts';
import { type Database, hexOf, isRefusedPart, type RawBuilder, sql } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { listOf } from '../../platform/database/prepared.ts';
import { type NotedRow, noting, type WorkDesk, type WorkTicket } from '../../platform/work/work.ts';
import { type AlertPlace, priorityOf } from '../desk/alert.ts';
import { type AskedPlaces, devicesAmong } from '../desk/places.ts';
import { DESK_QUEUE } from '../desk/queues.ts';
import type { Standing } from '../desk/standing.ts';
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
  /** Asked along, so that the desk need not; without it the desk does. */
  places?: AskedPlaces;
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
  const rows = findings.map((finding) => toRow(finding, deps));
  const known = listOf(
    'text',
    rows.map(({ dedup_key }) => dedup_key),
  );
  const devices = devicesAmong(rows.map(({ subject }) => subject));
  const along = [
    { name: 'found', body: storing(rows) },
    ...keeping.statements,
    { name: 'noted', body: noted.body },
    { name: 'moved', body: movingCursors(cursors, deps) },
  ];
  // A later owner may have written a state or a cursor: then nothing of this may stay.
  const body = sql`
    select must((select count(*) from kept) = ${keeping.count}::bigint
      and (select count(*) from moved) = ${cursors.length}::bigint, 'CW001', ${WHAT}),
      (select coalesce(jsonb_agg(to_jsonb(noted)), '[]') from noted) as noted,
      (select coalesce(jsonb_agg(id), '[]') from found) as found,
      (select coalesce(jsonb_agg(dedup_key), '[]') from alert
        where dedup_key = any (${known})) as known,
      ${deps.places?.asking(devices) ?? sql`null`} as places
    from owner`;
  try {
    const write = { what: WHAT, along, body };
    const [answer] = await database.statement((tables) => ownership.write<Stored>(tables, write));
    if (!answer) return [];
    const places = deps.places?.told(answer.places) ?? null;
    return withFindings(noted.noted(answer.noted), { rows, answer, places });
  } catch (error) {
    throw isRefusedPart(error) ? ownership.refused(WHAT) : error;
  }
}

/** What the statement says of what it stored. */
interface Stored {
  noted: NotedRow[];
  /** Ids of findings that were not there before. */
  found: string[];
  /** Keys that have an alert. */
  known: string[];
  /** What {@link AskedPlaces} asked. */
  places: unknown;
}

interface FoundRows {
  rows: readonly ReturnType<typeof toRow>[];
  answer: Stored;
  places: ReadonlyMap<DeviceId, AlertPlace> | null;
}

/** These tickets, and with each that is begun here what stands for its key: it had no work, so nothing else waits. */
function withFindings(tickets: readonly WorkTicket[], { rows, answer, places }: FoundRows): WorkTicket[] {
  const { found, known } = answer;
  const fresh = new Set(found);
  const left = new Set([...known, ...rows.filter(({ id }) => !fresh.has(id)).map(({ dedup_key }) => dedup_key)]);
  const standing = new Map<string, Standing>();
  for (const row of rows) {
    const finding = { ...row, data: asJsonb(row.data), exercise: false, alert_id: null, handled_at_ms: null, seq: 0 };
    const before = standing.get(row.dedup_key);
    if (before) before.findings.push(finding);
    else {
      const place = places?.get(row.subject);
      standing.set(row.dedup_key, { key: row.dedup_key, findings: [finding], open: [], previousId: null, place });
    }
  }
  return tickets.map((ticket) => {
    const given = left.has(ticket.key) ? undefined : standing.get(ticket.key);
    return ticket.claim && given ? { ...ticket, claim: { ...ticket.claim, given } } : ticket;
  });
}

function storing(rows: readonly ReturnType<typeof toRow>[]): RawBuilder<unknown> {
  const given = rows.map((row) => ({ ...row, plates_sealed: hexOf(row.plates_sealed) }));
  const columns = sql.join(COLUMNS.map((name) => sql.ref(name)));
  return sql`
    insert into finding (${columns})
    select ${sql.join(COLUMNS.map((name) => sql.ref(`given.${name}`)))}
    from owner, jsonb_populate_recordset(null::finding, ${JSON.stringify(given)}::jsonb) as given
    on conflict (id) do nothing returning id`;
}

/** Those that a finding is stored with; the desk fills the rest. */
const COLUMNS: readonly (keyof ReturnType<typeof toRow>)[] = [
  'id',
  'dedup_key',
  'rule',
  'rule_version',
  'severity',
  'class',
  'desk',
  'subject',
  'jurisdiction',
  'scope',
  'seen_by',
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
    class: finding.class,
    desk: finding.desk,
    subject,
    jurisdiction: finding.jurisdiction,
    scope: finding.scope,
    seen_by: finding.seenBy as string[] | null,
    kind: finding.transition,
    lane: finding.position.lane,
    journal_offset: finding.position.offset,
    incarnation: incarnationOf(finding.position),
    device_at_ms: finding.deviceAtMs,
    received_at_ms: finding.receivedAtMs,
    decided_at_ms: finding.decidedAtMs,
    data: finding.data,
    plates_sealed: sealed,
    slot,
    epoch: ownership.ownerOf(slot).epoch,
  };
}
