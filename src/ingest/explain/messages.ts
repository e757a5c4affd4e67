import type { CodecName } from '../../core/codec-names.ts';
import { CitywatchError } from '../../core/errors.ts';
import { covers, type Jurisdiction, ownArea } from '../../core/jurisdiction.ts';
import { parseReceiptId, receiptId } from '../../core/receipt.ts';
import type { Caller, DecodedRecord, DeviceId, Lane, Message, Refusal } from '../../core/types.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import { explainReplies, type RepliesStory } from '../commands/explain.ts';
import { codecOf } from '../decode/content.ts';
import type { Decoded } from '../decode/decode.ts';
import { Decoder, putAside } from '../decode/decoder.ts';
import { replayOrigin } from '../decode/replay-origin.ts';
import type { DuplicateIndex } from '../duplicates/index.ts';
import type { Search } from '../journal/search.ts';
import type { DeadLetterRow, IngestTables } from '../ledger/tables.ts';
import { LEDGER_READER, loadCursor } from '../readers/cursor.ts';
import type { KindSource } from '../readers/journal-feed.ts';
import { receiptOf } from '../uplinks/common/intake.ts';

export interface MessageStage {
  stage: 'received' | 'decoded' | 'stored' | 'answered';
  /** `durable`; `decoded`, `dead-lettered`; `waiting`, `stored`, `duplicate`, `dead-lettered`, `mixed`, `nothing`. */
  outcome: string;
  detail?: string;
  atMs?: number;
}

/** What became of one message, stage by stage. */
export interface MessageStory {
  receipt: string;
  device: DeviceId;
  uplink: string;
  channel: string;
  receivedAtMs: number;
  stages: MessageStage[];
}

export interface RecentWindow {
  fromMs: number;
  toMs: number;
  limit: number;
}

/** One message as far as a check of its device asks. */
export interface RecentMessage {
  uplink: string;
  channel: string;
  receivedAtMs: number;
  /** Records that could not be used. */
  refused: number;
  /** Of its last record; null where it has none. */
  clock: DecodedRecord['clock'] | null;
  /** By how much the device's time of it differs from its receipt, in ms; null where it told none that is believed. */
  offMs: number | null;
}

export interface MessagesLane {
  journal: {
    at(offset: number): Promise<Message | null>;
    byDevice(search: Search): Promise<{ messages: Message[]; more: boolean }>;
  };
  duplicates: DuplicateIndex;
}

export interface MessagesDeps {
  lanes: Partial<Record<Lane, MessagesLane>>;
  kinds: KindSource;
  /** Knows what may not be decoded because the process died of it. */
  guard: { isPoison(message: Message): boolean };
  database: Database;
  /** Where a device stands now: that decides who may see its messages. Undefined for one that is in no registry. */
  jurisdictionOf(device: DeviceId): Jurisdiction | undefined;
}

const WINDOW_MS_MAX = 10 * 60 * 1000;
const MESSAGES_MAX = 500;
/** Refusals spelled out in one story; the dead letters have them all. */
const REFUSALS_TOLD_MAX = 20;

/** Answers "what happened to this message?" from the journal, as long as it keeps it, and the ledger's tables. */
export class Messages {
  readonly #deps: MessagesDeps;
  readonly #decoder = new Decoder();

  constructor(deps: MessagesDeps) {
    this.#deps = deps;
  }

  /** Null for a receipt that names nothing, nothing that is still kept, or nothing the caller may see. */
  async byReceipt(caller: Caller, id: string): Promise<MessageStory | null> {
    const position = parseReceiptId(id);
    const message = position && (await this.#deps.lanes[position.lane]?.journal.at(position.offset));
    if (!message || !this.#sees(caller, message)) return null;
    if (position.incarnation !== '' && position.incarnation !== message.incarnation) return null;
    const [story] = await this.#tell(message.lane, [message]);
    return story ?? null;
  }

  /** At most 500 messages of one device, by time of receipt within at most 10 minutes. */
  async byDevice(caller: Caller, device: DeviceId, fromMs: number, toMs: number): Promise<MessageStory[]> {
    if (toMs < fromMs || toMs - fromMs > WINDOW_MS_MAX) {
      const message = 'must follow `from` within 10 minutes; ask for several windows one after another';
      throw new CitywatchError('request.invalid', { issues: [{ path: 'to', message }] });
    }
    const stories: MessageStory[] = [];
    for (const [lane, { journal }] of Object.entries(this.#deps.lanes) as [Lane, MessagesLane][]) {
      const { messages } = await journal.byDevice({ device, fromMs, toMs, limit: MESSAGES_MAX });
      const visible = messages.filter((message) => this.#sees(caller, message));
      stories.push(...(await this.#tell(lane, visible)));
    }
    return stories.sort((a, b) => a.receivedAtMs - b.receivedAtMs).slice(0, MESSAGES_MAX);
  }

  /** The newest of what one device sent within a window, newest first. Rights to the device are decided before. */
  async recent(device: DeviceId, { fromMs, toMs, limit }: RecentWindow): Promise<RecentMessage[]> {
    const { messages = [] } = (await this.#deps.lanes.live?.journal.byDevice({ device, fromMs, toMs, limit })) ?? {};
    const newest = messages.toReversed();
    return newest.map((message) => recentOf(message, this.#decode(message)));
  }

  #sees(caller: Caller, { device }: Message): boolean {
    return covers(ownArea(caller), this.#deps.jurisdictionOf(device.id) ?? device.jurisdiction);
  }

  async #tell(lane: Lane, messages: Message[]): Promise<MessageStory[]> {
    if (messages.length === 0) return [];
    const cursor = await loadCursor(this.#deps.database, LEDGER_READER, lane);
    const letters = await this.#deadLetters(lane, messages);
    const replies = messages.filter(({ channel }) => channel === 'reply');
    const told = await explainReplies(
      this.#deps,
      replies.map((message) => ({ message, ...this.#decode(message) })),
    );
    const stories: MessageStory[] = [];
    for (const message of messages) {
      const mine = letters.get(message.offset) ?? [];
      const story = await this.#story(message, mine, message.offset < cursor);
      const reply = told.get(message.offset);
      if (reply && reply.told.length > 0) story.stages.push(answered(reply));
      stories.push(story);
    }
    return stories;
  }

  async #deadLetters(lane: Lane, messages: Message[]): Promise<Map<number, DeadLetterRow[]>> {
    const rows = await this.#deps.database
      .tables<IngestTables>()
      .selectFrom('dead_letter')
      .selectAll()
      .where('lane', '=', lane)
      .where(({ eb, ref }) =>
        eb(ref('journal_offset'), '=', sql<number>`any(${messages.map(({ offset }) => offset)}::bigint[])`),
      )
      .orderBy('record_index')
      .execute();
    const byOffset = new Map<number, DeadLetterRow[]>();
    for (const row of rows) byOffset.set(row.journal_offset, [...(byOffset.get(row.journal_offset) ?? []), row]);
    return byOffset;
  }

  async #story(message: Message, letters: DeadLetterRow[], read: boolean): Promise<MessageStory> {
    const { device } = message;
    const decoded = this.#decode(message);
    const { duplicates } = this.#deps.lanes[message.lane]!;
    // After a kill the index may stand before the readers for a moment; until then nobody knows.
    const isIndexed = message.endOffset <= duplicates.highWater;
    if (isIndexed) await duplicates.mark([{ message, ...decoded }], message.endOffset);
    return {
      receipt: receiptOf(message).id,
      device: device.id,
      uplink: message.uplink,
      channel: message.channel,
      receivedAtMs: message.receivedAtMs,
      stages: [
        received(message),
        judged(message, decoded, this.#codecOf(message)),
        read && isIndexed ? stored(decoded.records, letters) : { stage: 'stored', outcome: 'waiting' },
      ],
    };
  }

  #codecOf(message: Message): CodecName {
    const { kind, kindVersion } = message.device;
    return codecOf(message, this.#deps.kinds.at(kind, kindVersion)).name;
  }

  #decode(message: Message): Decoded {
    const { kind, kindVersion } = message.device;
    return this.#deps.guard.isPoison(message)
      ? putAside()
      : this.#decoder.decode(message, this.#deps.kinds.at(kind, kindVersion));
  }
}

function recentOf({ uplink, channel, receivedAtMs }: Message, { records, refusals }: Decoded): RecentMessage {
  const last = records.at(-1);
  const offMs = last?.clock === 'device' ? Math.round(last.atMs - receivedAtMs) : null;
  return { uplink, channel, receivedAtMs, refused: refusals.length, clock: last?.clock ?? null, offMs };
}

function answered({ kept, told }: RepliesStory): MessageStage {
  return { stage: 'answered', outcome: kept ? 'stored' : 'nothing', detail: told.join('; ') };
}

function received(message: Message): MessageStage {
  const origin = replayOrigin(message);
  const parts = [`${message.raw.length} bytes`, `jurisdiction ${message.device.jurisdiction}`];
  if (message.packetId > 0) parts.push(`packet ${message.packetId}${message.dup ? ', sent again' : ''}`);
  if (origin) parts.push(`replay of ${receiptId({ ...origin, incarnation: '' })}`);
  return { stage: 'received', outcome: 'durable', detail: parts.join(', '), atMs: message.receivedAtMs };
}

function judged({ device }: Message, { records, refusals }: Decoded, codec: CodecName): MessageStage {
  const whole = refusals.some(({ index }) => index === null);
  const parts = [`${device.kind}@${device.kindVersion}${codec === 'json' ? '' : ` in ${codec}`}`];
  if (!whole) parts.push(`${records.length + refusals.length} records`);
  const wrongClock = records.filter(({ clock }) => clock === 'refused').length;
  if (wrongClock > 0) parts.push(`${wrongClock} with a clock that is not believed`);
  parts.push(...refusals.slice(0, REFUSALS_TOLD_MAX).map(tellRefusal));
  if (refusals.length > REFUSALS_TOLD_MAX) parts.push(`and ${refusals.length - REFUSALS_TOLD_MAX} more`);
  return { stage: 'decoded', outcome: whole ? 'dead-lettered' : 'decoded', detail: parts.join('; ') };
}

function tellRefusal({ index, reason, path, value }: Refusal): string {
  return [index === null ? 'message' : `record ${index}`, reason, path, value].filter(Boolean).join(' ');
}

function stored(records: DecodedRecord[], letters: DeadLetterRow[]): MessageStage {
  const stage = 'stored' as const;
  const whole = letters.find(({ record_index: index }) => index === -1);
  const replayed = letters.filter(({ replayed_at_ms: atMs }) => atMs !== null).length;
  const later = replayed > 0 ? `; ${replayed} replayed since` : '';
  if (whole) return { stage, outcome: 'dead-lettered', detail: `${whole.reason} ${whole.value}${later}`.trim() };
  const duplicate = records.filter((record) => record.duplicate).length;
  // These reasons stand in no decoded record: the writer gave them.
  const refusedByStore = letters.filter(({ reason }) => reason === 'store-refused' || reason === 'series-budget');
  const counts = {
    stored: records.length - duplicate - refusedByStore.length,
    duplicate,
    'dead-lettered': letters.length,
  };
  const told = Object.entries(counts).filter(([, count]) => count > 0);
  const outcome = told.length === 0 ? 'nothing' : told.length === 1 ? told[0]![0] : 'mixed';
  const words = refusedByStore.slice(0, 5).map(({ record_index: index, reason, path, value }) => {
    return `; record ${index}: ${reason === 'series-budget' ? `${reason} ${path} ${value}` : value}`;
  });
  const detail = told.map(([name, count]) => `${count} ${name}`).join(', ') + words.join('') + later;
  return { stage, outcome, ...(detail === '' ? {} : { detail }) };
}
