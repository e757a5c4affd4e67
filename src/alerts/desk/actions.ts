import type { Clock } from '../../core/clock.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ownArea, type Place } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import type { Database, Tables } from '../../platform/database/database.ts';
import { withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { type AlertView, type EventType, showAlert } from './alert.ts';
import type { AlertLog, Committed } from './log.ts';
import { requireUuid } from './queries.ts';
import type { AlertRow, AlertTables } from './tables.ts';

/** Why an alert was closed; feeds the precision of its rule. */
export const VERDICTS = ['confirmed', 'false_positive', 'misread_plate', 'duplicate', 'drill', 'no_action'] as const;
export type Verdict = (typeof VERDICTS)[number];

const COMMENTS_MAX = 200;

export interface ActionDeps {
  /** Acknowledging must not wait behind a rush of edits. */
  database: Database<'handling'>;
  clock: Clock;
  log: Pick<AlertLog, 'publish'>;
  committed(published: Committed): void;
  /** The user name of somebody who may log in and see `jurisdiction`; null for anybody else. */
  personWhoSees(tx: Tables, username: string, place: Place): Promise<string | null>;
}

type Change = { alert: AlertRow; event: EventType } | null;

/** What people do with an alert. Each is one transaction with its log entry, outbox rows and audit row. */
export class AlertActions {
  readonly #deps: ActionDeps;

  constructor(deps: ActionDeps) {
    this.#deps = deps;
  }

  /**
   * Takes note of an alert. Again by the same caller is fine; by another one: `conflict.state`, saying who was first.
   */
  ack(caller: Caller, id: string): Promise<AlertView> {
    return this.#change(caller, id, (alert, nowMs) => {
      if (alert.acked_by_id === caller.id) return null;
      if (alert.acked_by !== null) {
        const when = toRfc3339(alert.acked_at_ms ?? 0);
        throw new CitywatchError('conflict.state', { detail: `Already acknowledged by ${alert.acked_by} at ${when}.` });
      }
      refuseClosed(alert);
      const handling = alert.handling === 'new' ? 'acked' : alert.handling;
      return {
        alert: { ...alert, acked_by: caller.name, acked_by_id: caller.id, acked_at_ms: nowMs, handling },
        event: 'alert.acked',
      };
    });
  }

  /** Says who sees to it: a user name. Errors: `request.invalid` for nobody, and for one who may not see the alert. */
  assign(caller: Caller, id: string, to: string): Promise<AlertView> {
    return this.#change(caller, id, async (alert, _nowMs, tx) => {
      refuseClosed(alert);
      const person = await this.#deps.personWhoSees(tx, to, alert);
      if (person === null) {
        const message = 'is no user name of a person who can log in and may see this alert: see GET /users';
        throw new CitywatchError('request.invalid', { issues: [{ path: 'to', message }] });
      }
      if (alert.assigned_to === person) return null;
      return { alert: { ...alert, assigned_to: person, handling: 'assigned' }, event: 'alert.assigned' };
    });
  }

  comment(caller: Caller, id: string, text: string): Promise<AlertView> {
    return this.#change(caller, id, (alert, nowMs) => {
      if (alert.comments.length >= COMMENTS_MAX) {
        throw new CitywatchError('conflict.state', { detail: `An alert takes at most ${COMMENTS_MAX} comments.` });
      }
      const comments = [...alert.comments, { by: caller.name, atMs: nowMs, text }];
      return { alert: { ...alert, comments }, event: 'alert.commented' };
    });
  }

  /** Ends the handling. The next finding of the same key opens a new alert that names this one. */
  close(caller: Caller, id: string, { verdict, text }: { verdict: Verdict; text?: string }): Promise<AlertView> {
    return this.#change(caller, id, (alert, nowMs) => {
      if (alert.handling === 'closed') {
        if (alert.closed_by === caller.name && alert.verdict === verdict) return null;
        throw new CitywatchError('conflict.state', { detail: `Already closed by ${alert.closed_by}.` });
      }
      const comments = text ? [...alert.comments, { by: caller.name, atMs: nowMs, text }] : alert.comments;
      return {
        alert: {
          ...alert,
          handling: 'closed' as const,
          verdict,
          closed_by: caller.name,
          closed_at_ms: nowMs,
          comments,
        },
        event: 'alert.closed',
      };
    });
  }

  async #change(
    caller: Caller,
    id: string,
    decide: (alert: AlertRow, nowMs: number, tx: Tables) => Change | Promise<Change>,
  ): Promise<AlertView> {
    const { database, clock, log } = this.#deps;
    const result = await database.transaction(async (tx) => {
      const nowMs = clock.nowMs();
      const before = await lockAlert(tx, caller, id);
      const change = await decide(before, nowMs, tx);
      if (!change) return { view: showAlert(before), published: null };
      const alert = { ...change.alert, version: before.version + 1 };
      await recordAudit(tx, {
        caller,
        action: change.event,
        subject: `alert/${id}`,
        jurisdiction: alert.jurisdiction,
        after: { handling: alert.handling, verdict: alert.verdict, assignedTo: alert.assigned_to },
        atMs: nowMs,
      });
      const said = { from: before.version, type: change.event, alert, actor: caller.name, atMs: nowMs };
      const published = await log.publish(tx, [said]);
      return { view: showAlert(alert), published };
    });
    if (result.published) this.#deps.committed(result.published);
    return result.view;
  }
}

function refuseClosed(alert: AlertRow): void {
  if (alert.handling !== 'closed') return;
  throw new CitywatchError('conflict.state', { detail: `This alert was closed by ${alert.closed_by}.` });
}

async function lockAlert(tx: Tables, caller: Caller, id: string): Promise<AlertRow> {
  const row = await withinJurisdiction(
    tx.tables<AlertTables>().selectFrom('alert').selectAll().where('id', '=', requireUuid(id)),
    'jurisdiction',
    ownArea(caller),
    'police',
  )
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw new CitywatchError('not-found');
  return row;
}
