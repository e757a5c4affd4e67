import { randomUUID } from 'node:crypto';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import { maskPlatesSaid } from '../../core/plates.ts';
import type { Slot } from '../../core/slots.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { type AlertView, showAlert } from '../desk/alert.ts';
import type { AlertDesk } from '../desk/desk.ts';
import type { AlertTables } from '../desk/tables.ts';
import { dedupKey } from '../rules/findings.ts';
import type { Rule } from '../rules/rules.ts';
import { type Said, type SaidDeps, storeSaid } from './said.ts';

/** What a drill asks of the registry. */
export interface DrilledDevices {
  /** A device that is not retired and that the caller may see; null for any other. */
  seenBy(caller: Caller, id: DeviceId): { kind: string; jurisdiction: Jurisdiction; slot: Slot } | null;
}

export interface DrillsDeps extends SaidDeps {
  database: Database;
  rules(): readonly Rule[];
  devices: DrilledDevices;
  desk: Pick<AlertDesk, 'handle'>;
}

export interface Drill {
  device: DeviceId;
  /** Its title and severity are the drill's. */
  rule: string;
  /** What is rehearsed. */
  note: string;
  /** After so long it is closed by itself; four hours at most. */
  forMs: number;
}

/** The part of `data` by which a drill says what it is. */
const WHAT = 'drill';

/**
 * Alerts that people raise to rehearse: they go the whole way of a real one, are marked at every step, and end when
 * somebody closes them or their time is over. Each is an alert of its own, so that a real one of the same device is
 * never merged with it.
 */
export class Drills {
  readonly #deps: DrillsDeps;

  constructor(deps: DrillsDeps) {
    this.#deps = deps;
  }

  /**
   * Raises one; it stands when this resolves. Errors: `not-found` for a device that is not the caller's to see,
   * `request.invalid` for a rule that is not in force or not for this kind of device.
   */
  async start(caller: Caller, { device: id, rule: name, note: said, forMs }: Drill): Promise<AlertView> {
    const { database, clock, rules, devices, desk } = this.#deps;
    const device = devices.seenBy(caller, id);
    if (!device) throw new CitywatchError('not-found');
    const rule = rules().find((each) => each.rule === name);
    if (!rule) throw invalid('rule', 'is no rule in force: see GET /rules');
    if (!rule.kinds.includes(device.kind)) throw invalid('rule', `is not for a ${device.kind}: see GET /rules`);
    const number = randomUUID();
    const note = maskPlatesSaid(said);
    const endsAt = toRfc3339(clock.nowMs() + forMs);
    const scope = `${WHAT}-${number}`;
    const key = dedupKey({ rule: name, subject: { type: 'device', id }, scope });
    const { jurisdiction, slot } = device;
    const finding: Said = {
      id: number,
      key,
      rule,
      severity: rule.severity,
      subject: id,
      jurisdiction,
      scope,
      slot,
      kind: 'fired',
      deviceAtMs: null,
      data: { [WHAT]: note, by: caller.name, ends_at: endsAt },
      exercise: true,
    };
    await database.transaction(async (tx) => {
      await recordAudit(tx, {
        caller,
        action: 'alert.drill',
        subject: `device/${id}`,
        jurisdiction,
        after: { rule: name, note, endsAt },
        atMs: clock.nowMs(),
      });
      await storeSaid(tx, this.#deps, finding);
    });
    // Whatever becomes of this, the desk does it: its work is noted.
    await desk.handle(key);
    const alerts = database.tables<AlertTables>().selectFrom('alert').selectAll();
    return showAlert(await alerts.where('dedup_key', '=', key).executeTakeFirstOrThrow());
  }
}
