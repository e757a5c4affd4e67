import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Logger, Observer } from '../../core/observe.ts';
import type { Caller, Channel, DeviceKind, Lane, NewMessage, Receipt } from '../../core/types.ts';
import { type Database, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { replayConnection } from '../decode/replay-origin.ts';
import type { PayloadSeal } from './dead-letter-payloads.ts';
import { type DeadLetterPlace, idOf } from './dead-letter-row.ts';
import type { DeadLetterRow, IngestTables } from './tables.ts';

export interface ReplayDeps {
  database: Database;
  intake: { accept(message: NewMessage): Promise<Receipt> };
  kinds: { latest(kind: string): DeviceKind | undefined };
  clock: Clock;
  observer: Observer;
  payloads: PayloadSeal;
}

interface ReplayTables extends IngestTables {
  /** `replay_kind_version`: set from the decision until the message is in the journal. */
  dead_letter: DeadLetterRow & { replay_kind_version: number | null };
}

const AGAIN_MS = 2_000;
const LEFT_AT_ONCE = 200;

/**
 * Judges dead letters again. The wish is written down with its audit row in one transaction, and the journal is written
 * from there: a wish that is not audited has no effect, and one that is audited has it, also after a crash.
 */
export class DeadLetterReplay {
  readonly #deps: ReplayDeps;
  readonly #log: Logger;
  #cancel = (): void => {};
  /** Something decided may not be in the journal yet; at the start nobody knows. */
  #isLeft = true;
  readonly #running = new Joined();

  constructor(deps: ReplayDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'dead-letters' });
  }

  /** Does what an earlier life decided, and from then on what could not be done at once. */
  start(): void {
    this.#cancel = this.#deps.clock.every(AGAIN_MS, () => void this.#running.run(() => this.#round()));
  }

  async stop(): Promise<void> {
    this.#cancel();
    await this.#running.settled();
  }

  /** Null when it was decided and will take effect, at the latest when the journal takes messages again; or why not. */
  async ask(caller: Caller, place: DeadLetterPlace): Promise<string | null> {
    const reason = await this.#deps.database.transaction((tx) => this.#decide(tx, caller, place));
    if (reason !== null) return reason;
    await this.#carryOut(place).catch((error: unknown) => {
      this.#isLeft = true;
      this.#log.warn({ error: messageOf(error) }, 'a replay waits for the journal');
    });
    return null;
  }

  async #decide(tx: Tables, caller: Caller, place: DeadLetterPlace): Promise<string | null> {
    const { clock, kinds } = this.#deps;
    const db = tx.tables<ReplayTables>();
    const query = db
      .selectFrom('dead_letter as d')
      .leftJoin('dead_letter_payload as p', (join) =>
        join.onRef('p.lane', '=', 'd.lane').onRef('p.journal_offset', '=', 'd.journal_offset'),
      )
      .select(['d.kind', 'd.jurisdiction', 'd.replayed_at_ms', 'p.lane as kept'])
      .where('d.lane', '=', place.lane)
      .where('d.journal_offset', '=', place.journal_offset)
      .where('d.record_index', '=', place.record_index)
      .forUpdate('d');
    const row = await withinJurisdiction(query, 'd.jurisdiction', ownArea(caller)).executeTakeFirst();
    if (!row) return 'not-found';
    if (row.replayed_at_ms !== null) return 'replayed-before';
    if (row.kept === null) return 'payload-not-kept';
    const kindVersion = kinds.latest(row.kind)?.version;
    if (kindVersion === undefined) return 'unknown-kind';
    const atMs = clock.nowMs();
    await mark(tx, place, { replayed_at_ms: atMs, replay_kind_version: kindVersion });
    const { jurisdiction } = row;
    const subject = `dead-letter/${idOf(place)}`;
    await recordAudit(tx, {
      caller,
      action: 'dead-letter.replay',
      subject,
      jurisdiction,
      after: { kindVersion },
      atMs,
    });
    return null;
  }

  /**
   * Appends the message to the journal, unless that was done or is being done. Killed between the journal and the row,
   * it is appended once more; a replay carries its origin, so nothing is stored twice.
   */
  async #carryOut(place: DeadLetterPlace): Promise<void> {
    const { database, intake, clock } = this.#deps;
    await database.transaction(async (tx) => {
      const row = await tx
        .tables<ReplayTables>()
        .selectFrom('dead_letter as d')
        .innerJoin('dead_letter_payload as p', (join) =>
          join.onRef('p.lane', '=', 'd.lane').onRef('p.journal_offset', '=', 'd.journal_offset'),
        )
        .selectAll('d')
        .select(['p.raw', 'p.sealed'])
        .where('d.lane', '=', place.lane)
        .where('d.journal_offset', '=', place.journal_offset)
        .where('d.record_index', '=', place.record_index)
        .where('d.replay_kind_version', 'is not', null)
        .forUpdate('d')
        .skipLocked()
        .executeTakeFirst();
      if (!row) return;
      await intake.accept(
        replayOf(row, this.#deps.payloads.open(row), { kindVersion: row.replay_kind_version!, nowMs: clock.nowMs() }),
      );
      await mark(tx, place, { replay_kind_version: null });
    });
  }

  async #round(): Promise<void> {
    if (!this.#isLeft) return;
    await this.#resume().catch((error: unknown) => {
      this.#isLeft = true;
      this.#log.warn({ error: messageOf(error) }, 'replays wait for the journal or the database');
    });
  }

  async #resume(): Promise<void> {
    this.#isLeft = false;
    const left = await this.#deps.database
      .tables<ReplayTables>()
      .selectFrom('dead_letter')
      .select(['lane', 'journal_offset', 'record_index'])
      .where('replay_kind_version', 'is not', null)
      .orderBy('replayed_at_ms')
      .limit(LEFT_AT_ONCE)
      .execute();
    // Who is locked is passed by: somebody may only be looking at it. The next round finds what stayed.
    if (left.length > 0) this.#isLeft = true;
    // One that the journal will not have must not hold up the others.
    const done = await Promise.allSettled(left.map((place) => this.#carryOut(place)));
    const failed = done.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  }
}

async function mark(
  tx: Tables,
  place: DeadLetterPlace,
  to: { replayed_at_ms?: number; replay_kind_version: number | null },
): Promise<void> {
  await tx
    .tables<ReplayTables>()
    .updateTable('dead_letter')
    .set(to)
    .where('lane', '=', place.lane)
    .where('journal_offset', '=', place.journal_offset)
    .where('record_index', '=', place.record_index)
    .execute();
}

function replayOf(row: DeadLetterRow, raw: Buffer, to: { kindVersion: number; nowMs: number }): NewMessage {
  const index = row.record_index < 0 ? null : row.record_index;
  return {
    receivedAtMs: to.nowMs,
    uplink: 'replay',
    channel: row.channel as Channel,
    topic: row.topic,
    device: { id: row.device, kind: row.kind, kindVersion: to.kindVersion, jurisdiction: row.jurisdiction },
    connection: replayConnection({
      lane: row.lane as Lane,
      offset: row.journal_offset,
      index,
      receivedAtMs: row.received_at_ms,
    }),
    packetId: 0,
    dup: false,
    raw,
  };
}
