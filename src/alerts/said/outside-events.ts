import { createHash, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { CitywatchError } from '../../core/errors.ts';
import { BoundedMap, TokenBucket } from '../../core/mechanisms/bounded.ts';
import { maskPlatesSaid } from '../../core/plates.ts';
import { slotOf } from '../../core/slots.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import type { AlertDesk } from '../desk/desk.ts';
import type { AlertActions } from '../desk/life/actions.ts';
import type { AlertTables, FindingRow } from '../desk/tables.ts';
import { subjectText } from '../rules/conditions/subject.ts';
import { dedupKey } from '../rules/findings.ts';
import { type Rule, SEVERITIES, type Severity } from '../rules/rules.ts';
import type { EventSource, EventSources } from './event-sources.ts';
import { type SaidDeps, storeSaid } from './said.ts';

/** An event of another system, as PagerDuty Events v2 has it. */
export interface OutsideEvent {
  action: 'trigger' | 'acknowledge' | 'resolve';
  /** At most 255 characters; null for a new thing. */
  dedupKey: string | null;
  severity: Severity;
  /** When it happened, Unix ms; null where that was not said. */
  atMs: number | null;
  /** What is kept of it, small enough to be shown with an alert. */
  data: Readonly<Record<string, unknown>>;
}

export interface OutsideEventsDeps extends SaidDeps {
  database: Database;
  rules(): readonly Rule[];
  sources: Pick<EventSources, 'byKey'>;
  desk: Pick<AlertDesk, 'handle'>;
  actions: Pick<AlertActions, 'ack'>;
}

const RULE = 'outside-event';
/** Type of its subject. */
const SOURCE = 'source';
/** Of one source, at once and for longer. */
const BURST = 200;
const PER_SECOND = 10;
/** Alerts of one source that are not closed, with what is on its way to become one. */
const OPEN_MAX = 1_000;
const SOURCES_REMEMBERED_MAX = 1_000;
/** Hex digits of the scope of a key, and of the id of a finding; no two meet by chance. */
const SCOPE_HEX = 32;
const ID_HEX = 32;

/**
 * Takes events of other systems: each becomes a finding before it is answered, so it goes the way of every other (P3).
 * The same event again changes nothing, and what was never triggered can be neither acknowledged nor resolved.
 */
export class OutsideEvents {
  readonly #deps: OutsideEventsDeps;
  readonly #buckets = new BoundedMap<string, TokenBucket>(SOURCES_REMEMBERED_MAX);

  constructor(deps: OutsideEventsDeps) {
    this.#deps = deps;
  }

  /** The source of a routing key, which may send now. Errors: `auth.required`, `request.rate`. */
  async admit(routingKey: string): Promise<EventSource> {
    const source = await this.#deps.sources.byKey(routingKey);
    if (!source) throw new CitywatchError('auth.required', { detail: 'This routing key is none of a source here.' });
    const bucket = this.#buckets.get(source.id) ?? this.#fresh();
    this.#buckets.set(source.id, bucket);
    const waitMs = bucket.take(1, this.#deps.clock.monotonicMs());
    if (waitMs > 0) throw new CitywatchError('request.rate', { retryAfterS: Math.ceil(waitMs / 1000) });
    return source;
  }

  /**
   * Takes one; it is durable when this resolves. Returns the dedup key by which later events mean the same thing.
   * Errors: `request.rate` beyond a thousand open alerts of a source, `conflict.state` where the rule is not in force.
   */
  async take(source: EventSource, event: OutsideEvent): Promise<string> {
    const own = event.dedupKey ?? randomUUID();
    const scope = createHash('sha256').update(own).digest('hex').slice(0, SCOPE_HEX);
    const subject = { type: SOURCE, id: source.id };
    const key = dedupKey({ rule: RULE, subject, scope });
    if (event.action === 'acknowledge') {
      await this.#acknowledge(source, key);
      return own;
    }
    const kind = event.action === 'trigger' ? 'fired' : 'cleared';
    await this.#store({ source, event, key, scope, own, kind });
    return own;
  }

  #fresh(): TokenBucket {
    return new TokenBucket(PER_SECOND, BURST, this.#deps.clock.monotonicMs());
  }

  async #store({ source, event, key, scope, own, kind }: Storing): Promise<void> {
    const { database, rules } = this.#deps;
    const rule = rules().find((each) => each.rule === RULE);
    if (!rule) throw new CitywatchError('conflict.state', { detail: `The rule ${RULE} is not in force here.` });
    const subject = subjectText({ type: SOURCE, id: source.id });
    // Compared as it is kept: what differs in the middle of a plate alone is the same again.
    const data = masked({ ...event.data, dedupKey: own }) as Record<string, unknown>;
    const severity = atMost(event.severity, source.severityMax);
    await database.transaction(async (tx) => {
      // Two events of one source at the same moment are taken one after the other.
      await sql`select pg_advisory_xact_lock(hashtextextended(${subject}, 0))`.execute(tx.tables());
      const last = await lastSaid(tx, key);
      if (kind === 'cleared' && last?.kind !== 'fired') return;
      if (last?.kind === kind && isDeepStrictEqual(last.said, [severity, event.atMs, data])) return;
      if (kind === 'fired' && last?.kind !== 'fired') await refuseBeyondShare(tx, subject);
      const id = createHash('sha256')
        .update(`${key} after ${last?.seq ?? 0}`)
        .digest('hex')
        .slice(0, ID_HEX);
      await storeSaid(tx, this.#deps, {
        id,
        key,
        rule,
        severity,
        subject,
        jurisdiction: source.jurisdiction,
        scope,
        slot: slotOf(subject),
        kind,
        deviceAtMs: event.atMs,
        data,
        exercise: false,
      });
    });
  }

  /** Of an alert that stands, or is about to. One that somebody has taken already stays theirs. */
  async #acknowledge(source: EventSource, key: string): Promise<void> {
    const { database, desk, actions } = this.#deps;
    await desk.handle(key);
    const open = await database
      .tables<AlertTables>()
      .selectFrom('alert')
      .select('id')
      .where('dedup_key', '=', key)
      .where('handling', '!=', 'closed')
      .executeTakeFirst();
    if (!open) return;
    await actions.ack(callerOf(source), open.id).catch((error: unknown) => {
      if (!(error instanceof CitywatchError && error.code === 'conflict.state')) throw error;
    });
  }
}

interface Storing {
  source: EventSource;
  event: OutsideEvent;
  key: string;
  scope: string;
  own: string;
  kind: 'fired' | 'cleared';
}

function callerOf({ id, name, jurisdiction }: EventSource): Caller {
  return { type: 'token', id: `${SOURCE}:${id}`, name, role: 'integrator', jurisdiction, purpose: null };
}

/** With plates masked in every text and every name of a field, however deep; no field is lost to another one. */
function masked(value: unknown): unknown {
  if (typeof value === 'string') return maskPlatesSaid(value);
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  const fields = new Map<string, unknown>();
  for (const [name, one] of Object.entries(value)) {
    const shown = maskPlatesSaid(name);
    let free = shown;
    for (let number = 2; fields.has(free); number += 1) free = `${shown} (${number})`;
    fields.set(free, masked(one));
  }
  return Object.fromEntries(fields);
}

/** As the index of these findings has it, word for word. */
const OF_THE_RULE = sql<boolean>`rule = 'outside-event'`;

/** No graver than the source may be. */
function atMost(severity: Severity, max: Severity): Severity {
  return SEVERITIES[Math.max(SEVERITIES.indexOf(severity), SEVERITIES.indexOf(max))]!;
}

interface LastSaid {
  kind: FindingRow['kind'];
  seq: number;
  /** Severity, time and data; null where they are forgotten. */
  said: [severity: string, atMs: number | null, data: unknown] | null;
}

async function lastSaid(tx: Tables, key: string): Promise<LastSaid | null> {
  const row = await tx
    .tables<AlertTables>()
    .selectFrom('finding')
    .select(['kind', 'seq', 'severity', 'device_at_ms', 'data'])
    .where('dedup_key', '=', key)
    .where(OF_THE_RULE)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row) return { kind: row.kind, seq: row.seq, said: [row.severity, row.device_at_ms, row.data] };
  // Findings are forgotten after a time; the alert that stands is not.
  const open = await tx
    .tables<AlertTables>()
    .selectFrom('alert')
    .select('condition')
    .where('dedup_key', '=', key)
    .where('handling', '!=', 'closed')
    .executeTakeFirst();
  return open?.condition === 'active' ? { kind: 'fired', seq: 0, said: null } : null;
}

async function refuseBeyondShare(tx: Tables, subject: string): Promise<void> {
  const { rows } = await sql<{ count: number }>`
    SELECT (SELECT count(*) FROM alert WHERE device = ${subject} AND handling <> 'closed')
      + (SELECT count(*) FROM finding WHERE subject = ${subject} AND handled_at_ms IS NULL) AS count`.execute(
    tx.tables(),
  );
  if (Number(rows[0]?.count) < OPEN_MAX) return;
  const detail = `${OPEN_MAX} alerts of this source are open: resolve or close some first.`;
  throw new CitywatchError('request.rate', { detail, retryAfterS: 60 });
}
