import { CitywatchError } from '../../core/errors.ts';
import { maskPlates } from '../../core/plates.ts';
import type { Caller, FieldValue } from '../../core/types.ts';
import type { Look } from '../../platform/records/access-register.ts';
import type { AlertRow } from '../desk/tables.ts';
import { deviceIn } from './conditions/subject.ts';

type Values = Record<string, FieldValue | string[]>;

/** The whole plates of a finding, by the field they were read in; `wanted_plate` is the one that a watchlist has. */
export type SeenPlates = Record<string, string | string[]>;

/** What was seen as every reader of an alert may have it, and apart from it what is shown only by a registered look. */
export interface Seen {
  data: Values;
  /** Null where no plate was seen. */
  plates: SeenPlates | null;
}

/** Splits the values of a record: those of `fields` are masked in `data` and stand whole in `plates`. */
export function splitPlates(values: ReadonlyMap<string, FieldValue | string[]>, fields: Iterable<string> = []): Seen {
  const data = Object.fromEntries(values);
  const plates: SeenPlates = {};
  for (const name of fields) {
    const value = values.get(name);
    if (typeof value !== 'string' && !Array.isArray(value)) continue;
    plates[name] = value;
    data[name] = typeof value === 'string' ? maskPlates(value) : value.map(maskPlates);
  }
  return { data, plates: Object.keys(plates).length > 0 ? plates : null };
}

/** Encrypts the plates of findings and alerts. `owner` is bound in. Errors of `open`: `service.failed`. */
export interface PlateBox {
  seal(bytes: Buffer, owner: string): Buffer;
  open(sealed: Buffer, owner: string): Buffer;
}

/** Bound to the key that a finding shares with its alert, so the sealed bytes go from one to the other as they are. */
export function sealPlates(box: PlateBox, plates: SeenPlates | null, key: string): Buffer | null {
  return plates && box.seal(Buffer.from(JSON.stringify(plates), 'utf8'), key);
}

export interface AlertPlatesDeps {
  alerts: { row(caller: Caller, id: string): Promise<AlertRow> };
  box: PlateBox;
  /** Resolves once the look is in the access register. */
  register: { add(look: Look): Promise<void> };
}

/** Shows the plates of an alert whole. */
export class AlertPlates {
  readonly #deps: AlertPlatesDeps;

  constructor(deps: AlertPlatesDeps) {
    this.#deps = deps;
  }

  /**
   * The plates that the newest finding of the alert saw; the look is registered first. Errors: `not-found` for an alert
   * that is not the caller's to see or has no plate; `service.failed` when the vault key is another one.
   */
  async show(caller: Caller, id: string, why: { purpose: string; case: string }): Promise<SeenPlates> {
    const { alerts, box, register } = this.#deps;
    const alert = await alerts.row(caller, id);
    if (!alert.plates_sealed) {
      const detail = 'No plate is kept with this alert. Look for the passage at its device and time: /passages/search.';
      throw new CitywatchError('not-found', { detail });
    }
    const { jurisdiction } = alert;
    const device = deviceIn(alert.device);
    const viewer = { type: caller.type, id: caller.id, name: caller.name };
    await register.add({ viewer, act: 'plates', device, jurisdiction, ...why, asked: { alert: id } });
    return JSON.parse(box.open(alert.plates_sealed, alert.dedup_key).toString('utf8'));
  }
}
