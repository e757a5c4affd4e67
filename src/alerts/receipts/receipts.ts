import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Database, Tables } from '../../platform/database/database.ts';
import type { AlertLog, Committed } from '../desk/log.ts';
import { requireUuid } from '../desk/queries.ts';
import type { AlertRow, AlertTables, OutsideCase } from '../desk/tables.ts';
import { openSecrets, type SecretBox } from '../route/secrets.ts';
import { isSignedWebhook } from '../sinks/webhook/signature.ts';

export interface AlertReceiptsDeps {
  database: Database<'alerts'>;
  clock: Clock;
  box: SecretBox;
  log: Pick<AlertLog, 'publish'>;
  committed(published: Committed): void;
}

/** What a receiver says of a delivery: the number of the case that it made of the alert. */
export interface Receipt {
  subscription: string;
  /** The `webhook-id` under which it was told. */
  delivery: string;
  caseNumber: string;
}

/** A message of a receiver, signed as webhooks are. */
export interface SignedReceipt {
  subscription: string;
  id: string;
  timestampS: number;
  signature: string;
  body: Buffer;
}

/** Case numbers of one alert from one subscription: a receiver that gives another one each time is not followed. */
const OF_SUBSCRIPTION_MAX = 5;
/** Standard Webhooks: what is older, or from the future, is a replay. */
const SKEW_MS = 5 * MINUTE_MS;

/**
 * Numbers that others give to the case they make of an alert. Each stands on the alert, with who gave it and when, and
 * in its log; the same number again changes nothing.
 */
export class AlertReceipts {
  readonly #deps: AlertReceiptsDeps;

  constructor(deps: AlertReceiptsDeps) {
    this.#deps = deps;
  }

  /**
   * Keeps it; returns whether it is new. Errors: `not-found` where nothing of that id was ever told to the
   * subscription, `conflict.state` beyond five numbers of one alert.
   */
  async add({ subscription, delivery, caseNumber }: Receipt): Promise<boolean> {
    const { database, clock, log, committed } = this.#deps;
    const published = await database.transaction(async (tx) => {
      const told = await toldBy(tx, subscription, delivery);
      const before = await lockedAlert(tx, told.alert_id);
      const cases = withCase(before.cases, { subscription, by: told.name, number: caseNumber, atMs: clock.nowMs() });
      if (!cases) return null;
      const alert = { ...before, cases, version: before.version + 1 };
      const { version: from } = before;
      const atMs = clock.nowMs();
      return await log.publish(tx, [{ from, type: 'alert.receipt', alert, actor: told.name, atMs }]);
    });
    if (published) committed(published);
    return published !== null;
  }

  /**
   * Finds out whether a message of a receiver is one: signed by a living secret of an active subscription within the
   * last five minutes. Errors: `auth.required` for everything else.
   */
  async verify({ subscription, id, timestampS, signature, body }: SignedReceipt): Promise<void> {
    const { database, clock, box } = this.#deps;
    const nowMs = clock.nowMs();
    const row = await database
      .tables<AlertTables>()
      .selectFrom('subscription')
      .select(['type', 'secrets', 'previous_until_ms'])
      .where('id', '=', uuidOrRefused(subscription))
      .where('state', '=', 'active')
      .executeTakeFirst();
    if (!row || Math.abs(nowMs - timestampS * 1000) > SKEW_MS) throw new CitywatchError('auth.required');
    const living = { nowMs, previousUntilMs: row.previous_until_ms };
    const secrets = openSecrets(box, row.type, row.secrets, living).secret ?? [];
    if (!isSignedWebhook(secrets, { id, timestampS, body }, signature)) throw new CitywatchError('auth.required');
  }
}

function uuidOrRefused(id: string): string {
  try {
    return requireUuid(id);
  } catch {
    throw new CitywatchError('auth.required');
  }
}

async function toldBy(tx: Tables, subscription: string, delivery: string): Promise<{ alert_id: string; name: string }> {
  const row = await tx
    .tables<AlertTables>()
    .selectFrom('delivery')
    .innerJoin('subscription', 'subscription.id', 'delivery.subscription_id')
    .select(['delivery.alert_id', 'subscription.name'])
    .where('delivery.id', '=', delivery)
    .where('delivery.subscription_id', '=', subscription)
    // What was withheld nobody has seen, so nobody can have made a case of it.
    .where('delivery.state', 'in', ['waiting', 'delivered', 'dead'])
    .executeTakeFirst();
  if (!row) throw new CitywatchError('not-found');
  return row;
}

async function lockedAlert(tx: Tables, id: string): Promise<AlertRow> {
  const alerts = tx.tables<AlertTables>().selectFrom('alert').selectAll().where('id', '=', id);
  const row = await alerts.forUpdate().executeTakeFirst();
  if (!row) throw new CitywatchError('not-found');
  return row;
}

/** Null where it stands there already. */
function withCase(cases: readonly OutsideCase[], one: OutsideCase): OutsideCase[] | null {
  const own = cases.filter(({ subscription }) => subscription === one.subscription);
  if (own.some(({ number }) => number === one.number)) return null;
  if (own.length >= OF_SUBSCRIPTION_MAX) {
    throw new CitywatchError('conflict.state', {
      detail: `It gave this alert ${OF_SUBSCRIPTION_MAX} numbers already.`,
    });
  }
  return [...cases, one];
}
