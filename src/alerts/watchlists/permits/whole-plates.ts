import { CitywatchError } from '../../../core/errors.ts';
import type { Caller } from '../../../core/types.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Look } from '../../../platform/records/access-register.ts';
import { type AlertView, showAlert } from '../../desk/alert.ts';
import type { AlertQueries } from '../../desk/queries.ts';
import type { AlertEventBody, AlertTables } from '../../desk/tables.ts';
import { deviceIn } from '../../rules/conditions/subject.ts';
import type { PlateBox, SeenPlates } from '../../rules/plates.ts';
import type { Permit, PlatePermits } from './permits.ts';

export interface WholePlatesDeps {
  database: Database<'alerts'>;
  queries: Pick<AlertQueries, 'row'>;
  permits: Pick<PlatePermits, 'has' | 'of'>;
  box: PlateBox;
  /** Resolves once the look is in the access register. */
  register: { add(look: Look): Promise<void> };
}

/** Alerts with their plates whole, for who has a permit. Every time is in the access register before it is told. */
export class WholePlates {
  readonly #deps: WholePlatesDeps;

  constructor(deps: WholePlatesDeps) {
    this.#deps = deps;
  }

  /** The alert as its permit shows it. Errors: `not-found`; `auth.forbidden` for who has no permit for its place. */
  async get(caller: Caller, id: string): Promise<AlertView> {
    const { queries, permits, register } = this.#deps;
    const alert = await queries.row(caller, id);
    const permit = permits.of(caller.id, alert);
    if (!permit)
      throw new CitywatchError('auth.forbidden', { detail: 'You have no permit to see plates of this place.' });
    const view = showAlert(alert);
    if (!alert.plates_sealed) return view;
    const viewer = { type: caller.type, id: caller.id, name: caller.name };
    await register.add({ viewer, ...lookBy(permit, view, { alert: id }) });
    return { ...view, data: this.#whole(view.data, alert.plates_sealed, alert.dedup_key) };
  }

  /** What a subscription is sent of an alert: as it is in the log, and where it has a permit with its plates whole. */
  async forDelivery(subscription: string, body: AlertEventBody): Promise<Readonly<Record<string, unknown>>> {
    const { database, permits, register } = this.#deps;
    if (!permits.has(subscription)) return body.alert;
    const alert = body.alert as AlertView;
    const permit = permits.of(subscription, alert);
    if (!permit) return alert;
    const all = database.tables<AlertTables>().selectFrom('alert_event').select('plates_sealed');
    const row = await all.where('alert_id', '=', alert.id).where('id', '=', body.id).executeTakeFirst();
    if (!row?.plates_sealed) return alert;
    const viewer = { type: 'system' as const, id: subscription, name: `subscription ${permit.holder_name}` };
    await register.add({ viewer, ...lookBy(permit, alert, { alert: alert.id, event: body.id, subscription }) });
    return { ...alert, data: this.#whole(alert.data, row.plates_sealed, alert.dedupKey) };
  }

  #whole(data: Record<string, unknown>, sealed: Buffer, key: string): Record<string, unknown> {
    const plates: SeenPlates = JSON.parse(this.#deps.box.open(sealed, key).toString('utf8'));
    return { ...data, ...plates };
  }
}

/** What a permit says of a look at an alert. */
function lookBy(
  { purpose, case_number, id }: Permit,
  { device, jurisdiction }: Pick<AlertView, 'device' | 'jurisdiction'>,
  asked: Record<string, string>,
): Omit<Look, 'viewer'> {
  const shown = device === null ? null : deviceIn(device);
  return { act: 'plates', device: shown, jurisdiction, purpose, case: case_number, asked: { ...asked, permit: id } };
}
