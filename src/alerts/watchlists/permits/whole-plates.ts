import { CitywatchError } from '../../../core/errors.ts';
import { covers, ownArea, type Place } from '../../../core/jurisdiction.ts';
import type { Caller } from '../../../core/types.ts';
import { type Database, sql } from '../../../platform/database/database.ts';
import type { Look } from '../../../platform/records/access-register.ts';
import { type AlertView, showAlert } from '../../desk/alert.ts';
import { type LogEntry, placeOf } from '../../desk/log/entry.ts';
import type { AlertPageOf, AlertPlace, AlertQueries } from '../../desk/queries.ts';
import type { AlertEventBody, AlertTables } from '../../desk/tables.ts';
import { deviceIn } from '../../rules/conditions/subject.ts';
import type { PlateBox, SeenPlates } from '../../rules/plates.ts';
import type { PlatePermits } from './permits.ts';

export interface WholePlatesDeps {
  database: Database<'alerts'>;
  queries: Pick<AlertQueries, 'row' | 'rows'>;
  permits: Pick<PlatePermits, 'has' | 'of'>;
  box: PlateBox;
  /** Resolves once the look is in the access register. */
  register: { add(look: Look): Promise<void> };
}

/** Why somebody looks at plates. */
export interface PlateReason {
  purpose: string;
  case: string;
}

/** How somebody asks for plates whole. */
export interface PlateWish {
  /** Why they may see those of a place by their role; null where they may not. Asked each time. */
  byRole(place: Place): PlateReason | null;
  /** Only permits for this case count; null for any. */
  case: string | null;
}

/** By which right plates are shown: `permit` is null where a role has it. */
interface Ground extends PlateReason {
  permit: string | null;
  /** Whose area the register names. */
  jurisdiction: string;
}

/** Something with plates that may be shown whole. */
interface Shown {
  view: AlertView;
  sealed: Buffer;
  ground: Ground;
  /** The entry of the log that tells it. */
  event?: string;
}

/**
 * Alerts with their plates whole, for who has the right of it by role or by permit. Every time is in the access
 * register before it is told: a page, or some entries of the log, by one row for each right that shows them.
 */
export class WholePlates {
  readonly #deps: WholePlatesDeps;

  constructor(deps: WholePlatesDeps) {
    this.#deps = deps;
  }

  /** One alert. Errors: `not-found`; `auth.forbidden` for who may not see plates of its place. */
  async get(caller: Caller, id: string, wish: PlateWish): Promise<AlertView> {
    const alert = await this.#deps.queries.row(caller, id);
    const ground = this.#groundOf(caller, alert, wish);
    if (!ground) {
      throw new CitywatchError('auth.forbidden', { detail: 'You have no permit to see plates of this place.' });
    }
    const view = showAlert(alert);
    if (!alert.plates_sealed) return view;
    const shown = { view, sealed: alert.plates_sealed, ground };
    await this.#register(caller, [shown], {});
    return this.#opened(shown);
  }

  /** A page as `AlertQueries.list`; `asked` says in the register what was asked for. Elsewhere plates stay masked. */
  async list(
    caller: Caller,
    filter: AlertPageOf,
    { wish, asked }: { wish: PlateWish; asked: Readonly<Record<string, unknown>> },
  ): Promise<{ items: AlertView[]; next: AlertPlace | null }> {
    const { rows, next } = await this.#deps.queries.rows(caller, filter);
    const shown = rows.flatMap((alert): Shown[] => {
      const ground = alert.plates_sealed && this.#groundOf(caller, alert, wish);
      return ground ? [{ view: showAlert(alert), sealed: alert.plates_sealed!, ground }] : [];
    });
    await this.#register(caller, shown, asked);
    const opened = new Map(shown.map((one) => [one.view.id, this.#opened(one)]));
    return { items: rows.map((alert) => opened.get(alert.id) ?? showAlert(alert)), next };
  }

  /** What these entries of the log tell whole, by id of the entry; the others stay as they are. */
  async entries(
    caller: Caller,
    entries: readonly LogEntry[],
    { wish, asked }: { wish: PlateWish; asked: Readonly<Record<string, unknown>> },
  ): Promise<ReadonlyMap<string, AlertEventBody>> {
    const grounds = new Map(entries.map((entry) => [entry.id, this.#groundOf(caller, placeOf(entry), wish)]));
    const meant = entries.filter(({ id }) => grounds.get(id));
    const sealed = await this.#sealed(meant.map(({ id, alertId }) => ({ id, alert: alertId })));
    const shown = meant.flatMap(({ id, body }) => {
      const [bytes, ground] = [sealed.get(id), grounds.get(id)];
      return bytes && ground ? [{ view: body.alert as AlertView, sealed: bytes, ground, event: id }] : [];
    });
    await this.#register(caller, shown, asked);
    const bodies = new Map(meant.map(({ id, body }) => [id, body]));
    return new Map(shown.map((one) => [one.event, { ...bodies.get(one.event)!, alert: this.#opened(one) }]));
  }

  /** What a subscription is sent of an alert: as it is in the log, and where it has a permit with its plates whole. */
  async forDelivery(subscription: string, body: AlertEventBody): Promise<Readonly<Record<string, unknown>>> {
    const { permits, register } = this.#deps;
    if (!permits.has(subscription)) return body.alert;
    const view = body.alert as AlertView;
    const permit = permits.of(subscription, view);
    if (!permit) return view;
    const sealed = (await this.#sealed([{ id: body.id, alert: view.id }])).get(body.id);
    if (!sealed) return view;
    const { purpose, case_number, id, jurisdiction } = permit;
    const ground = { purpose, case: case_number, permit: id, jurisdiction };
    await register.add({
      viewer: { type: 'system', id: subscription, name: `subscription ${permit.holder_name}` },
      ...lookOf(ground, [{ view, sealed, ground, event: body.id }], { subscription }),
    });
    return this.#opened({ view, sealed });
  }

  #groundOf(caller: Caller, place: Place, wish: PlateWish): Ground | null {
    const reason = wish.byRole(place);
    if (reason) {
      // What a grant shows is registered where it is: those of that area are to find it.
      const isOwn = covers(ownArea(caller), place);
      return { ...reason, permit: null, jurisdiction: isOwn ? caller.jurisdiction : place.jurisdiction };
    }
    const permit = this.#deps.permits.of(caller.id, place, wish.case);
    if (!permit) return null;
    const { purpose, case_number, id, jurisdiction } = permit;
    return { purpose, case: case_number, permit: id, jurisdiction };
  }

  /** A row for each right; none where nothing is shown. */
  async #register({ type, id, name }: Caller, shown: readonly Shown[], asked: Readonly<Record<string, unknown>>) {
    const byGround = new Map<string, Shown[]>();
    for (const one of shown) {
      const key = `${one.ground.permit} ${one.ground.jurisdiction}`;
      byGround.set(key, [...(byGround.get(key) ?? []), one]);
    }
    for (const some of byGround.values()) {
      await this.#deps.register.add({ viewer: { type, id, name }, ...lookOf(some[0]!.ground, some, asked) });
    }
  }

  /** Of these entries the plates that they have masked, by id. */
  async #sealed(entries: readonly { id: string; alert: string }[]): Promise<Map<string, Buffer>> {
    if (entries.length === 0) return new Map();
    const rows = await this.#deps.database
      .tables<AlertTables>()
      .selectFrom('alert_event')
      .select(['id', 'plates_sealed'])
      .where(sql<boolean>`alert_id = any (${entries.map(({ alert }) => alert)}::uuid[])`)
      .where(sql<boolean>`id = any (${entries.map(({ id }) => id)}::uuid[])`)
      .where('plates_sealed', 'is not', null)
      .execute();
    return new Map(rows.map(({ id, plates_sealed }) => [id, plates_sealed!]));
  }

  #opened({ view, sealed }: Pick<Shown, 'view' | 'sealed'>): AlertView {
    const plates: SeenPlates = JSON.parse(this.#deps.box.open(sealed, view.dedupKey).toString('utf8'));
    return { ...view, data: { ...view.data, ...plates } };
  }
}

/** What the register says of a look at the plates of these, all by one right. */
function lookOf(
  ground: Ground,
  shown: readonly Shown[],
  asked: Readonly<Record<string, unknown>>,
): Omit<Look, 'viewer'> {
  const { purpose, permit, case: named } = ground;
  const [{ view, event }] = shown as [Shown];
  const isOne = shown.length === 1;
  const events = shown.flatMap((one) => one.event ?? []);
  const what = isOne
    ? { alert: view.id, ...(event !== undefined && { event }) }
    : { alerts: [...new Set(shown.map((one) => one.view.id))], ...(events.length > 0 && { events }) };
  return {
    act: 'plates',
    device: isOne && view.device !== null ? deviceIn(view.device) : null,
    // One alert is looked at where it is, several in the area that the right is for.
    jurisdiction: isOne ? view.jurisdiction : ground.jurisdiction,
    purpose,
    case: named,
    asked: { ...asked, ...what, ...(permit !== null && { permit }) },
  };
}
