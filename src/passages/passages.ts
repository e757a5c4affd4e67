import { type Clock, DAY_MS } from '../core/clock.ts';
import type { BelievedTime } from '../core/mechanisms/believed-time.ts';
import { Counter, type Observer } from '../core/observe.ts';
import type { DecodedBatch } from '../core/types.ts';
import { chunksOf } from '../platform/database/chunks.ts';
import type { Database, Tables } from '../platform/database/database.ts';
import { DayPartitions, dayOf } from '../platform/database/day-partitions.ts';
import type { Ownership } from '../platform/database/ownership.ts';
import { countPassages, pruneCounts } from './counts.ts';
import { type PassageRow, type PassageTables, type PlateKeys, type RecordPlace, rowsOf } from './rows.ts';

export interface PassagesDeps {
  database: Database;
  ownership: Pick<Ownership, 'hold'>;
  keys: PlateKeys;
  /** A passage is kept this long, 31 days or more: a record may be 30 days old when it comes. */
  keepDays: number;
  clock: Clock;
  /** By this is told what is too old. */
  believed: Pick<BelievedTime, 'nowMs'>;
  observer: Observer;
}

/** Any number does, as long as nobody else takes the same advisory lock. */
const DAYS_LOCK = 6_104_220_322;
const ROWS_PER_STATEMENT = 500;

/** The days of passages. */
export function passageDays({ database, ownership }: Pick<PassagesDeps, 'database' | 'ownership'>): DayPartitions {
  return new DayPartitions({ database, ownership, table: 'passage', lock: DAYS_LOCK });
}

/** Writes passages into the table that searches read, and removes them when their time has come. */
export class Passages {
  readonly #deps: PassagesDeps;
  readonly #partitions: DayPartitions;
  readonly #written: Counter;

  constructor(deps: PassagesDeps) {
    this.#deps = deps;
    this.#partitions = passageDays(deps);
    this.#written = new Counter({
      name: 'citywatch_passages_total',
      help: 'Passages written to PostgreSQL, those that came again too',
      registers: [deps.observer.metrics],
    });
  }

  /**
   * Prepares the passages of a batch; what it resolves with writes them in the transaction that moves the cursor, and
   * may do so any number of times. Null for a batch without any. Errors: `store.unavailable`.
   */
  async take(batch: DecodedBatch, rejected: readonly RecordPlace[]): Promise<((tx: Tables) => Promise<void>) | null> {
    const { keys, believed, keepDays } = this.#deps;
    // What is so old by now, because the reader stood still, would be dropped at once and found by nobody.
    const oldestMs = dayOf(believed.nowMs() - keepDays * DAY_MS);
    const rows = rowsOf(batch, rejected, keys).filter(({ at_ms: atMs }) => atMs >= oldestMs);
    if (rows.length === 0) return null;
    await this.#partitions.ensure(new Set(rows.map(({ at_ms: atMs }) => dayOf(atMs))));
    return async (tx) => {
      try {
        await insert(tx, rows);
      } catch (error) {
        this.#partitions.forget();
        throw error;
      }
      this.#written.inc(rows.length);
    };
  }

  /** Makes the tables of today and tomorrow, and drops the days past their time. */
  async keep(): Promise<void> {
    const { clock, believed, keepDays } = this.#deps;
    const nowMs = clock.nowMs();
    await this.#partitions.ensure([dayOf(nowMs), dayOf(nowMs + DAY_MS)]);
    await this.#partitions.dropBefore(believed.nowMs() - keepDays * DAY_MS);
    await pruneCounts(this.#deps, believed);
  }
}

async function insert(tx: Tables, rows: readonly PassageRow[]): Promise<void> {
  const db = tx.tables<PassageTables>();
  // In one order, so that two lanes never wait for each other.
  const devices = [...new Set(rows.map(({ device }) => device))].sort();
  for (const some of chunksOf(devices, ROWS_PER_STATEMENT)) {
    const values = some.map((device) => ({ device }));
    await db
      .insertInto('passage_device')
      .values(values)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  const written: Parameters<typeof countPassages>[1][number][] = [];
  for (const some of chunksOf(rows, ROWS_PER_STATEMENT)) {
    const inserted = await db
      .insertInto('passage')
      .values(some)
      .onConflict((conflict) => conflict.doNothing())
      .returning(['device', 'at_ms', 'event', 'ordinal'])
      .execute();
    written.push(...inserted);
  }
  await countPassages(tx, written);
}
