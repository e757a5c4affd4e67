import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Logger, Observer } from '../../core/observe.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import { Seal } from '../../platform/secrets/seal.ts';
import type { IngestTables } from './tables.ts';

export type PayloadRow = IngestTables['dead_letter_payload'];

export interface PayloadDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
}

const EVERY_MS = 2_000;
const ROWS_AT_ONCE = 200;

/**
 * The bytes of messages that were put aside, encrypted: such a message may hold a plate in a field that nobody knows.
 * They are opened to be judged again and for nothing else; nobody is shown them.
 */
export class PayloadSeal {
  readonly #seal: Seal;

  constructor(vaultKey: Buffer) {
    this.#seal = new Seal(vaultKey, { purpose: 'citywatch dead letters', what: 'message' });
  }

  seal(lane: string, offset: number, raw: Buffer): PayloadRow {
    return { lane, journal_offset: offset, raw: this.#seal.seal(raw, ownerOf(lane, offset)), sealed: true };
  }

  /** Errors: `service.failed` when the vault key is another one. */
  open({ lane, journal_offset: offset, raw, sealed }: PayloadRow): Buffer {
    return sealed ? this.#seal.open(raw, ownerOf(lane, offset)) : raw;
  }
}

function ownerOf(lane: string, offset: number): string {
  return `dead-letter/${lane}-${offset}`;
}

/** Seals what an earlier version kept in clear, a piece at a time, until nothing is left. May be cut at any moment. */
export class PayloadSealing {
  readonly #deps: PayloadDeps;
  readonly #seal: PayloadSeal;
  readonly #log: Logger;
  #cancel = (): void => {};
  readonly #running = new Joined();

  constructor(deps: PayloadDeps, seal: PayloadSeal) {
    this.#deps = deps;
    this.#seal = seal;
    this.#log = deps.observer.log.child({ part: 'dead-letters' });
  }

  start(): void {
    this.#cancel = this.#deps.clock.every(EVERY_MS, () => void this.#running.run(() => this.#round()));
  }

  async stop(): Promise<void> {
    this.#cancel();
    await this.#running.settled();
  }

  async #round(): Promise<void> {
    try {
      if ((await this.sealSome()) === 0) this.#cancel();
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'messages of an earlier version are not sealed yet');
    }
  }

  /** How many there were; 0 when all are sealed. */
  async sealSome(): Promise<number> {
    return await this.#deps.database.transaction(async (tx) => {
      const db = tx.tables<IngestTables>();
      const clear = db.selectFrom('dead_letter_payload').selectAll().where('sealed', '=', false);
      const rows = await clear.limit(ROWS_AT_ONCE).forUpdate().skipLocked().execute();
      for (const { lane, journal_offset: offset, raw } of rows) {
        const { raw: bytes } = this.#seal.seal(lane, offset, raw);
        await sql`update dead_letter_payload set raw = ${bytes}, sealed = true
          where lane = ${lane} and journal_offset = ${offset}`.execute(db);
      }
      return rows.length;
    });
  }
}
