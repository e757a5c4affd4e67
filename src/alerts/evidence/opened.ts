import type { AlertRow } from '../desk/tables.ts';

/** A storm opens fewer before they are looked at. */
const KEPT_MAX = 1_000;

/** Alerts that were opened just now, so that they need not be read: whoever writes one compares its version. */
export class Opened {
  readonly #alerts = new Map<string, AlertRow>();

  keep(alerts: readonly AlertRow[]): void {
    if (this.#alerts.size + alerts.length > KEPT_MAX) this.#alerts.clear();
    for (const alert of alerts) this.#alerts.set(alert.id, alert);
  }

  /** Those of `ids` that are kept; each is given out once. */
  take(ids: readonly string[]): AlertRow[] {
    return ids.flatMap((id) => {
      const alert = this.#alerts.get(id);
      this.#alerts.delete(id);
      return alert ?? [];
    });
  }
}
