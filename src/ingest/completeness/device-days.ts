import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { isInternal } from '../../core/internal-records.ts';
import type { JournalReader } from '../../core/journal-reader.ts';
import { InTurn } from '../../core/mechanisms/one-at-a-time.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { DecodedBatch, DeviceId, DeviceKind, Lane } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { DatabaseCursors } from '../readers/database-cursors.ts';
import { type DaySlots, dayOf, emptyDay, see, slotMsOf } from './day-slots.ts';

export interface DeviceDaysDeps {
  database: Database;
  kinds: { latest(kind: string): DeviceKind | undefined };
  incarnationOf: IncarnationOf;
  ownership: Ownership;
  clock: Clock;
  observer: Observer;
}

export interface CompletenessTables {
  device_day: { day: number; device: string; slot_ms: number; seen: Buffer };
}

/** A restart reads at most this much of the journal again. */
const SAVE_EVERY_MS = 5 * MINUTE_MS;
/** Days of devices that wait to be saved; more are saved at once. */
const DIRTY_MAX = 25_000;
/** Of days in memory that are saved; what is beyond is read again when it is spoken of. */
const KEPT_BYTES_MAX = 24 * 1024 * 1024;
/** What a day costs besides its bits, roughly. */
const DAY_BYTES = 300;
/** Days that answers can be given of. */
const KEPT_DAYS = 40;
const ROWS_PER_STATEMENT = 2_000;

interface Day extends DaySlots {
  day: number;
  device: DeviceId;
  dirty: boolean;
}

/**
 * The reader "completeness": notes in which half period each device had a reading, and saves that with its cursors
 * every five minutes. What it notes twice it knows already, so it may read again from an older cursor.
 */
export class DeviceDays implements JournalReader {
  readonly name = 'completeness';
  readonly lanes = ['live', 'bulk'] as const;
  readonly restMs = 250;
  readonly #deps: DeviceDaysDeps;
  readonly #cursors: DatabaseCursors;
  /** By day and device; what was met first comes first. */
  readonly #days = new Map<string, Day>();
  readonly #read: Record<Lane, number> = { live: 0, bulk: 0 };
  #dirty = 0;
  readonly #turns = new InTurn();
  #cancel: () => void = () => {};

  constructor(deps: DeviceDaysDeps) {
    this.#deps = deps;
    this.#cursors = new DatabaseCursors({ ...deps, reader: this.name });
    const dirty = (): number => this.#dirty;
    new Gauge({
      name: 'citywatch_completeness_unsaved_days',
      help: 'Days of devices whose completeness is noted and not yet saved.',
      registers: [deps.observer.metrics],
      collect() {
        this.set(dirty());
      },
    });
  }

  start(): void {
    this.#cancel = this.#deps.clock.every(SAVE_EVERY_MS, () => void this.#later(() => this.#save()));
  }

  async stop(): Promise<void> {
    this.#cancel();
    await this.#later(() => this.#save());
  }

  async load(lane: Lane): Promise<number> {
    if (this.#read[lane] === 0) this.#read[lane] = await this.#cursors.load(lane);
    return this.#read[lane];
  }

  saved(lane: Lane): number {
    return this.#cursors.saved(lane);
  }

  /** Throws when PostgreSQL does not answer; the batch may then come again. */
  handle(batch: DecodedBatch): Promise<void> {
    return this.#inTurn(async () => {
      await this.#learn(batch);
      for (const { message, records } of batch.messages) {
        if (isInternal(message)) continue;
        for (const record of records) {
          if (record.type !== 'reading') continue;
          const day = this.#dayOf(message.device.id, message.device.kind, dayOf(record.atMs));
          if (see(day, record.atMs) && !day.dirty) {
            day.dirty = true;
            this.#dirty += 1;
          }
        }
      }
      this.#read[batch.lane] = Math.max(this.#read[batch.lane], batch.to);
      if (this.#dirty > DIRTY_MAX) await this.#save();
    });
  }

  /** What is noted of these devices on these days; newer than what is saved. */
  unsaved(days: readonly number[], devices: readonly DeviceId[]): Day[] {
    return days.flatMap((day) => devices.flatMap((device) => this.#days.get(keyOf(device, day)) ?? []));
  }

  /** Reads what is saved of the days that the batch speaks of and that are not in memory. */
  async #learn(batch: DecodedBatch): Promise<void> {
    const unknown = new Map<string, { day: number; device: DeviceId }>();
    for (const { message, records } of batch.messages) {
      if (isInternal(message)) continue;
      for (const record of records) {
        if (record.type !== 'reading') continue;
        const day = dayOf(record.atMs);
        const key = keyOf(message.device.id, day);
        if (!this.#days.has(key)) unknown.set(key, { day, device: message.device.id });
      }
    }
    const wanted = [...unknown.values()];
    const db = this.#deps.database.tables<CompletenessTables>();
    for (const some of chunksOf(wanted, ROWS_PER_STATEMENT)) {
      const rows = await db
        .selectFrom('device_day')
        .selectAll()
        .where(
          sql<boolean>`(day, device) in (select * from unnest(${some.map(({ day }) => day)}::int[],
            ${some.map(({ device }) => device)}::text[]))`,
        )
        .execute();
      for (const { day, device, slot_ms: slotMs, seen } of rows) {
        this.#days.set(keyOf(device, day), { day, device, slotMs, seen, dirty: false });
      }
    }
  }

  #dayOf(device: DeviceId, kind: string, day: number): Day {
    const key = keyOf(device, day);
    let found = this.#days.get(key);
    if (!found) {
      const slotMs = slotMsOf(this.#deps.kinds.latest(kind)?.periodS ?? 60);
      found = { day, device, dirty: false, ...emptyDay(slotMs) };
      this.#days.set(key, found);
    }
    return found;
  }

  /** Removes days that are long over at `nowMs`. */
  async prune(nowMs: number): Promise<void> {
    const { database, ownership } = this.#deps;
    const beforeDay = dayOf(nowMs) - KEPT_DAYS;
    await ownership.transaction(database, 'that old days are gone', (tx) =>
      tx.tables<CompletenessTables>().deleteFrom('device_day').where('day', '<', beforeDay).execute(),
    );
  }

  /** What fails is tried again the next time. */
  #later(run: () => Promise<void>): Promise<void> {
    return this.#inTurn(run).catch((error: unknown) => {
      const { log } = this.#deps.observer;
      log.warn({ part: 'completeness', error: messageOf(error) }, 'could not be saved; tried again later');
    });
  }

  async #save(): Promise<void> {
    const dirty = [...this.#days.values()].filter((day) => day.dirty);
    const read = { ...this.#read };
    await this.#cursors.save(read, async (tx) => {
      for (const some of chunksOf(dirty, ROWS_PER_STATEMENT)) {
        await store(tx, some);
      }
    });
    for (const day of dirty) day.dirty = false;
    this.#dirty = 0;
    let bytes = 0;
    for (const { seen } of this.#days.values()) bytes += seen.length + DAY_BYTES;
    for (const [key, { seen }] of this.#days) {
      if (bytes <= KEPT_BYTES_MAX) return;
      this.#days.delete(key);
      bytes -= seen.length + DAY_BYTES;
    }
  }

  /** One at a time: what is being saved must not change under it. */
  #inTurn(run: () => Promise<void>): Promise<void> {
    return this.#turns.run(run);
  }
}

async function store(tx: Tables, days: Day[]): Promise<void> {
  await tx
    .tables<CompletenessTables>()
    .insertInto('device_day')
    .values(days.map(({ day, device, slotMs, seen }) => ({ day, device, slot_ms: slotMs, seen })))
    .onConflict((conflict) => conflict.columns(['day', 'device']).doUpdateSet({ seen: sql<Buffer>`excluded.seen` }))
    .execute();
}

function keyOf(device: DeviceId, day: number): string {
  return `${day}/${device}`;
}
