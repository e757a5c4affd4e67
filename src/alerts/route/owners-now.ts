import { covers, ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { isFor, namesOf } from '../desk/log/audience.ts';
import { placeOf } from '../desk/log/entry.ts';
import type { AlertEventBody, AlertTables } from '../desk/tables.ts';

/** Who stands behind a subscription. */
export type SubscriptionOwner = Pick<Caller, 'type' | 'id' | 'name'>;

export interface OwnersNowDeps {
  database: Database<'alerts'>;
  /** With the role and area of this moment; null for who may read no alerts any more. */
  ownerNow(owner: SubscriptionOwner): Promise<Caller | null>;
}

/**
 * What is for some alone (covert orders, uncertain reads) is told to a subscription only while its owner may see it:
 * asked right before each delivery, because it may have waited for days, or be sent again by hand.
 */
export class OwnersNow {
  readonly #deps: OwnersNowDeps;

  constructor(deps: OwnersNowDeps) {
    this.#deps = deps;
  }

  /** Whether a subscription may be told an entry of the log; what everybody of its area may see is not asked for. */
  async mayHear(subscription: string, body: AlertEventBody): Promise<boolean> {
    if (body.alert.audience === 'everyone') return true;
    const found = await this.#find(subscription, body);
    if (!found) return false;
    const { seen_by, owner_type, owner_id, owner_name, confirms, jurisdiction } = found;
    if (seen_by === null) return true;
    if (owner_id === null) return false;
    const owner = { type: owner_type as Caller['type'], id: owner_id, name: owner_name ?? '' };
    const now = await this.#deps.ownerNow(owner);
    if (!now || !covers(ownArea(now), placeOf({ jurisdiction, body }))) return false;
    return isFor(seen_by, namesOf({ id: now.id, confirms: confirms && now.confirms === true }));
  }

  async #find(subscription: string, { id, alert }: AlertEventBody) {
    return await this.#deps.database
      .tables<AlertTables>()
      .selectFrom('alert_event')
      .innerJoin('subscription', (join) => join.on('subscription.id', '=', subscription))
      .select(['owner_type', 'owner_id', 'owner_name', 'confirms', 'seen_by', 'alert_event.jurisdiction'])
      .where('alert_event.alert_id', '=', String(alert.id))
      .where('alert_event.id', '=', id)
      .executeTakeFirst();
  }
}
