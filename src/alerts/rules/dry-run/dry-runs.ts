import { randomUUID } from 'node:crypto';
import { type Clock, DAY_MS } from '../../../core/clock.ts';
import { CitywatchError, invalid } from '../../../core/errors.ts';
import type { Caller } from '../../../core/types.ts';
import { type Database, jsonb, sql, type Tables } from '../../../platform/database/database.ts';
import { newestFirst } from '../../../platform/database/newest-first.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import { enqueueWork } from '../../../platform/work/work.ts';
import type { ParsedRule, Rule } from '../rules.ts';
import { ownRecording } from './recordings.ts';
import { seesTheSame } from './same-area.ts';
import type { DryRunRow, DryRunState, DryRunTables } from './tables.ts';
import type { TrialAnswer } from './trial.ts';

export const DRY_RUNS_QUEUE = 'rule-dry-runs';

/** Longer than the journal keeps what was read. */
const STRETCH_MS_MAX = 2 * DAY_MS;
/** Of one person, and of all: each keeps what it has judged in memory until it is over. */
const RUNNING_MAX = 2;
export const RUNNING_TOGETHER_MAX = 8;
/** They are kept so long. */
const KEPT_MS = 7 * DAY_MS;

export interface DryRunsDeps {
  database: Database;
  clock: Clock;
  /** Reads the text of a draft, as a file of `config/rules` is read. */
  parse(text: string): ParsedRule;
  /** After a commit: there is work in this queue. */
  ring(queue: string): void;
  /** Nobody wants this one any more. */
  cancelled(id: string): void;
}

export interface DryRunInput {
  yaml: string;
  /** What is judged: what was received in this stretch (Unix ms), or a whole recorded file of the caller's. */
  of: { fromMs: number; toMs: number } | { recording: string };
}

/** A dry run as it is shown. */
export interface DryRun {
  id: string;
  rule: string;
  version: number;
  state: DryRunState;
  /** The stretch that was asked for, or that of the file. */
  fromMs: number;
  toMs: number;
  /** The recorded file that is judged; null for what was received. */
  recording: string | null;
  /** Share of the stretch that was gone through, 0 to 1. */
  progress: number;
  createdAtMs: number;
  endedAtMs: number | null;
  answer: TrialAnswer | null;
}

/** Trials of drafts: begun, looked at and called off by who asked for them. Who judges is {@link DryRunWorker}. */
export class DryRuns {
  readonly #deps: DryRunsDeps;

  constructor(deps: DryRunsDeps) {
    this.#deps = deps;
  }

  /**
   * Begins to judge what was received in a stretch, or what a recorded file holds, by a draft. Errors:
   * `request.invalid` naming what is wrong with the draft or the stretch, `not-found` for a file that is not the
   * caller's, `conflict.state` while enough others of the caller go on.
   */
  async create(caller: Caller, { yaml, of }: DryRunInput): Promise<DryRun> {
    const { database, clock, ring } = this.#deps;
    const { rule, version } = this.#draftOf(yaml);
    const stretch = await stretchOf(database, caller, of);
    const row: DryRunRow = {
      id: randomUUID(),
      caller,
      caller_id: caller.id,
      jurisdiction: caller.jurisdiction,
      rule,
      version,
      yaml,
      ...stretch,
      state: 'running',
      reached_ms: null,
      answer: null,
      created_at_ms: clock.nowMs(),
      ended_at_ms: null,
    };
    await database.transaction(async (tx) => {
      await refuseTooMany(tx, caller);
      const db = tx.tables<DryRunTables>();
      await db
        .insertInto('rule_dry_run')
        .values({ ...row, caller: jsonb(caller) })
        .execute();
      await enqueueWork(tx, clock, [{ queue: DRY_RUNS_QUEUE, key: row.id }]);
      await this.#audit(tx, caller, row, 'rule-dry-run.begin');
    });
    ring(DRY_RUNS_QUEUE);
    return shown(row);
  }

  /** Errors: `not-found`, also for what another asked for, or the same person with another area. */
  async get(caller: Caller, id: string): Promise<DryRun> {
    return shown(await ownRun(this.#deps.database, caller, id));
  }

  /** Those of the caller, newest first. */
  async list(
    caller: Caller,
    { limit, after }: { limit: number; after?: string },
  ): Promise<{ items: DryRun[]; next: string | null }> {
    const { database } = this.#deps;
    const last = after === undefined ? null : await ownRun(database, caller, after);
    const all = database.tables<DryRunTables>().selectFrom('rule_dry_run').selectAll();
    const { rows, next } = await newestFirst(all.where('caller_id', '=', caller.id), { limit, last });
    const theirs = rows.filter((row) => seesTheSame(caller, row.caller));
    return { items: theirs.map((row) => ({ ...shown(row), answer: null })), next };
  }

  /** Calls one off; one that is over stays as it is. Errors: `not-found`. */
  async cancel(caller: Caller, id: string): Promise<DryRun> {
    const { database, clock, cancelled } = this.#deps;
    await database.transaction(async (tx) => {
      const run = await ownRun(tx, caller, id);
      const ended = { state: 'cancelled' as const, ended_at_ms: clock.nowMs() };
      const db = tx.tables<DryRunTables>().updateTable('rule_dry_run').set(ended);
      const { numUpdatedRows } = await db.where('id', '=', id).where('state', '=', 'running').executeTakeFirst();
      if (numUpdatedRows > 0n) await this.#audit(tx, caller, run, 'rule-dry-run.cancel');
    });
    cancelled(id);
    return await this.get(caller, id);
  }

  /** Deletes those that are too old; returns how many. */
  async prune(nowMs: number): Promise<number> {
    const old = this.#deps.database.tables<DryRunTables>().deleteFrom('rule_dry_run');
    const gone = await old.where('created_at_ms', '<', nowMs - KEPT_MS).executeTakeFirst();
    return Number(gone.numDeletedRows);
  }

  #draftOf(yaml: string): Rule {
    const parsed = this.#deps.parse(yaml);
    if ('issues' in parsed) throw new CitywatchError('request.invalid', { issues: parsed.issues });
    if (parsed.rule.by.hears !== 'devices') {
      throw invalid('yaml', 'is a rule about the gateway itself, of which nothing was received');
    }
    return parsed.rule;
  }

  async #audit(tx: Tables, caller: Caller, { id, jurisdiction, rule, version }: DryRunRow, action: string) {
    const atMs = this.#deps.clock.nowMs();
    await recordAudit(tx, {
      caller,
      action,
      subject: `rule-dry-run/${id}`,
      jurisdiction,
      after: { rule, version },
      atMs,
    });
  }
}

async function stretchOf(
  tables: Tables,
  caller: Caller,
  of: DryRunInput['of'],
): Promise<Pick<DryRunRow, 'from_ms' | 'to_ms' | 'recording'>> {
  if ('recording' in of) {
    const { id, from_ms, to_ms } = await ownRecording(tables, caller, of.recording);
    // The end of a stretch is no part of it.
    return { from_ms, to_ms: to_ms + 1, recording: id };
  }
  const { fromMs, toMs } = of;
  if (fromMs >= toMs) throw invalid('from', 'must lie before `to`');
  if (toMs - fromMs > STRETCH_MS_MAX) throw invalid('from', 'may lie two days before `to` at most');
  return { from_ms: fromMs, to_ms: toMs, recording: null };
}

async function refuseTooMany(tx: Tables, caller: Caller): Promise<void> {
  // Those who begin at the same moment take turns.
  await sql`lock table rule_dry_run in share row exclusive mode`.execute(tx.tables());
  const running = await tx
    .tables<DryRunTables>()
    .selectFrom('rule_dry_run')
    .select(['id', 'caller_id'])
    .where('state', '=', 'running')
    .execute();
  const theirs = running.filter(({ caller_id }) => caller_id === caller.id);
  const isFull = running.length >= RUNNING_TOGETHER_MAX;
  if (!isFull && theirs.length < RUNNING_MAX) return;
  const detail =
    theirs.length < RUNNING_MAX
      ? `${RUNNING_TOGETHER_MAX} dry runs go on, which is as many as may at a time: ask again when one is over.`
      : `Two dry runs of yours go on, ${theirs[0]!.id} is one of them: wait for it, or call it off.`;
  throw new CitywatchError('conflict.state', { detail });
}

async function ownRun(tables: Tables, caller: Caller, id: string): Promise<DryRunRow> {
  const all = tables.tables<DryRunTables>().selectFrom('rule_dry_run').selectAll();
  const row = await all.where('id', '=', id).where('caller_id', '=', caller.id).executeTakeFirst();
  if (!row || !seesTheSame(caller, row.caller)) throw new CitywatchError('not-found');
  return row;
}

function shown(row: DryRunRow): DryRun {
  const { id, rule, version, state, from_ms: fromMs, to_ms: toMs, recording, answer } = row;
  const reached = row.reached_ms === null ? 0 : (row.reached_ms - fromMs) / (toMs - fromMs);
  const progress = state === 'done' ? 1 : Math.min(1, Math.max(0, Math.round(reached * 1000) / 1000));
  return {
    id,
    rule,
    version,
    state,
    fromMs,
    toMs,
    recording,
    progress,
    createdAtMs: row.created_at_ms,
    endedAtMs: row.ended_at_ms,
    answer,
  };
}
