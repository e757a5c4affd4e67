import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { CitywatchError } from '../core/errors.ts';
import { Counter, type Observer } from '../core/observe.ts';
import type { DeviceIdentity } from '../core/types.ts';
import { BlobRefusal, type Blobs } from '../platform/blobs/blobs.ts';
import type { Database, Tables } from '../platform/database/database.ts';
import type { Ownership } from '../platform/database/ownership.ts';
import type { ImageType } from './image-file.ts';
import { sweepImages } from './image-sweep.ts';
import { blobKey, type ImagePlace, type ImageTables, type KeptImage } from './image-table.ts';

export interface ImagesDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  /** Where the bytes are; nothing else may be kept there. */
  blobs: Blobs;
  clock: Clock;
  observer: Observer;
  keepMs: number;
}

const FULL_RETRY_S = 60;
/** Expired pictures removed in one go, and in one round of housekeeping. */
const BATCH = 500;
const BATCHES_MAX = 20;

/**
 * Pictures that devices sent: a blob each, and then a row. Whoever is given an id can rely on both surviving a power
 * cut; what a crash leaves of one without the other is removed by {@link Images.tidy}.
 */
export class Images {
  readonly #deps: ImagesDeps;
  /** Ids whose bytes are being put and whose row is not there yet. */
  readonly #underWay = new Set<string>();
  readonly #stored: Counter<'outcome'>;
  readonly #removed: Counter<'reason'>;
  #sweptUpTo = '';

  constructor(deps: ImagesDeps) {
    this.#deps = deps;
    const registers = [deps.observer.metrics];
    this.#stored = new Counter({
      name: 'citywatch_images_total',
      labelNames: ['outcome'],
      registers,
      help: 'Pictures that devices sent: new, sent before, or refused for want of room.',
    });
    this.#removed = new Counter({
      name: 'citywatch_images_removed_total',
      labelNames: ['reason'],
      registers,
      help: 'Pictures removed because their time was over, and files and rows that a crash had left alone.',
    });
  }

  /**
   * Resolves with the picture's id once it is durable; the same bytes of the same device have one id.
   *
   * Errors: `images.unavailable` when the disk has no room or is not there, `store.unavailable`.
   */
  async keep(device: DeviceIdentity, type: ImageType, bytes: Buffer): Promise<{ id: string; isNew: boolean }> {
    return await this.#keep(device, type, bytes).catch((error: unknown) => {
      if (!(error instanceof BlobRefusal)) throw error;
      this.#stored.inc({ outcome: 'refused' });
      throw unavailable(error);
    });
  }

  async #keep(device: DeviceIdentity, type: ImageType, bytes: Buffer): Promise<{ id: string; isNew: boolean }> {
    const { blobs, clock } = this.#deps;
    const sha256 = createHash('sha256').update(bytes).digest();
    const before = await this.#sentBefore(device.id, sha256);
    if (before) {
      // What was lost comes back with its bytes.
      if (!(await blobs.has(blobKey(before)))) await blobs.put(blobKey(before), bytes);
      this.#stored.inc({ outcome: 'again' });
      return { id: before.id, isNew: false };
    }
    const nowMs = clock.nowMs();
    const row = {
      id: randomUUID(),
      device: device.id,
      jurisdiction: device.jurisdiction,
      media_type: type,
      size_bytes: bytes.length,
      sha256,
      received_at_ms: nowMs,
      last_sent_at_ms: nowMs,
    };
    this.#underWay.add(row.id);
    try {
      await blobs.put(blobKey(row), bytes);
      const id = await this.#insert(row);
      this.#stored.inc({ outcome: 'new' });
      return { id, isNew: id === row.id };
    } finally {
      this.#underWay.delete(row.id);
    }
  }

  /** The picture with this id; what the caller may see of it is for the caller's side to decide. */
  async find(id: string): Promise<KeptImage | null> {
    const row = await this.#deps.database
      .tables<ImageTables>()
      .selectFrom('image')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (!row) return null;
    const { device, jurisdiction, media_type: type, received_at_ms: receivedAtMs } = row;
    return { id, device, jurisdiction, type, receivedAtMs };
  }

  /** Errors: `not-found` when the file is gone, `images.unavailable` when its disk is. */
  async read({ id, type, receivedAtMs }: KeptImage): Promise<Buffer> {
    const key = blobKey({ id, media_type: type, received_at_ms: receivedAtMs });
    const bytes = await this.#deps.blobs.get(key).catch((error: unknown) => {
      throw error instanceof BlobRefusal ? unavailable(error) : error;
    });
    if (!bytes) throw new CitywatchError('not-found', { detail: 'This picture is no longer kept.' });
    return bytes;
  }

  /** Removes what is past its time, rows before blobs, then looks through a few folders for leftovers. */
  async tidy(nowMs: number): Promise<void> {
    const { database, ownership, blobs } = this.#deps;
    if ((await blobs.problem()) !== null) return;
    for (let batch = 0; batch < BATCHES_MAX; batch += 1) if ((await this.#prune(nowMs)) < BATCH) break;
    const swept = await sweepImages({ database, ownership, blobs, nowMs, underWay: this.#underWay }, this.#sweptUpTo);
    this.#sweptUpTo = swept.upTo;
    this.#removed.inc({ reason: 'file-alone' }, swept.files);
    this.#removed.inc({ reason: 'row-alone' }, swept.rows);
  }

  async #prune(nowMs: number): Promise<number> {
    const beforeMs = nowMs - this.#deps.keepMs;
    const { database, ownership } = this.#deps;
    const gone = await ownership.transaction(database, 'that old pictures are gone', async (tx) => {
      const db = tx.tables<ImageTables>();
      const oldest = db.selectFrom('image').select('id').orderBy('last_sent_at_ms').limit(BATCH);
      return await db
        .deleteFrom('image')
        .where('id', 'in', oldest.where('last_sent_at_ms', '<', beforeMs))
        // Once more: it may have been sent again since the inner query looked.
        .where('last_sent_at_ms', '<', beforeMs)
        .returning(['id', 'media_type', 'received_at_ms'])
        .execute();
    });
    for (const image of gone) await this.#deps.blobs.delete(blobKey(image));
    this.#removed.inc({ reason: 'expired' }, gone.length);
    return gone.length;
  }

  /** The picture with these bytes, which from now on is kept as long as a new one. */
  async #sentBefore(device: string, sha256: Buffer): Promise<ImagePlace | undefined> {
    return await this.#deps.database
      .tables<ImageTables>()
      .updateTable('image')
      .set({ last_sent_at_ms: this.#deps.clock.nowMs() })
      .where('device', '=', device)
      .where('sha256', '=', sha256)
      .returning(['id', 'media_type', 'received_at_ms'])
      .executeTakeFirst();
  }

  /** Resolves with the id of the row that has these bytes: ours, or that of one who was faster. */
  async #insert(row: ImageTables['image']): Promise<string> {
    const kept = await this.#deps.database
      .tables<ImageTables>()
      .insertInto('image')
      .values(row)
      .onConflict((at) => at.columns(['device', 'sha256']).doUpdateSet({ last_sent_at_ms: row.last_sent_at_ms }))
      .returning('id')
      .executeTakeFirstOrThrow();
    if (kept.id !== row.id) await this.#deps.blobs.delete(blobKey(row));
    return kept.id;
  }
}

function unavailable(refusal: BlobRefusal): CitywatchError {
  const detail =
    refusal.reason === 'full' ? 'The disk has no room for more pictures.' : 'The disk of the pictures is not there.';
  return new CitywatchError('images.unavailable', { retryAfterS: FULL_RETRY_S, detail, cause: refusal });
}

/** Whether any picture of a device is known: then its store must not be empty. */
export async function areImagesKept(database: Tables): Promise<boolean> {
  const db = database.tables<ImageTables>();
  return (await db.selectFrom('image').select('id').limit(1).executeTakeFirst()) !== undefined;
}
