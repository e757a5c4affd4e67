import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { covers, type Jurisdiction, ownArea } from '../../core/jurisdiction.ts';
import { receiptId } from '../../core/receipt.ts';
import type { Caller, Lane } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { LaneLife } from '../journal/lineage.ts';
import type { ReceivedCount } from '../journal/received-counts.ts';
import type { Life, PerLane } from '../lives/lives.ts';
import { type LivesTables, readKnownLives } from '../lives/lives-store.ts';
import { LEDGER_READER } from '../readers/cursor.ts';
import type { IngestTables, LedgerCounters } from './tables.ts';

/** What the ledger asks of a lane's journal: the counts of the side that takes messages in. */
export interface LedgerJournal {
  readonly life: LaneLife;
  /** Of the present life. */
  received(): { offset: number; counts: ReceivedCount[] };
  count(from: number, to: number): Promise<ReceivedCount[]>;
}

export interface LedgerBalanceDeps {
  database: Database;
  journals: Partial<Record<Lane, LedgerJournal>>;
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

export interface LedgerEpoch {
  /** The incarnation of the journal. */
  id: string;
  since: string;
  /**
   * Who says how much was taken in: the journal, or, for an epoch whose journal was not there at its end, the ledger
   * alone, which then finds no difference.
   */
  countedBy: 'journal' | 'ledger';
}

export interface LedgerAnswer {
  /** Journal positions the counts are true at. */
  asOf: string[];
  balanced: boolean;
  /** The epoch that the rows are of. */
  epoch: LedgerEpoch;
  /** Every epoch, oldest first; the last is the present one. */
  epochs: LedgerEpoch[];
  rows: LedgerRow[];
}

/** An epoch and where it ends. */
interface Span {
  id: string;
  isPresent: boolean;
  to: PerLane;
}

const OPEN = { live: Number.MAX_SAFE_INTEGER, bulk: Number.MAX_SAFE_INTEGER };

/** Whether what came in and what became of it add up, epoch by epoch: each life of the journal is one. */
export class LedgerBalance {
  readonly #deps: LedgerBalanceDeps;

  constructor(deps: LedgerBalanceDeps) {
    this.#deps = deps;
  }

  /**
   * Whether everything taken in is accounted for, by kind and district, as far as `caller` may see; of the present
   * epoch where none is named. Throws `not-found` for one that never was.
   */
  async balance(caller: Caller, epochId?: string): Promise<LedgerAnswer> {
    const { present, epochs, lives } = await this.#epochs();
    const id = epochId ?? present;
    const index = epochs.findIndex((each) => each.id === id);
    const epoch = epochs[index];
    if (!epoch) throw new CitywatchError('not-found', { detail: `The ledger has no epoch ${id}.` });
    const span: Span = { id, isPresent: id === present, to: lives[index + 1]?.from ?? OPEN };
    const books = new Map<string, LedgerRow>();
    const asOf: string[] = [];
    for (const lane of Object.keys(this.#deps.journals) as Lane[]) asOf.push(await this.#add(lane, span, books));
    const rows = [...books.values()].filter(({ jurisdiction }) => covers(ownArea(caller), jurisdiction));
    for (const row of rows) {
      const { total, decoded, deadLettered, waiting } = row.messages;
      const accounted = decoded + deadLettered + waiting;
      if (epoch.countedBy === 'ledger') row.messages.total = accounted;
      else row.difference = total - accounted;
    }
    rows.sort((a, b) => (a.kind === b.kind ? compare(a.jurisdiction, b.jurisdiction) : compare(a.kind, b.kind)));
    return { asOf, balanced: rows.every(isBalanced), epoch, epochs, rows };
  }

  async #epochs(): Promise<{ present: string; epochs: LedgerEpoch[]; lives: Life[] }> {
    const { database, journals } = this.#deps;
    const known = await readKnownLives(database);
    const present = Object.values(journals)[0]?.life.id ?? '';
    // A journal that this database was not told of stands alone.
    const lives: Life[] = known.some(({ id }) => id === present)
      ? known
      : [...known, { id: present, from: { live: 0, bulk: 0 }, sinceMs: 0 }];
    const closed = await database
      .tables<LivesTables>()
      .selectFrom('ingest_received')
      .select('incarnation')
      .distinct()
      .execute();
    const counted = new Set(closed.map(({ incarnation }) => incarnation));
    const epochs = lives.map(({ id, sinceMs }): LedgerEpoch => {
      const byJournal = id === present || counted.has(id);
      return { id, since: toRfc3339(sinceMs), countedBy: byJournal ? 'journal' : 'ledger' };
    });
    return { present, epochs, lives };
  }

  async #add(lane: Lane, { id, isPresent, to }: Span, books: Map<string, LedgerRow>): Promise<string> {
    const journal = this.#deps.journals[lane]!;
    // One statement, so counters and cursor are of one moment; the journal is asked after it and can only be ahead.
    const entered = await this.#deps.database
      .tables<IngestTables>()
      .selectFrom('ingest_cursor as c')
      .leftJoin('ingest_ledger as l', (join) => join.onRef('l.lane', '=', 'c.lane').on('l.incarnation', '=', id))
      .selectAll('l')
      .select('c.journal_offset')
      .where('c.reader', '=', LEDGER_READER)
      .where('c.lane', '=', lane)
      .execute();
    const { offset, counts } = isPresent ? journal.received() : await this.#closed(id, lane, to[lane]);
    const cursor = entered[0]?.journal_offset ?? 0;
    const waiting = await journal.count(isPresent ? Math.max(cursor, journal.life.from) : cursor, offset);
    for (const row of entered) if (row.kind !== null) addEntered(bookOf(books, row), row);
    for (const row of counts) bookOf(books, row).messages.total += row.messages;
    for (const row of waiting) bookOf(books, row).messages.waiting += row.messages;
    return receiptId({ lane, offset, incarnation: id });
  }

  async #closed(id: string, lane: Lane, offset: number): Promise<{ offset: number; counts: ReceivedCount[] }> {
    const counts = await this.#deps.database
      .tables<LivesTables>()
      .selectFrom('ingest_received')
      .select(['kind', 'jurisdiction', 'messages'])
      .where('incarnation', '=', id)
      .where('lane', '=', lane)
      .execute();
    return { offset, counts };
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
    kind,
    jurisdiction,
    difference: 0,
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
