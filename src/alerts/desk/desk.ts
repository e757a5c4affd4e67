import type { Clock } from '../../core/clock.ts';
import { Batches } from '../../core/mechanisms/batches.ts';
import type { DeviceId } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { DONE, type WorkResult, type WorkTicket } from '../../platform/work/work.ts';
import { ruleOf } from '../rules/findings.ts';
import { type AlertPlace, applyFinding } from './alert.ts';
import { endedBy, followDevice, followDevices } from './follow.ts';
import { type AlertLog, type LogInput, saveAlerts } from './log.ts';
import { devicesAmong, type Places, placeOf } from './places.ts';
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
  log: Pick<AlertLog, 'publish'>;
  ownership: Pick<Ownership, 'write'>;
  titleOf(rule: string): { en: string; zh: string };
  /** Rings for work that was committed, and tells live readers that the log grew. */
  committed(tickets: WorkTicket[]): void;
}

/** Keys that may wait to be taken together. */
export const FINDINGS_KEYS_AT_ONCE = 256;
const KEYS_MAX = 100;
const FINDINGS_MAX = 1_000;
const DEVICES_AT_ONCE = 500;

/** What stands for a key: the alert that is not closed, else the id of the newest one that is. */
interface Standing {
  open: AlertRow | null;
  previousId: string | null;
}

/**
 * The alert desk: takes findings into alerts, those of one key in order. One transaction holds the alerts of many keys,
 * their log entries, the outbox and the marks on the findings, so a crash leaves all of it or none.
 */
export class AlertDesk {
  readonly #deps: DeskDeps;
  readonly #keys: Batches<string, WorkResult>;

  constructor(deps: DeskDeps) {
    this.#deps = deps;
    this.#keys = new Batches({ run: (keys) => this.#takeAll(keys), max: KEYS_MAX });
  }

  /** Handler of the queue `desk`; the key is the dedup key. */
  handle(key: string): Promise<WorkResult> {
    return this.#keys.add(key);
  }

  async #takeAll(keys: string[]): Promise<WorkResult[]> {
    const { database, clock, places } = this.#deps;
    // Read before the transaction, which is to be short; what comes after it has its own work.
    const findings = await pending(database, keys);
    if (findings.length > 0) {
      const known = await places.placesOf(devicesAmong(findings.map(({ subject }) => subject)));
      const tickets = await database.transaction((tx) => this.#take(tx, findings, known));
      this.#deps.committed(tickets);
      await this.#lookAgain(known);
    }
    await this.#endGone(keys);
    return keys.map(() => (findings.length < FINDINGS_MAX ? DONE : { again: { atMs: clock.nowMs() } }));
  }

  /** Brings alerts that are not closed to where these devices stand now. Whoever moves a device calls it afterwards. */
  async follow(devices: DeviceId[]): Promise<void> {
    const { database, clock, places, log } = this.#deps;
    const known = await places.placesOf(devices);
    if (known.size > 0)
      this.#deps.committed(await database.transaction((tx) => followDevices(tx, { log, clock }, known)));
  }

  /** The same for every alert that is not closed: what happened while nobody was there to follow. */
  async followAll(): Promise<void> {
    const { database } = this.#deps;
    const open = database.tables<AlertTables>().selectFrom('alert').select('device').distinct();
    const rows = await open.where('handling', '!=', 'closed').execute();
    const devices = devicesAmong(rows.map(({ device }) => device));
    for (const some of chunksOf(devices, DEVICES_AT_ONCE)) await this.follow(some);
  }

  /** What was moved or retired between the look at its place and the commit was seen by neither side. */
  async #lookAgain(before: Map<DeviceId, AlertPlace>): Promise<void> {
    const now = await this.#deps.places.placesOf([...before.keys()]);
    const changed = [...now].filter(([id, { jurisdiction, retired }]) => {
      const known = before.get(id);
      return known?.jurisdiction !== jurisdiction || known.retired !== retired;
    });
    if (changed.length > 0) await this.follow(changed.map(([id]) => id));
  }

  /** As `#lookAgain`, of a rule that was removed meanwhile; also where the last try of it failed. */
  async #endGone(keys: string[]): Promise<void> {
    const { gone } = this.#deps;
    if (keys.some((key) => gone.isGone(ruleOf(key)))) await gone.end();
  }

  async #take(tx: Tables, read: FindingRow[], known: Map<DeviceId, AlertPlace>): Promise<WorkTicket[]> {
    const nowMs = this.#deps.clock.nowMs();
    const findings = await stillPending(tx, read);
    const standing = await standingOf(tx, [...findings.keys()]);
    const alerts: AlertRow[] = [];
    const inputs: LogInput[] = [];
    for (const [key, { open, previousId }] of standing) {
      const ofKey = findings.get(key) ?? [];
      const [first] = ofKey;
      if (!first) continue;
      const place = placeOf(first, open, { known, places: this.#deps.places });
      const folded = this.#fold(ofKey, open, { place, nowMs, previousId });
      if (folded.inputs.length > 0 && folded.alert) alerts.push(folded.alert);
      inputs.push(...folded.inputs);
      standing.set(key, { open: folded.alert, previousId });
    }
    await saveAlerts(tx, alerts);
    const taken = [...findings.values()].flat();
    const alertOf = (key: string): string | null => standing.get(key)?.open?.id ?? null;
    if (taken.length > 0) await this.#markTaken(tx, nowMs, { taken, alertOf });
    return await this.#deps.log.publish(tx, inputs);
  }

  /** Runs of updates within one transaction become one log entry: the alert as it stands after all of them. */
  #fold(
    findings: FindingRow[],
    open: AlertRow | null,
    context: { place: AlertPlace; nowMs: number; previousId: string | null },
  ): { alert: AlertRow | null; inputs: LogInput[] } {
    let alert = open;
    const inputs: LogInput[] = [];
    for (const finding of findings) {
      const step = applyFinding(alert, finding, { ...context, title: this.#deps.titleOf(finding.rule) });
      if (!step) continue;
      alert = step.alert;
      const last = inputs.at(-1);
      const input = { type: step.event, alert, actor: 'citywatch', atMs: context.nowMs };
      if (last?.type === 'alert.updated' && step.event === 'alert.updated') inputs[inputs.length - 1] = input;
      else inputs.push(input);
    }
    if (!alert || inputs.length === 0) return { alert, inputs };
    // A device may have moved, or be gone, since its message was received; so may the rule.
    const steps = followDevice(alert, context.place);
    const last = steps.at(-1)?.alert ?? alert;
    const end = this.#deps.gone.isGone(alert.rule) ? endedBy('rule-removed', last) : null;
    if (end) steps.push(end);
    for (const step of steps) {
      inputs.push({ type: step.event, alert: step.alert, actor: 'citywatch', atMs: context.nowMs });
    }
    return { alert: steps.at(-1)?.alert ?? alert, inputs };
  }

  async #markTaken(
    tx: Tables,
    nowMs: number,
    { taken, alertOf }: { taken: FindingRow[]; alertOf(key: string): string | null },
  ): Promise<void> {
    const body = sql`
      UPDATE finding SET handled_at_ms = ${nowMs}, alert_id = given.alert_id
      FROM owner, unnest(${taken.map(({ id }) => id)}::text[],
        ${taken.map(({ dedup_key }) => alertOf(dedup_key))}::uuid[]) AS given (id, alert_id)
      WHERE finding.id = given.id
      RETURNING finding.id`;
    await this.#deps.ownership.write(tx, { what: 'what became of findings', body });
  }
}

/** Findings that are not handled, of one key in the order in which they came. */
function pending(tables: Tables, keys: string[]): Promise<FindingRow[]> {
  return tables
    .tables<AlertTables>()
    .selectFrom('finding')
    .selectAll()
    .where('dedup_key', 'in', keys)
    .where('handled_at_ms', 'is', null)
    .orderBy('seq')
    .limit(FINDINGS_MAX)
    .execute();
}

/** Those of `read`, by key, that no other worker took meanwhile; locked. */
async function stillPending(tx: Tables, read: FindingRow[]): Promise<Map<string, FindingRow[]>> {
  const rows = await tx
    .tables<AlertTables>()
    .selectFrom('finding')
    .select('id')
    .where(
      'id',
      'in',
      read.map(({ id }) => id),
    )
    .where('handled_at_ms', 'is', null)
    .orderBy('seq')
    .forUpdate()
    .execute();
  const pendingIds = new Set(rows.map(({ id }) => id));
  const byKey = new Map<string, FindingRow[]>();
  for (const finding of read) {
    if (!pendingIds.has(finding.id)) continue;
    const ofKey = byKey.get(finding.dedup_key);
    if (ofKey) ofKey.push(finding);
    else byKey.set(finding.dedup_key, [finding]);
  }
  return byKey;
}

/** The alerts of these keys, open ones locked. */
async function standingOf(tx: Tables, keys: string[]): Promise<Map<string, Standing>> {
  const db = tx.tables<AlertTables>();
  const standing = new Map<string, Standing>(keys.map((key) => [key, { open: null, previousId: null }]));
  if (keys.length === 0) return standing;
  const open = await db
    .selectFrom('alert')
    .selectAll()
    .where('dedup_key', 'in', keys)
    .where('handling', '!=', 'closed')
    .orderBy('id')
    .forUpdate()
    .execute();
  for (const alert of open) standing.set(alert.dedup_key, { open: alert, previousId: null });
  const without = keys.filter((key) => !standing.get(key)?.open);
  const { rows } = await sql<{ key: string; id: string }>`
    SELECT given.key, newest.id FROM unnest(${without}::text[]) AS given (key)
    CROSS JOIN LATERAL (
      SELECT id FROM alert WHERE dedup_key = given.key ORDER BY first_at_ms DESC, committed_at_ms DESC LIMIT 1
    ) AS newest`.execute(db);
  for (const { key, id } of rows) standing.set(key, { open: null, previousId: id });
  return standing;
}
