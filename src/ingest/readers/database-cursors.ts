import type { Clock } from '../../core/clock.ts';
import type { ReaderCursors } from '../../core/journal-reader.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { Lane } from '../../core/types.ts';
import type { Database, Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { beginCursor, loadCursor, moveCursor, type ReaderName } from './cursor.ts';

export interface DatabaseCursorsDeps {
  reader: ReaderName;
  database: Database;
  incarnationOf: IncarnationOf;
  ownership: Ownership;
  clock: Clock;
}

export type Places = Partial<Record<Lane, number>>;

/** Cursors of a reader that saves now and then: in PostgreSQL, in the transaction that holds its state. */
export class DatabaseCursors implements ReaderCursors {
  readonly #deps: DatabaseCursorsDeps;
  readonly #saved: Record<Lane, number> = { live: 0, bulk: 0 };
  /** Saves without an answer: the transaction may have been committed all the same. */
  #isUnsure = false;

  constructor(deps: DatabaseCursorsDeps) {
    this.#deps = deps;
  }

  async load(lane: Lane): Promise<number> {
    this.#saved[lane] = await loadCursor(this.#deps.database, this.#deps.reader, lane);
    return this.#saved[lane];
  }

  /**
   * The same for a reader that never read in this lane: it begins at `offset`. Throws `lease.lost` where another node
   * has taken over: its readers must not begin where this one says.
   */
  async loadFrom(lane: Lane, offset: number): Promise<number> {
    const { database, reader, incarnationOf, ownership, clock } = this.#deps;
    const begin = { reader, lane, offset, incarnation: incarnationOf({ lane, offset }) };
    await database.transaction(async (tx) => {
      await beginCursor(tx, begin, { ...ownership.self, atMs: clock.nowMs() });
      await ownership.hold(tx, `where the reader ${reader} begins`);
    });
    return await this.load(lane);
  }

  saved(lane: Lane): number {
    return this.#saved[lane];
  }

  /**
   * Runs `state` and moves the cursors to `places` in one transaction; a place that is not ahead moves nothing. Rejects
   * with the error of either, and may then be called again with other places. Throws `lease.lost` where another node
   * has taken over, and `conflict.state` when anything else moves these cursors.
   */
  async save<Result>(places: Places, state: (tx: Tables) => Promise<Result>): Promise<Result> {
    const { database, reader, incarnationOf, ownership, clock } = this.#deps;
    if (this.#isUnsure) await this.#lookAgain(places);
    this.#isUnsure = true;
    const result = await database.transaction(async (tx) => {
      const done = await state(tx);
      let isHeld = false;
      for (const lane of ['live', 'bulk'] as const) {
        const to = places[lane] ?? 0;
        if (to <= this.#saved[lane]) continue;
        const batch = { lane, from: this.#saved[lane], to, messages: [] };
        const move = { reader, batch, incarnationOf, ownership, atMs: clock.nowMs() };
        isHeld = (await moveCursor(tx, move)) || isHeld;
      }
      if (!isHeld) await ownership.hold(tx, `what the reader ${reader} knows`);
      return done;
    });
    this.#isUnsure = false;
    for (const lane of ['live', 'bulk'] as const) {
      this.#saved[lane] = Math.max(this.#saved[lane], places[lane] ?? 0);
    }
    return result;
  }

  /** A cursor beyond what we have read is somebody else's; then `moveCursor` refuses it. */
  async #lookAgain(places: Places): Promise<void> {
    for (const lane of ['live', 'bulk'] as const) {
      const stands = await loadCursor(this.#deps.database, this.#deps.reader, lane);
      if (stands <= (places[lane] ?? 0)) this.#saved[lane] = Math.max(this.#saved[lane], stands);
    }
  }
}
