import { readFile } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { isInternal, isRecord, wordOf } from '../../core/internal-records.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { Counter, Gauge, type Logger, type Observer } from '../../core/observe.ts';
import type {
  DecodedBatch,
  DecodedMessage,
  DeviceId,
  DeviceIdentity,
  DeviceKind,
  Lane,
  Reading,
} from '../../core/types.ts';
import { writeFileDurable } from '../../platform/files/files.ts';
import type { Latest, Presence, PresenceCounts } from './answers.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import { TwinTable } from './table.ts';
import { fieldsOf, keep, type LatestFields, rowId, TAGGED, tagValues } from './tags.ts';

/** What the twin asks of the journal it reads. */
export interface TwinJournal {
  /** The present life of the journal. */
  readonly incarnation: string;
  /** Whether a checkpoint of that life with these cursors is of this journal; `''`: of a version without lives. */
  holds(incarnation: string, cursors: Record<Lane, number>): boolean;
}

export type { Latest, Presence, PresenceCounts } from './answers.ts';

export interface TwinDeps {
  /** Where the checkpoint lies; its directory is there already. */
  path: string;
  kinds: { latest(kind: string): DeviceKind | undefined };
  journal: TwinJournal;
  clock: Clock;
  observer: Observer;
}

/** A restart reads at most this much of the journal again. */
const CHECKPOINT_EVERY_MS = 30_000;

/**
 * What every device said last, in memory: filled by the reader "twin", one per lane, and kept over a restart by a
 * checkpoint and the part of the journal behind it. Without a checkpoint it starts with what the journal still holds.
 */
export class Twin {
  readonly #deps: TwinDeps;
  readonly #log: Logger;
  readonly #failures: Counter;
  #tables = new Map<string, TwinTable>();
  /** By kind, for those with a structural tag: a row is a device and a value of the tag. */
  #tagged = new Map<string, TwinTable>();
  #cursors: Record<Lane, number> = { live: 0, bulk: 0 };
  #durable: Record<Lane, number> = { live: 0, bulk: 0 };
  #cancelTimer: (() => void) | null = null;
  readonly #writing = new Joined();

  constructor(deps: TwinDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'twin' });
    const registers = [deps.observer.metrics];
    this.#failures = new Counter({
      name: 'citywatch_twin_checkpoint_failures_total',
      help: 'Checkpoints of last values that could not be written.',
      registers,
    });
    const size = () => this.size;
    new Gauge({
      name: 'citywatch_twin_devices',
      help: 'Devices whose last values are in memory.',
      registers,
      collect() {
        this.set(size());
      },
    });
  }

  /** Devices in memory. */
  get size(): number {
    let size = 0;
    for (const table of this.#tables.values()) size += table.size;
    return size;
  }

  /** Loads the checkpoint; a missing or damaged one only means reading more of the journal. */
  async start(): Promise<void> {
    const file = await readFile(this.#deps.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (file) this.#restore(file);
    this.#cancelTimer = this.#deps.clock.every(CHECKPOINT_EVERY_MS, () => void this.checkpoint());
  }

  async stop(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    await this.checkpoint();
  }

  /** Where the reader of a lane goes on; 0 reads from the oldest message that is kept. */
  cursor(lane: Lane): number {
    return this.#cursors[lane];
  }

  /** Everything before it is in a checkpoint on disk, so the journal may let it go. */
  durableCursor(lane: Lane): number {
    return this.#durable[lane];
  }

  /** Takes a batch in. Reading again from an earlier cursor ends with the same values. */
  handle(batch: DecodedBatch): void {
    for (const message of batch.messages) this.#take(message);
    this.#cursors[batch.lane] = batch.to;
  }

  /** Null for a device that nothing was heard of. */
  latest(id: DeviceId): Latest | null {
    const place = this.#find(id);
    return place && this.#describe(place.table, place.row);
  }

  /** Whether it was ever heard of, and how it is since. */
  presence(id: DeviceId): { presence: Presence; lastSeenAtMs: number | null } {
    const { table, row } = this.#find(id) ?? {};
    const lastSeenAtMs = table?.lastMessageAtMs[row!] || null;
    if (!table || lastSeenAtMs === null) return { presence: 'not-yet-seen', lastSeenAtMs: null };
    const presence = table.online[row!] === 0 ? 'offline' : this.#isStale(table, row!) ? 'stale' : 'online';
    return { presence, lastSeenAtMs };
  }

  #find(id: DeviceId): { table: TwinTable; row: number } | null {
    let newest: { table: TwinTable; row: number; atMs: number } | null = null;
    for (const table of this.#tables.values()) {
      const row = table.find(id);
      if (row === undefined) continue;
      // In two tables only when an id was given to a device of another kind.
      const atMs = table.onlineAtMs[row] ?? 0;
      if (!newest || atMs > newest.atMs) newest = { table, row, atMs };
    }
    return newest;
  }

  /** How the given devices are, by kind; the caller chooses those it may speak of. */
  counts(devices: Iterable<{ id: DeviceId; kind: string }>): Map<string, PresenceCounts> {
    const counts = new Map<string, PresenceCounts>();
    for (const { id, kind } of devices) {
      let count = counts.get(kind);
      if (!count) {
        count = { online: 0, offline: 0, stale: 0, silent: 0 };
        counts.set(kind, count);
      }
      const table = this.#tables.get(kind);
      const row = table?.find(id);
      if (!table || row === undefined || !table.lastMessageAtMs[row]) count.silent += 1;
      else if (table.online[row] === 0) count.offline += 1;
      else if (this.#isStale(table, row)) count.stale += 1;
      else count.online += 1;
    }
    return counts;
  }

  /** Writes the checkpoint when something has changed. Never rejects: a failure is counted, and tried again later. */
  checkpoint(): Promise<void> {
    return this.#writing.run(() => this.#write());
  }

  async #write(): Promise<void> {
    const cursors = { ...this.#cursors };
    if (cursors.live === this.#durable.live && cursors.bulk === this.#durable.bulk) return;
    try {
      await writeFileDurable(this.#deps.path, this.#encode(cursors), {
        mode: 0o600,
      });
      this.#durable = cursors;
    } catch (error) {
      this.#failures.inc();
      this.#log.error({ error: messageOf(error) }, 'last values could not be saved; a restart will take longer');
    }
  }

  #encode(cursors: Record<Lane, number>): Buffer {
    const { incarnation } = this.#deps.journal;
    return encodeCheckpoint({ incarnation, cursors, tables: this.#allTables() });
  }

  #restore(file: Buffer): void {
    try {
      const { incarnation, cursors, tables } = decodeCheckpoint(file);
      if (!this.#deps.journal.holds(incarnation, cursors)) throw new Error('of another journal');
      for (const [name, table] of tables) {
        if (name.startsWith(TAGGED)) this.#tagged.set(name.slice(TAGGED.length), table);
        else this.#tables.set(name, table);
      }
      this.#cursors = cursors;
      this.#durable = { ...cursors };
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'the saved last values are of no use; reading them from the journal');
    }
  }

  #take({ message, records }: DecodedMessage): void {
    const { device, receivedAtMs, channel } = message;
    if (isRecord(message, 'clock')) {
      for (const table of this.#allTables().values()) table.receivedBy(receivedAtMs);
    }
    const word = wordOf(message);
    // That a device was registered or retired says nothing of how it is.
    if (isInternal(message) && channel === 'state' && word === 'nobody') return;
    let table = this.#tables.get(device.kind);
    if (!table) {
      table = new TwinTable(device.kind);
      this.#tables.set(device.kind, table);
    }
    const row = table.row(device.id);
    let online = true;
    let reported = false;
    for (const record of records) {
      if (record.type === 'state') {
        reported = true;
        online = record.online;
        if (record.firmware !== null) table.firmware[row] = record.firmware;
      } else if (record.type === 'reading' && !record.duplicate) {
        keep(table, row, record);
        if (record.tag !== undefined) this.#takeTagged(device, record.tag, record);
      }
    }
    // A report that cannot be read may be its will.
    const heard = word === 'asked' || (word === 'own' && (reported || channel !== 'state'));
    if (!heard && !reported) return;
    // Within the live lane the journal's order is the truth, whatever our clock did; between lanes only time can tell.
    if (message.lane !== 'live' && receivedAtMs < (table.onlineAtMs[row] ?? 0)) return;
    table.onlineAtMs[row] = receivedAtMs;
    table.online[row] = online ? 1 : 0;
    if (heard && online) table.lastMessageAtMs[row] = receivedAtMs;
  }

  #takeTagged(device: DeviceIdentity, tag: string, record: Reading): void {
    let table = this.#tagged.get(device.kind);
    if (!table) {
      table = new TwinTable(`${TAGGED}${device.kind}`);
      this.#tagged.set(device.kind, table);
    }
    keep(table, table.row(rowId(device.id, String(record.values.get(tag)))), record);
  }

  #allTables(): Map<string, TwinTable> {
    return new Map([...this.#tables.values(), ...this.#tagged.values()].map((table) => [table.kind, table]));
  }

  #describe(table: TwinTable, row: number): Latest {
    const kind = this.#deps.kinds.latest(table.kind);
    return {
      fields: fieldsOf(table, row, kind),
      tagged: this.#describeTagged(table.ids[row] ?? '', kind),
      lastMessageAtMs: table.lastMessageAtMs[row] || null,
      online: table.online[row] === 1,
      stale: this.#isStale(table, row),
      firmware: table.firmware[row] ?? null,
    };
  }

  #describeTagged(id: DeviceId, kind: DeviceKind | undefined): Latest['tagged'] {
    const [tag, spec] = [...(kind?.fields ?? [])].find(([, { tag: isTag }]) => isTag === true) ?? [];
    if (!kind || tag === undefined || !spec) return null;
    const values = new Map<string, LatestFields>();
    const table = this.#tagged.get(kind.kind);
    for (const value of tagValues(spec)) {
      const row = table?.find(rowId(id, value));
      if (table && row !== undefined) values.set(value, fieldsOf(table, row, kind));
    }
    return { tag, values };
  }

  #isStale(table: TwinTable, row: number): boolean {
    const staleAfterS = this.#deps.kinds.latest(table.kind)?.staleAfterS ?? Number.POSITIVE_INFINITY;
    return this.#deps.clock.nowMs() - (table.lastMessageAtMs[row] ?? 0) > staleAfterS * 1_000;
  }
}
