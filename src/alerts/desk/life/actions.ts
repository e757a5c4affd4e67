import type { Clock } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { ownArea } from '../../../core/jurisdiction.ts';
import type { Caller } from '../../../core/types.ts';
import type { Database, Tables } from '../../../platform/database/database.ts';
import { withinJurisdiction } from '../../../platform/database/database.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import type { DeskName } from '../../rules/classes.ts';
import { type AlertView, type EventType, showAlert } from '../alert.ts';
import { forCaller } from '../log/audience.ts';
import type { AlertLog, Committed } from '../log.ts';
import { requireUuid } from '../queries.ts';
import type { AlertRow, AlertTables } from '../tables.ts';
import { type PersonWhoSees, whoSees } from './assignee.ts';
import type { Deed } from './deeds.ts';
import type { Verdict } from './life.ts';
import { step } from './steps.ts';

export interface ActionDeps {
  /** Acknowledging must not wait behind a rush of edits. */
  database: Database<'handling'>;
  clock: Clock;
  log: Pick<AlertLog, 'publish'>;
  committed(published: Committed): void;
  personWhoSees: PersonWhoSees;
}

/** What a step makes of an alert, and what the audit calls it. */
export type Decide = (
  alert: AlertRow,
  nowMs: number,
  tx: Tables,
) => Promise<{ alert: AlertRow; event: EventType; action: string } | null>;

/** To what somebody's deed is limited. */
export interface Only {
  version?: number | undefined;
  desk?: DeskName | undefined;
}

/** What people do with an alert. Each is one transaction with its log entry, outbox rows and audit row. */
export class AlertActions {
  readonly #deps: ActionDeps;

  constructor(deps: ActionDeps) {
    this.#deps = deps;
  }

  /**
   * Takes note of an alert, for a time. Again by the same caller is fine, and with a time moves its end; by another
   * one: `conflict.state`, saying who was first.
   */
  ack(caller: Caller, id: string, forMs?: number): Promise<AlertView> {
    return this.do(caller, id, { does: 'ack', forMs });
  }

  /** Says who sees to it: a user name. Errors: `request.invalid` for nobody, and for one who may not see the alert. */
  assign(caller: Caller, id: string, to: string): Promise<AlertView> {
    return this.do(caller, id, { does: 'assign', to });
  }

  comment(caller: Caller, id: string, text: string): Promise<AlertView> {
    return this.do(caller, id, { does: 'comment', text });
  }

  /** Ends the handling. The next finding of the same key opens a new alert that names this one. */
  close(caller: Caller, id: string, { verdict, text }: { verdict: Verdict; text?: string }): Promise<AlertView> {
    return this.do(caller, id, { does: 'close', verdict, text });
  }

  /**
   * Does something with an alert, where `version` is given only to that version of it, and where `desk` is only on that
   * desk. Errors: `not-found`, `precondition.stale`, and `conflict.state` as {@link step} says it.
   */
  async do(caller: Caller, id: string, deed: Deed, { version, desk }: Only = {}): Promise<AlertView> {
    const { database, clock, log, committed } = this.#deps;
    const result = await database.transaction(async (tx) => {
      const nowMs = clock.nowMs();
      const before = await lockAlert(tx, caller, id);
      if (desk !== undefined && before.desk !== desk) throw new CitywatchError('not-found');
      if (version !== undefined && before.version !== version) throw stale(before);
      const now = deed.does === 'assign' ? { ...deed, to: await this.#person(tx, deed.to, before) } : deed;
      if (deed.does === 'reopen') await refuseTwice(tx, before);
      const next = step(before, now, { ...caller, nowMs });
      if (!next) return { view: showAlert(before), published: null };
      const { alert, event: action } = next;
      const { handling, verdict, visibility, assigned_to: assignedTo, unit, jurisdiction } = alert;
      const after = { handling, verdict, visibility, assignedTo, unit };
      await recordAudit(tx, { caller, action, subject: `alert/${id}`, jurisdiction, after, atMs: nowMs });
      const said = { from: before.version, type: action, alert, actor: caller.name, atMs: nowMs };
      return { view: showAlert(alert), published: await log.publish(tx, [said]) };
    });
    if (result.published) committed(result.published);
    return result.view;
  }

  /** A step of people beyond these, decided by what the alert is in the transaction; null changes nothing. */
  async step(caller: Caller, id: string, decide: Decide): Promise<void> {
    const { database, clock, log, committed } = this.#deps;
    const published = await database.transaction(async (tx) => {
      const atMs = clock.nowMs();
      const before = await lockAlert(tx, caller, id);
      const next = await decide(before, atMs, tx);
      if (!next) return null;
      const alert = { ...next.alert, version: before.version + 1 };
      const { handling, verdict, jurisdiction } = alert;
      const after = { handling, verdict };
      await recordAudit(tx, { caller, action: next.action, subject: `alert/${id}`, jurisdiction, after, atMs });
      return await log.publish(tx, [{ from: before.version, type: next.event, alert, actor: caller.name, atMs }]);
    });
    if (published) committed(published);
  }

  async #person(tx: Tables, username: string, alert: AlertRow): Promise<string> {
    const person = await whoSees(this.#deps, tx, { username, alert });
    if (person !== null) return person;
    const message = 'is no user name of a person who can log in and may see this alert: see GET /duty/people';
    throw new CitywatchError('request.invalid', { issues: [{ path: 'to', message }] });
  }
}

function stale(alert: AlertRow): CitywatchError {
  const detail = `The alert has version ${alert.version} by now, and is ${alert.handling}: read it again.`;
  return new CitywatchError('precondition.stale', { detail });
}

/** At most one alert of a key is open in an area. */
async function refuseTwice(tx: Tables, alert: AlertRow): Promise<void> {
  const { id, dedup_key, handling, jurisdiction, police } = alert;
  if (handling !== 'closed') return;
  const open = tx.tables<AlertTables>().selectFrom('alert').select('id').where('dedup_key', '=', dedup_key);
  const here = open.where('jurisdiction', '=', jurisdiction).where('police', 'is not distinct from', police);
  const other = await here.where('handling', '!=', 'closed').where('id', '!=', id).executeTakeFirst();
  if (!other) return;
  const detail = `It happened again meanwhile: work on the open alert ${other.id} instead.`;
  throw new CitywatchError('conflict.state', { detail });
}

async function lockAlert(tx: Tables, caller: Caller, id: string): Promise<AlertRow> {
  const row = await withinJurisdiction(
    tx.tables<AlertTables>().selectFrom('alert').selectAll().where('id', '=', requireUuid(id)).where(forCaller(caller)),
    'jurisdiction',
    ownArea(caller),
    'police',
  )
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw new CitywatchError('not-found');
  return row;
}
