import type { Clock } from '../core/clock.ts';
import { CitywatchError, messageOf } from '../core/errors.ts';
import { Counter, type Observer } from '../core/observe.ts';
import type { DecodedBatch, Lane } from '../core/types.ts';
import { type Database, sql, type Tables } from '../platform/database.ts';
import { enqueueWork, type WorkTicket } from '../platform/work.ts';
import { priorityOf } from './alert.ts';
import { DESK_QUEUE } from './desk.ts';
import type { RulesEngine, StoredStates } from './engine.ts';
import { dedupKey, type Finding } from './findings.ts';
import type { AlertTables } from './tables.ts';

export interface RulesReaderDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  engine: RulesEngine;
  lane: Lane;
  /** Offset behind the newest durable record: at the head, clocks run by the wall. */
  head(): number;
  committed(tickets: WorkTicket[]): void;
  /** How long changed states may wait for their transaction. */
  saveMs?: number;
}

const ROWS_AT_ONCE = 1_000;
/** A record received before a clock ran out may still be on its way into the journal; give it this long. */
const HEAD_MARGIN_MS = 1_000;
const TICK_MS = 250;

/**
 * The reader "rules". After a crash it judges again from the saved cursor, and the same findings get the same ids.
 */
export class RulesReader {
  readonly #deps: RulesReaderDeps;
  readonly #findings: Counter;
  #cursor = 0;
  #savedAtMs = 0;
  #savedCursor = -1;
  #loaded = false;
  #turn: Promise<void> = Promise.resolve();
  #stopTick: (() => void) | null = null;
  #ticking = false;

  constructor(deps: RulesReaderDeps) {
    this.#deps = deps;
    this.#findings = new Counter({
      name: 'citywatch_findings_total',
      help: 'Findings that rules raised.',
      labelNames: ['rule', 'kind'],
      registers: [deps.observer.metrics],
    });
  }

  /** Loads states and cursor, once: what is in memory is newer. Returns where to read on. */
  async load(): Promise<number> {
    if (this.#loaded) return this.#cursor;
    const db = this.#deps.database.tables<AlertTables>();
    const rows = await db.selectFrom('rule_state').selectAll().execute();
    this.#deps.engine.load(rows.map((row) => ({ ...row, states: row.states as StoredStates })));
    const cursor = await db
      .selectFrom('rule_cursor')
      .select('journal_offset')
      .where('lane', '=', this.#deps.lane)
      .executeTakeFirst();
    this.#cursor = cursor?.journal_offset ?? 0;
    this.#savedCursor = this.#cursor;
    this.#loaded = true;
    return this.#cursor;
  }

  get cursor(): number {
    return this.#cursor;
  }

  /** Everything before this offset is judged and saved: the journal may let it go. */
  get saved(): number {
    return Math.max(0, this.#savedCursor);
  }

  /** Starts the clocks of a quiet city: without messages, time passes by the wall. */
  start(): void {
    this.#stopTick = this.#deps.clock.every(TICK_MS, () => {
      if (this.#ticking) return;
      this.#ticking = true;
      this.#inTurn(() => this.#tick())
        .catch((error: unknown) => {
          this.#deps.observer.log.warn({ part: 'rules', error: messageOf(error) }, 'clocks of rules are late');
        })
        .finally(() => {
          this.#ticking = false;
        });
    });
  }

  /** Saves what is not saved yet. */
  async stop(): Promise<void> {
    this.#stopTick?.();
    await this.#inTurn(() => this.#commit(true));
  }

  /**
   * Handler of the journal reader. Throws (and is called again with the same batch) when PostgreSQL does not answer.
   */
  handle(batch: DecodedBatch): Promise<void> {
    return this.#inTurn(async () => {
      // Message by message: when one cannot be judged the batch comes again in parts, and what was judged stays so.
      for (const decoded of batch.messages) {
        if (decoded.message.offset < this.#cursor) continue;
        this.#unsaved.push(...this.#deps.engine.judge(decoded, this.#deps.clock.nowMs()));
        this.#cursor = decoded.message.endOffset;
      }
      this.#cursor = Math.max(this.#cursor, batch.to);
      await this.#commit(false);
    });
  }

  /** Judged and not yet committed: kept while PostgreSQL is away, because judging twice would not raise them again. */
  readonly #unsaved: Finding[] = [];

  async #tick(): Promise<void> {
    if (!this.#loaded || this.#cursor < this.#deps.head()) return;
    const nowMs = this.#deps.clock.nowMs();
    this.#unsaved.push(...this.#deps.engine.advanceTo(nowMs - HEAD_MARGIN_MS, nowMs));
    await this.#commit(false);
  }

  /**
   * Commits findings at once; states and cursor with them, or at most once a second when there are none. States go into
   * the same transaction as their findings: saved apart, a crash in between could forget that an absence has fired and
   * so never raise its end.
   */
  async #commit(now: boolean): Promise<void> {
    const nowMs = this.#deps.clock.monotonicMs();
    const findings = this.#unsaved.slice();
    if (findings.length === 0 && !now && nowMs - this.#savedAtMs < (this.#deps.saveMs ?? 1_000)) return;
    for (const device of this.#deps.engine.takeChanged()) this.#changed.set(device.device, device);
    const cursor = this.#cursor;
    if (findings.length === 0 && this.#changed.size === 0 && cursor === this.#savedCursor) return;
    const tickets = await this.#storeAll(findings, cursor);
    this.#unsaved.splice(0, findings.length);
    this.#changed.clear();
    this.#savedCursor = cursor;
    this.#savedAtMs = nowMs;
    for (const { rule, kind } of findings) this.#findings.inc({ rule, kind });
    this.#deps.committed(tickets);
  }

  /** A finding whose data PostgreSQL refuses is stored without it: the alert counts more than its details. */
  async #storeAll(findings: Finding[], cursor: number): Promise<WorkTicket[]> {
    const { database, observer } = this.#deps;
    try {
      return await database.transaction((tx) => this.#store(tx, findings, cursor));
    } catch (error) {
      if (findings.length === 0 || !(error instanceof CitywatchError) || error.retryable) throw error;
      observer.log.error(
        { part: 'rules', error: error.message, findings: findings.length },
        'stored without their data',
      );
      const bare = findings.map((finding) => ({ ...finding, data: {} }));
      return await database.transaction((tx) => this.#store(tx, bare, cursor));
    }
  }

  async #store(tx: Tables, findings: Finding[], cursor: number): Promise<WorkTicket[]> {
    const db = tx.tables<AlertTables>();
    for (let from = 0; from < findings.length; from += ROWS_AT_ONCE) {
      await db
        .insertInto('finding')
        .values(findings.slice(from, from + ROWS_AT_ONCE).map(toRow))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    }
    const changed = [...this.#changed.values()];
    for (let from = 0; from < changed.length; from += ROWS_AT_ONCE) {
      await storeStates(tx, changed.slice(from, from + ROWS_AT_ONCE));
    }
    await db
      .insertInto('rule_cursor')
      .values({ lane: this.#deps.lane, journal_offset: cursor })
      .onConflict((conflict) => conflict.column('lane').doUpdateSet({ journal_offset: cursor }))
      .execute();
    const tickets = findings.map((finding) => ({
      queue: DESK_QUEUE,
      key: dedupKey(finding),
      priority: priorityOf(finding.severity),
    }));
    await enqueueWork(tx, this.#deps.clock, tickets);
    return tickets;
  }

  /** Taken from the engine and not yet stored; survives a transaction that failed. */
  readonly #changed = new Map<string, ReturnType<RulesEngine['takeChanged']>[number]>();

  /** One step at a time: a tick never runs inside a batch. */
  #inTurn(run: () => Promise<void>): Promise<void> {
    const next = this.#turn.then(run);
    this.#turn = next.catch(() => {});
    return next;
  }
}

async function storeStates(tx: Tables, devices: ReturnType<RulesEngine['takeChanged']>): Promise<void> {
  const db = tx.tables<AlertTables>();
  const gone = devices.filter(({ states }) => Object.keys(states).length === 0).map(({ device }) => device);
  const kept = devices.filter(({ states }) => Object.keys(states).length > 0);
  if (gone.length > 0) await db.deleteFrom('rule_state').where('device', 'in', gone).execute();
  if (kept.length === 0) return;
  await db
    .insertInto('rule_state')
    .values(kept.map((one) => ({ ...one, states: JSON.stringify(one.states) })))
    .onConflict((conflict) =>
      conflict.column('device').doUpdateSet({
        kind: sql<string>`excluded.kind`,
        jurisdiction: sql<string>`excluded.jurisdiction`,
        states: sql<string>`excluded.states`,
      }),
    )
    .execute();
}

function toRow(finding: Finding) {
  return {
    id: finding.id,
    dedup_key: dedupKey(finding),
    rule: finding.rule,
    rule_version: finding.ruleVersion,
    severity: finding.severity,
    subject: finding.subject,
    jurisdiction: finding.jurisdiction,
    scope: finding.scope,
    kind: finding.kind,
    lane: finding.position.lane,
    journal_offset: finding.position.offset,
    device_at_ms: finding.deviceAtMs,
    received_at_ms: finding.receivedAtMs,
    decided_at_ms: finding.decidedAtMs,
    data: JSON.stringify(finding.data),
    alert_id: null,
    handled_at_ms: null,
  };
}
