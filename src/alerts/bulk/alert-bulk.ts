import { randomUUID } from 'node:crypto';
import { systemCaller } from '../../core/callers/system-caller.ts';
import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import {
  type Database,
  type RawBuilder,
  sql,
  type Tables,
  withinJurisdiction,
} from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { DONE, enqueueWork, type WorkResult } from '../../platform/work/work.ts';
import { type AlertView, showAlert } from '../desk/alert.ts';
import { type AlertFilter, matching } from '../desk/filter.ts';
import { type PersonWhoSees, whoSees } from '../desk/life/assignee.ts';
import { type Deed, maskedDeed } from '../desk/life/deeds.ts';
import { step } from '../desk/life/steps.ts';
import { forCaller } from '../desk/log/audience.ts';
import type { AlertLog, Committed, LogInput } from '../desk/log.ts';
import { requireUuid } from '../desk/queries.ts';
import { BULK_QUEUE } from '../desk/queues.ts';
import type { AlertRow } from '../desk/tables.ts';
import type { DeskName } from '../rules/classes.ts';
import { type BulkInfo, type BulkRow, beginning, seenBy, show } from './rows.ts';
import type { BulkTables } from './tables.ts';

export interface AlertBulkDeps {
  database: Database<'alerts'>;
  clock: Clock;
  log: Pick<AlertLog, 'publish'>;
  committed(published: Committed): void;
  /** Who began it, with the role and area of this moment; null where they handle no alerts of that desk any more. */
  standing(tx: Tables, caller: Caller, desk: DeskName | undefined): Promise<Caller | null>;
  personWhoSees: PersonWhoSees;
}

/** What was counted, and up to which entry of the log. */
export interface Previewed {
  count: number;
  seq: number;
}

export interface BulkInput {
  filter: AlertFilter;
  deed: Deed;
  previewed: Previewed;
}

/** Who ends what its person may not do any more. */
const ITSELF = systemCaller({ id: 'alerts', name: 'citywatch', role: 'administrator' });

/** Alerts of one transaction. */
const AT_ONCE = 100;
/** So few are done before the answer. */
const BEFORE_ANSWER_MAX = 200;
const BEFORE_ANSWER_MS = 5_000;
const NAMED_MAX = 20;
/** By how much more there may be than were previewed: a tenth, and a few. */
const grown = (previewed: number): number => previewed + Math.max(5, Math.floor(previewed / 10));

/** One thing done with all open alerts that a filter means. */
export class AlertBulk {
  readonly #deps: AlertBulkDeps;

  constructor(deps: AlertBulkDeps) {
    this.#deps = deps;
  }

  /** How many open alerts are meant, and the newest 20 of them; changes nothing. */
  async preview(caller: Caller, filter: AlertFilter): Promise<Previewed & { alerts: AlertView[] }> {
    const { database } = this.#deps;
    const head = database.tables<BulkTables>().selectFrom('alert_log_head').select('seq');
    const { seq } = await head.executeTakeFirstOrThrow();
    const newest = this.#meant(database, caller, { filter, seq }).selectAll();
    const [count, rows] = await Promise.all([
      this.#count(database, caller, { filter, seq }),
      newest.orderBy('first_at_ms', 'desc').orderBy('id', 'desc').limit(NAMED_MAX).execute(),
    ]);
    return { count, seq, alerts: rows.map(showAlert) };
  }

  /**
   * Does `deed` with all of them: a few at once, many in the background. What was opened after the preview is left
   * alone. Errors: `conflict.state` where many more are meant by now than were counted.
   */
  async begin(caller: Caller, { filter, deed: asked, previewed }: BulkInput): Promise<BulkInfo> {
    const { database, clock } = this.#deps;
    const id = randomUUID();
    const deed = maskedDeed(asked);
    const alerts = await database.transaction(async (tx) => {
      const count = await this.#count(tx, caller, { filter, seq: previewed.seq });
      if (count > grown(previewed.count)) {
        const detail = `${previewed.count} alerts were previewed, and ${count} are meant by now: preview it once more.`;
        throw new CitywatchError('conflict.state', { detail });
      }
      const nowMs = clock.nowMs();
      await tx
        .tables<BulkTables>()
        .insertInto('alert_bulk')
        .values(beginning(id, { caller, filter, deed, count, seq: previewed.seq, nowMs }))
        .execute();
      const subject = `alert-bulk/${id}`;
      const after = { deed, filter, alerts: count };
      const { jurisdiction } = caller;
      await recordAudit(tx, { caller, action: 'alert.bulk', subject, jurisdiction, after, atMs: nowMs });
      await enqueueWork(tx, clock, [{ queue: BULK_QUEUE, key: id }]);
      return count;
    });
    // Whoever works on the queue may have it already: each finds in the row what is left to do.
    if (alerts <= BEFORE_ANSWER_MAX) await this.#soon(id);
    return await this.get(caller, id);
  }

  /** Errors: `not-found`, also for what others do. */
  async get(caller: Caller, id: string): Promise<BulkInfo> {
    const found = this.#deps.database.tables<BulkTables>().selectFrom('alert_bulk').selectAll();
    const row = await found.where('id', '=', requireUuid(id)).executeTakeFirst();
    if (!row || row.caller.id !== caller.id || row.caller.type !== caller.type) throw new CitywatchError('not-found');
    return show(row);
  }

  async #soon(id: string): Promise<void> {
    const over = new AbortController();
    const stop = this.#deps.clock.after(BEFORE_ANSWER_MS, () => over.abort());
    await this.handle(id, over.signal).finally(stop);
  }

  /** Handler of the queue `alert-bulk`; the key is the id of what is done. */
  async handle(id: string, signal: AbortSignal): Promise<WorkResult> {
    while (!signal.aborted) {
      if (!(await this.#some(id))) return DONE;
    }
    return { again: { atMs: this.#deps.clock.nowMs() } };
  }

  /** Does it with the next ones; returns whether some are left. */
  async #some(id: string): Promise<boolean> {
    const { database, clock, log, committed, standing } = this.#deps;
    const { published, isLeft } = await database.transaction(async (tx) => {
      const jobs = tx.tables<BulkTables>();
      const row = await jobs.selectFrom('alert_bulk').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
      if (!row || row.state === 'done') return { published: null, isLeft: false };
      const nowMs = clock.nowMs();
      const caller = await standing(tx, row.caller, row.filter.wanted?.desk);
      if (caller === null) {
        await this.#stop(tx, row, nowMs);
        return { published: null, isLeft: false };
      }
      const next = await this.#next(tx, row, caller);
      const steps = await this.#steps(tx, row, { next, nowMs });
      const isLeft = next.length === AT_ONCE && next.length + seenBy(row) < row.alerts;
      const set = {
        last_id: next.at(-1)?.id ?? row.last_id,
        done: row.done + steps.inputs.length,
        unchanged: row.unchanged + steps.unchanged,
        refused: row.refused + steps.refusals.length,
        refusals: JSON.stringify([...row.refusals, ...steps.refusals].slice(0, NAMED_MAX)),
      };
      const end = isLeft ? {} : { state: 'done' as const, ended_at_ms: nowMs };
      await jobs
        .updateTable('alert_bulk')
        .set({ ...set, ...end })
        .where('id', '=', id)
        .execute();
      await this.#audit(tx, row, { inputs: steps.inputs, nowMs });
      return { published: await log.publish(tx, steps.inputs), isLeft };
    });
    if (published) committed(published);
    return isLeft;
  }

  /** Who began it may not any more: the rest of it counts as refused, and the audit trail says so. */
  async #stop(tx: Tables, row: BulkRow, nowMs: number): Promise<void> {
    const refused = row.alerts - row.done - row.unchanged;
    const set = { state: 'done' as const, ended_at_ms: nowMs, refused };
    await tx.tables<BulkTables>().updateTable('alert_bulk').set(set).where('id', '=', row.id).execute();
    const { id, caller } = row;
    await recordAudit(tx, {
      caller: ITSELF,
      action: 'alert.bulk-stopped',
      subject: `alert-bulk/${id}`,
      jurisdiction: caller.jurisdiction,
      after: { why: 'the right was withdrawn', of: caller.name, refused },
      atMs: nowMs,
    });
  }

  /** Those that whoever began it saw then and sees now: another area brings no alerts that nobody previewed. */
  async #next(tx: Tables, row: BulkRow, now: Caller): Promise<AlertRow[]> {
    const { filter, previewed_seq: seq } = row;
    const seen = withinJurisdiction(
      this.#meant(tx, row.caller, { filter, seq }),
      'jurisdiction',
      ownArea(now),
      'police',
    );
    const meant = seen.where(forCaller(now)).selectAll();
    const then = meant.where('first_at_ms', '<=', row.created_at_ms).orderBy('id');
    const next = row.last_id === null ? then : then.where('id', '>', row.last_id);
    const left = Math.min(AT_ONCE, row.alerts - seenBy(row));
    return left <= 0 ? [] : await next.limit(left).forUpdate().execute();
  }

  async #steps(
    tx: Tables,
    { caller, deed }: BulkRow,
    { next, nowMs }: { next: readonly AlertRow[]; nowMs: number },
  ): Promise<{ inputs: LogInput[]; unchanged: number; refusals: BulkInfo['refusals'] }> {
    const inputs: LogInput[] = [];
    const refusals: BulkInfo['refusals'] = [];
    const doer = { id: caller.id, name: caller.name, nowMs };
    for (const alert of next) {
      try {
        const does = deed.does === 'assign' ? { ...deed, to: await this.#person(tx, deed.to, alert) } : deed;
        const one = step(alert, does, doer);
        if (one) inputs.push({ from: alert.version, type: one.event, alert: one.alert, actor: doer.name, atMs: nowMs });
      } catch (error) {
        if (!(error instanceof CitywatchError) || error.code !== 'conflict.state') throw error;
        refusals.push({ alert: alert.id, detail: error.message });
      }
    }
    return { inputs, unchanged: next.length - inputs.length - refusals.length, refusals };
  }

  async #person(tx: Tables, username: string, alert: AlertRow): Promise<string> {
    const person = await whoSees(this.#deps, tx, { username, alert });
    if (person !== null) return person;
    const detail = `${username} cannot log in, or may not see it: see GET /duty/people.`;
    throw new CitywatchError('conflict.state', { detail });
  }

  /** Which alerts, beside the row that says what was asked. */
  async #audit(tx: Tables, { id, caller, deed }: BulkRow, { inputs, nowMs }: { inputs: LogInput[]; nowMs: number }) {
    if (inputs.length === 0) return;
    const after = { does: deed.does, alerts: inputs.map(({ alert }) => alert.id) };
    const { jurisdiction } = caller;
    const subject = `alert-bulk/${id}`;
    await recordAudit(tx, { caller, action: 'alert.bulk-done', subject, jurisdiction, after, atMs: nowMs });
  }

  #meant(tables: Tables, caller: Caller, { filter, seq }: Meant) {
    const all = tables.tables<BulkTables>().selectFrom('alert').where(forCaller(caller));
    const own = withinJurisdiction(all, 'jurisdiction', ownArea(caller), 'police');
    const open = matching(own, { ...filter, open: true });
    return seq === null ? open : open.where(openedUpTo(seq));
  }

  async #count(tables: Tables, caller: Caller, meant: Meant): Promise<number> {
    const query = this.#meant(tables, caller, meant).select(sql<number>`count(*)`.as('count'));
    return (await query.executeTakeFirstOrThrow()).count;
  }
}

/** `seq`: the newest entry of the log that was seen; null for all. */
interface Meant {
  filter: AlertFilter;
  seq: number | null;
}

/** An alert of which the log says no later that it was opened; of older ones the log may be gone. */
function openedUpTo(seq: number): RawBuilder<boolean> {
  return sql<boolean>`not exists (select from alert_event as opening
    where opening.alert_id = alert.id and opening.type = 'alert.opened' and opening.seq > ${seq}::bigint)`;
}
