import type { Clock } from '../../core/clock.ts';
import type { ReaderCursors } from '../../core/journal-reader.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { Caller, DecodedBatch, DecodedMessage, DeviceId, Lane, Message, Refusal } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, type RawBuilder, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { isForbidden, KEPT_BYTES_MAX, plain, refusal } from '../decode/refusals.ts';
import { type CursorMove, LEDGER_READER, loadCursor, moveCursor, movePlainly } from '../readers/cursor.ts';
import { type LedgerAnswer, LedgerBalance, type LedgerJournal } from './balance.ts';
import type { PayloadSeal } from './dead-letter-payloads.ts';
import type { DeadLetterRow, IngestTables, LedgerCounters } from './tables.ts';

/** A record that the telemetry store refused for good. */
export interface RejectedRecord {
  offset: number;
  index: number;
  reason: string;
  /** Where in the record it is, when that is known. */
  path?: string;
  detail: string;
}

export interface LedgerDeps {
  database: Database;
  journals: Partial<Record<Lane, LedgerJournal>>;
  incarnationOf: IncarnationOf;
  ownership: Ownership;
  clock: Clock;
  payloads: PayloadSeal;
  /** Where a device stands now; undefined for one that is in no registry. */
  jurisdictionOf(device: DeviceId): Jurisdiction | undefined;
  /** Firmware a device has last reported, for grouping dead letters. */
  firmwareOf?(device: DeviceId): string | null;
}

/** What became of a batch. */
interface Entries {
  letters: DeadLetterRow[];
  payloads: IngestTables['dead_letter_payload'][];
  counters: IngestTables['ingest_ledger'][];
}

const ROWS_PER_STATEMENT = 500;
const TEXT_CHARACTERS_MAX = 256;

/** The books of the telemetry reader: what it did with each message, and whether that adds up to what came in. */
export class Ledger implements ReaderCursors {
  readonly #deps: LedgerDeps;
  readonly #saved: Record<Lane, number> = { live: 0, bulk: 0 };
  readonly #balance: LedgerBalance;

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
    this.#balance = new LedgerBalance(deps);
  }

  /** See {@link LedgerBalance.balance}. */
  balance(caller: Caller, epochId?: string): Promise<LedgerAnswer> {
    return this.#balance.balance(caller, epochId);
  }

  /** Where the telemetry reader goes on. */
  async load(lane: Lane): Promise<number> {
    this.#saved[lane] = await loadCursor(this.#deps.database, LEDGER_READER, lane);
    return this.#saved[lane];
  }

  /** Everything of the lane before it is stored or explained; 0 until it is known. */
  saved(lane: Lane): number {
    return this.#saved[lane];
  }

  /**
   * Enters a batch whose records are stored, but for those in `rejected`: dead letters, counters and cursor in one
   * transaction, with what `also` writes there (it may run again, so it must do nothing else). A batch that was entered
   * before changes nothing. Throws `lease.lost` where another node has taken over.
   */
  async commit(
    batch: DecodedBatch,
    rejected: readonly RejectedRecord[],
    also: ((tx: Tables) => Promise<void>) | null = null,
  ): Promise<void> {
    const { letters, payloads, counters } = this.#enter(batch, rejected);
    const { database, clock, incarnationOf, ownership } = this.#deps;
    const move = { reader: LEDGER_READER, batch, incarnationOf, ownership, atMs: clock.nowMs() };
    // Nearly every batch is readings and nothing else: one statement instead of four.
    const isPlain = letters.length === 0 && payloads.length === 0 && also === null;
    if (!isPlain || !(await movePlainly(database, move, [{ name: 'counted', body: countersAdded(counters) }]))) {
      await this.#commitWhole(move, { letters, payloads, counters }, also);
    }
    this.#saved[batch.lane] = batch.to;
  }

  async #commitWhole(
    move: CursorMove,
    { letters, payloads, counters }: Entries,
    also: ((tx: Tables) => Promise<void>) | null,
  ): Promise<void> {
    await this.#deps.database.transaction(async (tx) => {
      if (!(await moveCursor(tx, move))) return;
      await insertAll(tx, 'dead_letter_payload', payloads);
      await insertAll(tx, 'dead_letter', letters);
      if (counters.length > 0) await addCounters(tx, counters);
      await also?.(tx);
    });
  }

  #enter(batch: DecodedBatch, rejected: readonly RejectedRecord[]): Entries {
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
      payloads.push(this.#deps.payloads.seal(message.lane, message.offset, message.raw));
    }
    return { letters, payloads, counters: [...counters.values()] };
  }
}

function countersOf(counters: Map<string, IngestTables['ingest_ledger']>, message: Message) {
  const { incarnation, lane, device } = message;
  // A batch may hold the end of one life of the journal and the beginning of the next.
  const key = `${incarnation} ${device.kind} ${device.jurisdiction}`;
  const known = counters.get(key);
  if (known) return known;
  const row: IngestTables['ingest_ledger'] = {
    incarnation,
    lane,
    kind: device.kind,
    jurisdiction: device.jurisdiction,
    messages_decoded: 0,
    messages_dead: 0,
    records_decoded: 0,
    records_stored: 0,
    records_duplicate: 0,
    records_dead: 0,
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
    incarnation: message.incarnation,
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
  for (const some of chunksOf(rows, ROWS_PER_STATEMENT)) {
    await tx
      .tables<IngestTables>()
      .insertInto(table)
      .values(some as never)
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

/** Adds counters beside a statement that moves the cursor, and only where that moved it. */
function countersAdded(rows: IngestTables['ingest_ledger'][]): RawBuilder<unknown> {
  const names = ['incarnation', 'lane', 'kind', 'jurisdiction'] as const;
  const column = (name: string) => sql.ref(name);
  const columns = sql.join([...names, ...COUNTERS].map(column));
  const values = [
    ...names.map((name) => sql`${rows.map((row) => row[name])}::text[]`),
    ...COUNTERS.map((name) => sql`${rows.map((row) => row[name])}::bigint[]`),
  ];
  const sums = COUNTERS.map((name) => sql`${column(name)} = ingest_ledger.${column(name)} + excluded.${column(name)}`);
  return sql`
    insert into ingest_ledger (${columns}) select given.* from moved, unnest(${sql.join(values)}) as given
    on conflict (incarnation, lane, kind, jurisdiction) do update set ${sql.join(sums)}`;
}

async function addCounters(tx: Tables, rows: IngestTables['ingest_ledger'][]): Promise<void> {
  const sums = COUNTERS.map((name) => [name, sql`ingest_ledger.${sql.ref(name)} + excluded.${sql.ref(name)}`]);
  await tx
    .tables<IngestTables>()
    .insertInto('ingest_ledger')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['incarnation', 'lane', 'kind', 'jurisdiction']).doUpdateSet(Object.fromEntries(sums)),
    )
    .execute();
}
