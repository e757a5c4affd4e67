import type { Clock } from '../core/clock.ts';
import { covers, type Jurisdiction } from '../core/jurisdiction.ts';
import type { Caller, DecodedBatch, DecodedMessage, DeviceId, Lane, Message, Refusal } from '../core/types.ts';
import { type Database, sql, type Tables } from '../platform/database.ts';
import { loadCursor, moveCursor } from './cursor.ts';
import type { ReceivedCount } from './journal/received-counts.ts';
import { isForbidden, KEPT_BYTES_MAX, plain, refusal } from './refusals.ts';
import type { DeadLetterRow, IngestTables, LedgerCounters } from './tables.ts';

/** The reader whose cursor says up to where the ledger is written. */
export const LEDGER_READER = 'telemetry';

/** A record that the telemetry store refused for good. */
export interface RejectedRecord {
  offset: number;
  index: number;
  reason: string;
  /** Where in the record it is, when that is known. */
  path?: string;
  detail: string;
}

/** What the ledger asks of a lane's journal: the counts of the side that takes messages in. */
export interface LedgerJournal {
  received(): { offset: number; counts: ReceivedCount[] };
  count(from: number, to: number): Promise<ReceivedCount[]>;
}

export interface LedgerDeps {
  database: Database;
  journals: Partial<Record<Lane, LedgerJournal>>;
  clock: Clock;
  /** Where a device stands now; undefined for one that is in no registry. */
  jurisdictionOf(device: DeviceId): Jurisdiction | undefined;
  /** Firmware a device has last reported, for grouping dead letters. */
  firmwareOf?(device: DeviceId): string | null;
}

export interface LedgerRow {
  kind: string;
  jurisdiction: Jurisdiction;
  /** `total` = decoded + deadLettered + waiting + difference. */
  messages: { total: number; decoded: number; deadLettered: number; waiting: number };
  /** Of decoded messages: `total` = stored + duplicate + deadLettered + waiting. */
  records: { total: number; stored: number; duplicate: number; deadLettered: number; waiting: number };
  /** Messages taken in that are accounted for nowhere; anything but 0 is an alert. */
  difference: number;
}

export interface LedgerAnswer {
  /** Journal positions the counts are true at. */
  asOf: string[];
  balanced: boolean;
  rows: LedgerRow[];
}

const ROWS_PER_STATEMENT = 500;
const TEXT_CHARACTERS_MAX = 256;

/** The books of the telemetry reader: what it did with each message, and whether that adds up to what came in. */
export class Ledger {
  readonly #deps: LedgerDeps;

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  /** The cursor of the telemetry reader. */
  cursor(lane: Lane): { load(): Promise<number> } {
    return { load: () => loadCursor(this.#deps.database, LEDGER_READER, lane) };
  }

  /**
   * Enters a batch whose records are stored, but for those in `rejected`: dead letters, counters and cursor in one
   * transaction, with what `also` writes there (it may run again, so it must do nothing else). A batch that was entered
   * before changes nothing.
   */
  async commit(
    batch: DecodedBatch,
    rejected: readonly RejectedRecord[],
    also: ((tx: Tables) => Promise<void>) | null = null,
  ): Promise<void> {
    const { letters, payloads, counters } = this.#enter(batch, rejected);
    await this.#deps.database.transaction(async (tx) => {
      const move = { reader: LEDGER_READER, batch, atMs: this.#deps.clock.nowMs() };
      if (!(await moveCursor(tx, move))) return;
      await insertAll(tx, 'dead_letter_payload', payloads);
      await insertAll(tx, 'dead_letter', letters);
      if (counters.length > 0) await addCounters(tx, counters);
      await also?.(tx);
    });
  }

  #enter(batch: DecodedBatch, rejected: readonly RejectedRecord[]) {
    const byOffset = new Map<number, RejectedRecord[]>();
    for (const record of rejected) byOffset.set(record.offset, [...(byOffset.get(record.offset) ?? []), record]);
    const letters: DeadLetterRow[] = [];
    const payloads: IngestTables['dead_letter_payload'][] = [];
    const counters = new Map<string, IngestTables['ingest_ledger']>();
    for (const decoded of batch.messages) {
      const { message } = decoded;
      const refused = (byOffset.get(message.offset) ?? []).map(toRefusal);
      count(countersOf(counters, message), decoded, refused.length);
      const all = [...decoded.refusals, ...refused];
      if (all.length === 0) continue;
      const firmware = this.#deps.firmwareOf?.(message.device.id) ?? null;
      // Who may see it is decided by the device, which may have moved since it spoke.
      const jurisdiction = this.#deps.jurisdictionOf(message.device.id) ?? message.device.jurisdiction;
      for (const one of all) letters.push(letterOf(message, one, { firmware, jurisdiction }));
      const secret = all.some(({ reason }) => isForbidden(reason));
      if (secret || message.raw.length > KEPT_BYTES_MAX) continue;
      payloads.push({ lane: message.lane, journal_offset: message.offset, raw: message.raw });
    }
    return { letters, payloads, counters: [...counters.values()] };
  }

  /** Whether everything taken in is accounted for, by kind and district, as far as `caller` may see. */
  async balance(caller: Caller): Promise<LedgerAnswer> {
    const books = new Map<string, LedgerRow>();
    const asOf: string[] = [];
    for (const lane of Object.keys(this.#deps.journals) as Lane[]) asOf.push(await this.#balanceLane(lane, books));
    const rows = [...books.values()].filter(({ jurisdiction }) => covers(caller.jurisdiction, jurisdiction));
    for (const row of rows) {
      const { total, decoded, deadLettered, waiting } = row.messages;
      row.difference = total - decoded - deadLettered - waiting;
    }
    rows.sort((a, b) => (a.kind === b.kind ? compare(a.jurisdiction, b.jurisdiction) : compare(a.kind, b.kind)));
    return { asOf, balanced: rows.every(isBalanced), rows };
  }

  async #balanceLane(lane: Lane, books: Map<string, LedgerRow>): Promise<string> {
    const journal = this.#deps.journals[lane]!;
    // One statement, so counters and cursor are of one moment; the journal is asked after it and can only be ahead.
    const entered = await this.#deps.database
      .tables<IngestTables>()
      .selectFrom('ingest_cursor as c')
      .leftJoin('ingest_ledger as l', 'l.lane', 'c.lane')
      .selectAll('l')
      .select('c.journal_offset')
      .where('c.reader', '=', LEDGER_READER)
      .where('c.lane', '=', lane)
      .execute();
    const received = journal.received();
    const waiting = await journal.count(entered[0]?.journal_offset ?? 0, received.offset);
    for (const row of entered) if (row.kind !== null) addEntered(bookOf(books, row), row);
    for (const row of received.counts) bookOf(books, row).messages.total += row.messages;
    for (const row of waiting) bookOf(books, row).messages.waiting += row.messages;
    return `${lane}-${received.offset}`;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isBalanced({ difference, records }: LedgerRow): boolean {
  return difference === 0 && records.total === records.stored + records.duplicate + records.deadLettered;
}

function bookOf(books: Map<string, LedgerRow>, of: { kind: string | null; jurisdiction: string | null }): LedgerRow {
  const kind = of.kind ?? '';
  const jurisdiction = of.jurisdiction ?? '';
  const key = `${kind} ${jurisdiction}`;
  const known = books.get(key);
  if (known) return known;
  const row: LedgerRow = {
    ...{ kind, jurisdiction, difference: 0 },
    messages: { total: 0, decoded: 0, deadLettered: 0, waiting: 0 },
    records: { total: 0, stored: 0, duplicate: 0, deadLettered: 0, waiting: 0 },
  };
  books.set(key, row);
  return row;
}

function addEntered({ messages, records }: LedgerRow, row: { [Name in keyof LedgerCounters]: number | null }): void {
  messages.decoded += row.messages_decoded ?? 0;
  messages.deadLettered += row.messages_dead ?? 0;
  records.total += row.records_decoded ?? 0;
  records.stored += row.records_stored ?? 0;
  records.duplicate += row.records_duplicate ?? 0;
  records.deadLettered += row.records_dead ?? 0;
}

function countersOf(counters: Map<string, IngestTables['ingest_ledger']>, { lane, device }: Message) {
  const key = `${device.kind} ${device.jurisdiction}`;
  const known = counters.get(key);
  if (known) return known;
  const row: IngestTables['ingest_ledger'] = {
    ...{ lane, kind: device.kind, jurisdiction: device.jurisdiction, messages_decoded: 0, messages_dead: 0 },
    ...{ records_decoded: 0, records_stored: 0, records_duplicate: 0, records_dead: 0 },
  };
  counters.set(key, row);
  return row;
}

function count(row: LedgerCounters, { records, refusals }: DecodedMessage, rejected: number): void {
  if (refusals.some(({ index }) => index === null)) {
    row.messages_dead += 1;
    return;
  }
  const duplicates = records.filter(({ duplicate }) => duplicate).length;
  row.messages_decoded += 1;
  row.records_decoded += records.length + refusals.length;
  row.records_duplicate += duplicates;
  row.records_dead += refusals.length + rejected;
  row.records_stored += records.length - duplicates - rejected;
}

function toRefusal({ index, reason, path = '', detail }: RejectedRecord): Refusal {
  if (reason === 'series-budget') return refusal(index, reason, path, detail);
  return { ...refusal(index, 'store-refused', '', ''), value: plain(`${reason}: ${detail}`, TEXT_CHARACTERS_MAX) };
}

function letterOf(
  message: Message,
  refused: Refusal,
  about: Pick<DeadLetterRow, 'firmware' | 'jurisdiction'>,
): DeadLetterRow {
  const { device } = message;
  return {
    lane: message.lane,
    journal_offset: message.offset,
    record_index: refused.index ?? -1,
    reason: refused.reason,
    path: refused.path,
    value: refused.value,
    device: device.id,
    kind: device.kind,
    kind_version: device.kindVersion,
    ...about,
    channel: message.channel,
    topic: plain(message.topic, TEXT_CHARACTERS_MAX),
    received_at_ms: message.receivedAtMs,
    replayed_at_ms: null,
  };
}

async function insertAll<Name extends 'dead_letter' | 'dead_letter_payload'>(
  tx: Tables,
  table: Name,
  rows: IngestTables[Name][],
): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
    await tx
      .tables<IngestTables>()
      .insertInto(table)
      .values(rows.slice(at, at + ROWS_PER_STATEMENT) as never)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

const COUNTERS = [
  'messages_decoded',
  'messages_dead',
  'records_decoded',
  'records_stored',
  'records_duplicate',
  'records_dead',
] as const satisfies (keyof LedgerCounters)[];

async function addCounters(tx: Tables, rows: IngestTables['ingest_ledger'][]): Promise<void> {
  const sums = COUNTERS.map((name) => [name, sql`ingest_ledger.${sql.ref(name)} + excluded.${sql.ref(name)}`]);
  await tx
    .tables<IngestTables>()
    .insertInto('ingest_ledger')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['lane', 'kind', 'jurisdiction']).doUpdateSet(Object.fromEntries(sums)))
    .execute();
}
