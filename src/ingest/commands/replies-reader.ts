import type { Clock } from '../../core/clock.ts';
import { isInternal } from '../../core/internal-records.ts';
import type { JournalReader } from '../../core/journal-reader.ts';
import { SayOnce } from '../../core/mechanisms/say-once.ts';
import { Counter, type Logger, type Observer } from '../../core/observe.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { DecodedBatch, DecodedMessage, DeviceId } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { DatabaseCursors } from '../readers/database-cursors.ts';
import type { KindSource } from '../readers/journal-feed.ts';
import { afterReply, judgeReply, type Life, type ReplyVerdict } from './life.ts';
import type { OpenDevices } from './open-devices.ts';
import { isCommandId, type Reply, repliesIn } from './reply.ts';
import type { CommandTables } from './tables.ts';

export interface RepliesReaderDeps {
  database: Database;
  /** In what a reply is written is said by its device's kind. */
  kinds: KindSource;
  clock: Clock;
  observer: Observer;
  /** Offset behind the newest durable message. */
  head(): number;
  incarnationOf: IncarnationOf;
  ownership: Ownership;
  open: OpenDevices;
  /** Whether a device says by its state, and not by a connection of ours, that it is there. */
  stateMeansThere(): boolean;
  /** A device that was said to be there gets its open commands again. */
  isThere(device: DeviceId): void;
}

/** Devices reply now; nothing of a backfill is a reply. */
const LANE = 'live';
/** A restart reads at most this much again, and finds no reply in it that was not dealt with. */
const SAVE_EVERY_MS = 10_000;
/** A reply received before a deadline may still be on its way into the journal; give it this long. */
const HEAD_MARGIN_MS = 1_000;
const IDS_AT_ONCE = 5_000;
const REST_MS = 25;
const IDLE_REST_MS = 200;

type Verdict = ReplyVerdict | 'unknown';

interface Found {
  replies: Reply[];
  /** When each device last said that it is there. */
  there: Map<DeviceId, number>;
}

/**
 * The reader "commands": closes each command with the first reply of its own device that was received in time, in the
 * order of the journal. What a reply does and the cursor behind it are one transaction, so that after a crash nothing
 * is read twice and nothing left out; without replies the cursor is saved every ten seconds.
 */
export class RepliesReader implements JournalReader {
  readonly name = 'commands';
  readonly lanes = [LANE] as const;
  readonly #deps: RepliesReaderDeps;
  readonly #log: Logger;
  readonly #verdicts: Counter;
  #cursor = 0;
  readonly #cursors: DatabaseCursors;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  /** Nothing is known of the time before the first message or the head. */
  #readUntilMs = Number.NEGATIVE_INFINITY;
  #loaded = false;
  readonly #said: SayOnce;

  constructor(deps: RepliesReaderDeps) {
    this.#deps = deps;
    this.#cursors = new DatabaseCursors({ ...deps, reader: this.name });
    this.#said = new SayOnce(deps.clock);
    this.#log = deps.observer.log.child({ part: 'commands' });
    this.#verdicts = new Counter({
      name: 'citywatch_command_replies_total',
      help: 'Replies of devices to commands, by what they were.',
      labelNames: ['verdict'],
      registers: [deps.observer.metrics],
    });
  }

  /** Where to read on. A gateway that never read replies has no command they could belong to: it begins at the head. */
  async load(): Promise<number> {
    if (this.#loaded) return this.#cursor;
    this.#cursor = await this.#cursors.loadFrom(LANE, this.#deps.head());
    this.#loaded = true;
    return this.#cursor;
  }

  /** Where no command is open nobody waits for a reply. */
  get restMs(): number {
    return this.#deps.open.size > 0 ? REST_MS : IDLE_REST_MS;
  }

  /** What stands before it is done with; the journal may let it go. */
  saved(): number {
    return this.#cursors.saved(LANE);
  }

  /** Everything that was received before this moment has been read: a deadline before it has passed for good. */
  horizonMs(): number {
    const { clock, head } = this.#deps;
    if (!this.#loaded) return Number.NEGATIVE_INFINITY;
    const nowMs = this.#cursor >= head() ? clock.nowMs() : Math.min(this.#readUntilMs, clock.nowMs());
    return nowMs - HEAD_MARGIN_MS;
  }

  /** Handler of the journal reader. Throws, and is called again with the same batch, when the database is away. */
  async handle(batch: DecodedBatch): Promise<void> {
    const found: Found = { replies: [], there: new Map() };
    const watchStates = this.#deps.open.size > 0 && this.#deps.stateMeansThere();
    for (const decoded of batch.messages) {
      const { channel, offset } = decoded.message;
      if (offset < this.#cursor || isInternal(decoded.message)) continue;
      if (channel === 'reply') found.replies.push(...repliesIn(decoded, this.#deps.kinds));
      else if (watchStates && channel === 'state') this.#note(decoded, found.there);
    }
    const hasWork = found.replies.length > 0 || found.there.size > 0;
    const nowMs = this.#deps.clock.monotonicMs();
    const to = Math.max(this.#cursor, batch.to);
    if (hasWork || nowMs - this.#savedAtMs >= SAVE_EVERY_MS) {
      await this.#commit(found, to, hasWork);
      this.#savedAtMs = nowMs;
    }
    this.#cursor = to;
    const last = batch.messages.at(-1)?.message.receivedAtMs;
    if (last !== undefined) this.#readUntilMs = last;
  }

  /** Saves where it is, so that the next start does not read again. */
  async stop(): Promise<void> {
    if (!this.#loaded || this.saved() === this.#cursor) return;
    await this.#cursors.save({ [LANE]: this.#cursor }, async () => {});
  }

  #note({ message, records }: DecodedMessage, there: Map<DeviceId, number>): void {
    const { id } = message.device;
    const isThere = records.some((record) => record.type === 'state' && record.online);
    if (isThere && this.#deps.open.has(id)) there.set(id, message.receivedAtMs);
  }

  async #commit(found: Found, to: number, hasWork: boolean): Promise<void> {
    const { open, isThere } = this.#deps;
    if (!hasWork) return await this.#cursors.save({ [LANE]: to }, async () => {});
    const verdicts = await this.#cursors.save({ [LANE]: to }, async (tx) => {
      const judged = await this.#answer(tx, found.replies);
      for (const [device, atMs] of found.there) await sendAgain(tx, device, atMs);
      return judged;
    });
    for (const [index, verdict] of verdicts.entries()) this.#tell(verdict, found.replies[index]!);
    const closed = found.replies.filter((_, index) => verdicts[index] !== 'unknown');
    await open.refresh([...new Set(closed.map(({ from }) => from))].filter((id) => open.has(id)));
    for (const device of found.there.keys()) isThere(device);
  }

  /** Judges the replies in their order and writes down what they change; the verdicts in step with them. */
  async #answer(tx: Tables, replies: Reply[]): Promise<Verdict[]> {
    const lives = await livesOf(tx, [...new Set(replies.map(({ id }) => id))].filter(isCommandId));
    const verdicts: Verdict[] = [];
    for (const reply of replies) {
      const life = lives.get(reply.id);
      const verdict = life ? judgeReply(life, reply) : 'unknown';
      verdicts.push(verdict);
      if (!life || verdict === 'again' || verdict === 'foreign') continue;
      const after = afterReply(life, verdict === 'unknown' ? 'late' : verdict);
      lives.set(reply.id, after);
      await tx
        .tables<CommandTables>()
        .updateTable('command')
        .set({
          state: after.state,
          reply_ok: reply.ok,
          // Who was told a secret may say it back: nothing of that is kept.
          reply_result: sql<string | null>`case when is_sealed then null else ${reply.result}::text end`,
          reply_cut: sql<boolean>`is_sealed or ${reply.cut}::boolean`,
          reply_at_ms: reply.receivedAtMs,
          reply_receipt: reply.receipt,
          settled_at_ms: sql<number>`coalesce(settled_at_ms, ${this.#deps.clock.nowMs()}::bigint)`,
        })
        .where('id', '=', reply.id)
        .execute();
    }
    return verdicts;
  }

  #tell(verdict: Verdict, { from, receipt }: Reply): void {
    this.#verdicts.inc({ verdict });
    if (verdict !== 'unknown' && verdict !== 'foreign') return;
    if (!this.#said.due()) return;
    this.#log.warn({ device: from, receipt, verdict }, 'a device answers what it was not asked');
  }
}

/** The commands of these ids, locked until the end of the transaction, in one order for all writers. */
async function livesOf(tx: Tables, ids: string[]): Promise<Map<string, Life>> {
  const lives = new Map<string, Life>();
  for (const some of chunksOf(ids, IDS_AT_ONCE)) {
    const rows = await tx
      .tables<CommandTables>()
      .selectFrom('command')
      .select(['id', 'device', 'state', 'deadline_at_ms', 'reply_at_ms'])
      .where('id', '=', sql<string>`any(${some}::uuid[])`)
      .orderBy('id')
      .forUpdate()
      .execute();
    for (const { id, device, state, deadline_at_ms: deadlineAtMs, reply_at_ms: atMs } of rows) {
      lives.set(id, { device, state, deadlineAtMs, replied: atMs !== null });
    }
  }
  return lives;
}

/** What was sent before the device came is as good as not sent: nobody keeps it for a device that is away. */
async function sendAgain(tx: Tables, device: DeviceId, atMs: number): Promise<void> {
  await tx
    .tables<CommandTables>()
    .updateTable('command')
    .set({ session: null })
    .where('device', '=', device)
    .where('settled_at_ms', 'is', null)
    .where('sent_at_ms', '<', atMs)
    .execute();
}
