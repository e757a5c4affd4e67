import type { AlertPlace, Sight } from '../desk/alert.ts';
import type { AlertRow } from '../desk/tables.ts';

/** A storm opens fewer before they are looked at. */
const KEPT_MAX = 1_000;

/** An alert as it was opened, with the cameras that see its place; null where they are not known. */
export interface JustOpened {
  alert: AlertRow;
  cameras: readonly Sight[] | null;
}

/**
 * Alerts that were opened just now, so that neither they nor what sees them need be read: whoever writes one compares
 * its version.
 */
export class Opened {
  readonly #alerts = new Map<string, JustOpened>();

  /** `places`: where devices stood when they were opened. */
  keep(alerts: readonly AlertRow[], places?: ReadonlyMap<string, AlertPlace>): void {
    if (this.#alerts.size + alerts.length > KEPT_MAX) this.#alerts.clear();
    for (const alert of alerts) {
      const place = places?.get(alert.device);
      const cameras = (place?.jurisdiction === alert.jurisdiction && place.cameras) || null;
      this.#alerts.set(alert.id, { alert, cameras });
    }
  }

  /** Those of `ids` that are kept; each is given out once. */
  take(ids: readonly string[]): JustOpened[] {
    return ids.flatMap((id) => {
      const opened = this.#alerts.get(id);
      this.#alerts.delete(id);
      return opened ?? [];
    });
  }
}
