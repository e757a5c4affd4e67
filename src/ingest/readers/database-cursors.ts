import type { Clock } from '../../core/clock.ts';
import type { ReaderCursors } from '../../core/journal-reader.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { Lane } from '../../core/types.ts';
import type { Database, Tables } from '../../platform/database/database.ts';
import { beginCursor, loadCursor, moveCursor, type ReaderName } from './cursor.ts';

export interface DatabaseCursorsDeps {
  reader: ReaderName;
  database: Database;
  incarnationOf: IncarnationOf;
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

  /** The same for a reader that never read in this lane: it begins at `offset`. */
  async loadFrom(lane: Lane, offset: number): Promise<number> {
    const { database, reader, incarnationOf, clock } = this.#deps;
    await beginCursor(database, { reader, lane, offset, incarnation: incarnationOf({ lane, offset }) }, clock.nowMs());
    return await this.load(lane);
  }

  saved(lane: Lane): number {
    return this.#saved[lane];
  }

  /**
   * Runs `state` and moves the cursors to `places` in one transaction; a place that is not ahead moves nothing. Rejects
   * with the error of either, and may then be called again with other places. Throws `conflict.state` when somebody
   * else moves these cursors.
   */
  async save<Result>(places: Places, state: (tx: Tables) => Promise<Result>): Promise<Result> {
    const { database, reader, incarnationOf, clock } = this.#deps;
    if (this.#isUnsure) await this.#lookAgain(places);
    this.#isUnsure = true;
    const result = await database.transaction(async (tx) => {
      const done = await state(tx);
      for (const lane of ['live', 'bulk'] as const) {
        const to = places[lane] ?? 0;
        if (to <= this.#saved[lane]) continue;
        const batch = { lane, from: this.#saved[lane], to, messages: [] };
        await moveCursor(tx, { reader, batch, incarnationOf, atMs: clock.nowMs() });
      }
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
