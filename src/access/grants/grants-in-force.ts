import type { Clock } from '../../core/clock.ts';
import type { Caller } from '../../core/types.ts';
import type { Database, Tables } from '../../platform/database/database.ts';
import type { GrantedArea } from '../authority.ts';
import type { Right } from '../rights.ts';
import type { AccessTables } from '../tables.ts';

/** What is asked about the alerts that grants are bound to; app passes it. */
export interface BoundAlerts {
  /** Of these those that are open; one that is not there is not. */
  among(tables: Tables, ids: readonly string[]): Promise<ReadonlySet<string>>;
}

interface InForce {
  area: GrantedArea;
  rights: readonly string[];
  untilMs: number;
}

/** Approved grants in memory, by holder: every request asks for them. */
export class GrantsInForce {
  readonly #clock: Clock;
  readonly #alerts: BoundAlerts;
  #byHolder = new Map<string, InForce[]>();
  /** Questions put so far, and the latest of those whose answer counts. */
  #asked = 0;
  #counts = 0;

  constructor(clock: Clock, alerts: BoundAlerts) {
    this.#clock = clock;
    this.#alerts = alerts;
  }

  /**
   * Reads what stands in the database, without grants whose alert is closed. Of two answers that come in the wrong
   * order the later question counts.
   */
  async load(database: Database): Promise<void> {
    this.#asked += 1;
    const number = this.#asked;
    const rows = await database
      .tables<AccessTables>()
      .selectFrom('access_grant')
      .select(['holder_type', 'holder_id', 'jurisdiction', 'police', 'rights', 'until_ms', 'alert_id'])
      .where('approved_at_ms', 'is not', null)
      .where('ended_at_ms', 'is', null)
      .where('until_ms', '>', this.#clock.nowMs())
      .execute();
    const open = await this.#alerts.among(
      database,
      rows.flatMap((row) => row.alert_id ?? []),
    );
    if (number < this.#counts) return;
    this.#counts = number;
    const byHolder = new Map<string, InForce[]>();
    for (const row of rows) {
      const { holder_type: type, holder_id: id, jurisdiction, police, rights, until_ms: untilMs } = row;
      if (row.alert_id !== null && !open.has(row.alert_id)) continue;
      const key = `${type}:${id}`;
      byHolder.set(key, [...(byHolder.get(key) ?? []), { area: { jurisdiction, police }, rights, untilMs }]);
    }
    this.#byHolder = byHolder;
  }

  /** The areas in which the caller has this right by a grant. */
  areasOf({ type, id }: Pick<Caller, 'type' | 'id'>, right: Right): GrantedArea[] {
    const nowMs = this.#clock.nowMs();
    const mine = this.#byHolder.get(`${type}:${id}`) ?? [];
    return mine.filter((one) => nowMs < one.untilMs && one.rights.includes(right)).map((one) => one.area);
  }
}
