import { type Clock, HOUR_MS } from '../../core/clock.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { AlertTables } from '../desk/tables.ts';
import { deviceIn } from '../rules/conditions/subject.ts';
import type { Pictures } from './evidence.ts';

export interface AlertedCamerasDeps {
  database: Database<'alerts'>;
  clock: Clock;
  cameras: Pick<Pictures, 'camerasFor'>;
}

/** A camera at an alert that goes on. */
export interface AlertedCamera {
  camera: DeviceId;
  /** When the alert was raised first, Unix ms by our clock. */
  atMs: number;
}

/** More open alerts than anybody works on; the newest count. */
const ALERTS_MAX = 1_000;
/** What is still open after this long is no event any more. */
const LASTS_MAX_MS = HOUR_MS;

/** Which cameras are at, or see the place of, alerts that are active and not closed. */
export class AlertedCameras {
  readonly #deps: AlertedCamerasDeps;

  constructor(deps: AlertedCamerasDeps) {
    this.#deps = deps;
  }

  /** An alert counts for an hour after its last occurrence at most. Errors: `store.unavailable`. */
  async now(): Promise<AlertedCamera[]> {
    const { database, clock, cameras } = this.#deps;
    const alerts = await database
      .tables<AlertTables>()
      .selectFrom('alert')
      .select(['device', 'jurisdiction', 'received_at_ms'])
      .where('handling', '!=', 'closed')
      .where('condition', '=', 'active')
      .where('visibility', '!=', 'test')
      .where('last_at_ms', '>', clock.nowMs() - LASTS_MAX_MS)
      .orderBy('received_at_ms', 'desc')
      .limit(ALERTS_MAX)
      .execute();
    const found: AlertedCamera[] = [];
    for (const area of new Set(alerts.map(({ jurisdiction }) => jurisdiction))) {
      const some = alerts.filter(({ jurisdiction }) => jurisdiction === area);
      const of = some.flatMap(({ device, received_at_ms }) => {
        const id = deviceIn(device);
        return id === null ? [] : [{ id, atMs: Number(received_at_ms) }];
      });
      const sights = await cameras.camerasFor([...new Set(of.map(({ id }) => id))], area);
      for (const { id, atMs } of of) {
        for (const camera of [id, ...(sights.get(id) ?? []).map((sight) => sight.camera)]) found.push({ camera, atMs });
      }
    }
    return found;
  }
}
