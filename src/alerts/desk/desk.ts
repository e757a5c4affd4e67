import type { Clock } from '../../core/clock.ts';
import { Batches } from '../../core/mechanisms/batches.ts';
import type { DeviceId } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import { tableOf } from '../../platform/database/prepared.ts';
import { type Claim, DONE, ENDED, type WorkResult } from '../../platform/work/work.ts';
import { ruleOf, subjectOfKey } from '../rules/findings.ts';
import { type AlertPlace, applyFinding, NO_CAMERA, noPicture } from './alert.ts';
import { endedBy, endOfRetired } from './ends.ts';
import type { AlertLog, Committed, CountedStatement, LogInput, Published } from './log.ts';
import { devicesAmong, isOfPlace, type Places, placeOf } from './places.ts';
import { DESK_QUEUE } from './queues.ts';
import { type Standing, standingOf } from './standing.ts';
import type { AlertRow, AlertTables, FindingRow } from './tables.ts';

/** What the desk asks of the rules. */
export interface RulesPort {
  isGone(rule: string): boolean;
  /** Ends what is active of rules that are gone. */
  end(): Promise<void>;
}

export interface DeskDeps {
  database: Database<'alerts'>;
  clock: Clock;
  places: Places;
  gone: RulesPort;
  log: Pick<AlertLog, 'publish' | 'written'>;
  titleOf(rule: string): { en: string; zh: string };
  /** Begins with the work that was committed, and gives live readers what was said. */
  committed(published: Committed): void;
}

/** A key, with what this process holds it by. */
interface Taking {
  key: string;
  /** Null for whoever holds none. */
  claim: Claim | null;
}

interface Taken {
  published: Published;
  /** Findings that were taken. */
  count: number;
  /** Whether these were all that waited. */
  whole: boolean;
}
/** Keys that may wait to be taken together. */
export const FINDINGS_KEYS_AT_ONCE = 256;
const KEYS_MAX = 100;
const FINDINGS_MAX = 1_000;
const DEVICES_AT_ONCE = 500;
/** The index that lets one alert of a key be open in an area: another worker has opened it just now. */
const OPEN_ONCE = 'alert_open';

/**
 * The alert desk: takes findings into alerts, those of one key in order. One statement holds the alerts of many keys,
 * their log entries, the outbox and the marks on the findings, so a crash leaves all of it or none.
 */
export class AlertDesk {
  readonly #deps: DeskDeps;
  readonly #keys: Batches<Taking, WorkResult>;

  constructor(deps: DeskDeps) {
    this.#deps = deps;
    this.#keys = new Batches({ run: (takings) => this.#takeAll(takings), max: KEYS_MAX });
  }

  /** Handler of the queue `desk`; the key is the dedup key. A claim of it is ended along with what is written. */
  handle(key: string, claim: Claim | null = null): Promise<WorkResult> {
    return this.#keys.add({ key, claim });
  }

  async #takeAll(takings: Taking[]): Promise<WorkResult[]> {
    const { database, clock, log } = this.#deps;
    const keys = takings.map(({ key }) => key);
    // In the first try what stands is as it was given; where that has changed meanwhile it is read.
    let given = takings.flatMap(({ claim }) => (claim?.given as Standing | undefined) ?? []);
    const known = await this.#placesFor(keys, given);
    const run = (tables: Tables): Promise<Taken> => {
      const standing = given;
      given = [];
      return this.#take(tables, takings, { known, standing });
    };
    const taken = await log.written(database, run, [OPEN_ONCE]);
    this.#deps.committed({ ...taken.published, places: known });
    if (taken.count > 0) await this.#lookAgain(known);
    await this.#endGone(keys);
    const { ended } = taken.published;
    if (!taken.whole) return keys.map(() => ({ again: { atMs: clock.nowMs() } }));
    return keys.map((key) => (ended.has(key) ? ENDED : DONE));
  }

  /** Where the devices of these keys stand: what nobody has told is asked for. */
  async #placesFor(keys: readonly string[], given: readonly Standing[]): Promise<Map<DeviceId, AlertPlace>> {
    const told = new Map(given.flatMap(({ key, place }) => (place ? [[subjectOfKey(key), place] as const] : [])));
    const asked = devicesAmong(keys.map(subjectOfKey)).filter((device) => !told.has(device));
    return asked.length > 0 ? new Map([...told, ...(await this.#deps.places.placesOf(asked))]) : told;
  }

  /** Ends what is active of those of these devices that are retired. Whoever retires one calls it afterwards. */
  async endOfRetired(devices: DeviceId[]): Promise<void> {
    const { database, clock, places, log } = this.#deps;
    const known = await places.placesOf(devices);
    const retired = [...known].filter(([, place]) => place.retired).map(([device]) => device);
    if (retired.length === 0) return;
    this.#deps.committed(await database.transaction((tx) => endOfRetired(tx, { log, clock }, retired)));
  }

  /** The same for every alert that is not closed: what happened while nobody was there to end them. */
  async endOfAllRetired(): Promise<void> {
    const { database } = this.#deps;
    const open = database.tables<AlertTables>().selectFrom('alert').select('device').distinct();
    const rows = await open.where('handling', '!=', 'closed').execute();
    const devices = devicesAmong(rows.map(({ device }) => device));
    for (const some of chunksOf(devices, DEVICES_AT_ONCE)) await this.endOfRetired(some);
  }

  /**
   * What was retired between the look at its place and the commit was seen by neither side. Asks the directory, not
   * the database: it tells its followers after it has changed, and they end what is committed by then.
   */
  async #lookAgain(before: Map<DeviceId, AlertPlace>): Promise<void> {
    const gone = [...before].filter(([id, known]) => !known.retired && this.#deps.places.standsNow(id)?.retired);
    if (gone.length > 0) await this.endOfRetired(gone.map(([id]) => id));
  }

  /** As `#lookAgain`, of a rule that was removed meanwhile; also where the last try of it failed. */
  async #endGone(keys: string[]): Promise<void> {
    const { gone } = this.#deps;
    if (keys.some((key) => gone.isGone(ruleOf(key)))) await gone.end();
  }

  /** Reads what stands, and writes what it becomes: only where it stands so still. */
  async #take(
    tables: Tables,
    takings: readonly Taking[],
    { known, standing }: { known: Map<DeviceId, AlertPlace>; standing: readonly Standing[] },
  ): Promise<Taken> {
    const given = new Set(standing.map(({ key }) => key));
    const keys = takings.map(({ key }) => key).filter((key) => !given.has(key));
    const read = keys.length > 0 ? await standingOf(tables, keys, FINDINGS_MAX) : [];
    const nowMs = this.#deps.clock.nowMs();
    const inputs: LogInput[] = [];
    const taken: { id: string; alert: string | null }[] = [];
    for (const { findings, open, previousId } of [...standing, ...read]) {
      const place = placeOf(findings[0], open.at(-1) ?? null, { known, places: this.#deps.places });
      const own = open.find((alert) => isOfPlace(alert, place)) ?? null;
      const context = { place, nowMs, previousId };
      const folded = this.#fold(findings, own, context);
      const isUnseen = !own && place.cameras?.length === 0;
      inputs.push(...(isUnseen ? folded.inputs.map((input) => sayNoPicture(input, nowMs)) : folded.inputs));
      // Where the device was before: there it is over too, and what begins here is nobody's business.
      const others = open.filter((alert) => alert !== own);
      const ends = findings.filter(({ kind }) => kind !== 'fired');
      for (const other of others) inputs.push(...this.#fold(ends, other, context).inputs);
      const alert = folded.alert?.id ?? others.at(-1)?.id ?? null;
      taken.push(...findings.map(({ id }) => ({ id, alert })));
    }
    const whole = taken.length < FINDINGS_MAX;
    const claims = whole ? takings.flatMap(({ claim }) => claim ?? []) : [];
    const published = await this.#deps.log.publish(tables, inputs, {
      statements: taken.length > 0 ? [markTaken(taken, nowMs)] : [],
      ...(claims.length > 0 ? { ended: { queue: DESK_QUEUE, claims } } : {}),
    });
    return { published, count: taken.length, whole };
  }

  /** Runs of updates within one transaction become one log entry: the alert as it stands after all of them. */
  #fold(
    findings: FindingRow[],
    open: AlertRow | null,
    context: { place: AlertPlace; nowMs: number; previousId: string | null },
  ): { alert: AlertRow | null; inputs: LogInput[] } {
    const from = open?.version ?? 0;
    let alert = open;
    const inputs: LogInput[] = [];
    for (const finding of findings) {
      const step = applyFinding(alert, finding, { ...context, title: this.#deps.titleOf(finding.rule) });
      if (!step) continue;
      alert = step.alert;
      const last = inputs.at(-1);
      const input = { from, type: step.event, alert, actor: 'citywatch', atMs: context.nowMs };
      if (last?.type === 'alert.updated' && step.event === 'alert.updated') inputs[inputs.length - 1] = input;
      else inputs.push(input);
    }
    if (!alert || inputs.length === 0) return { alert, inputs };
    // A device may be gone since its message was received; so may the rule.
    const reason = context.place.retired
      ? 'device-retired'
      : this.#deps.gone.isGone(alert.rule)
        ? 'rule-removed'
        : null;
    const end = reason === null ? null : endedBy(reason, alert);
    if (end) inputs.push({ from, type: end.event, alert: end.alert, actor: 'citywatch', atMs: context.nowMs });
    return { alert: end?.alert ?? alert, inputs };
  }
}

/** Said with its opening: a message of its own would double what is told in a storm. */
function sayNoPicture(input: LogInput, nowMs: number): LogInput {
  return { ...input, alert: { ...input.alert, evidence: [noPicture(nowMs, NO_CAMERA)] } };
}

function markTaken(taken: readonly { id: string; alert: string | null }[], nowMs: number): CountedStatement {
  const body = sql`
    UPDATE finding SET handled_at_ms = ${nowMs}, alert_id = given.alert_id
    FROM owner, ${tableOf('given', taken, { id: ['text', ({ id }) => id], alert_id: ['uuid', ({ alert }) => alert] })}
    WHERE finding.id = given.id AND handled_at_ms IS NULL RETURNING finding.id`;
  return { name: 'handled', body, rows: taken.length };
}
