import { createHash } from 'node:crypto';
import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { type Jurisdiction, ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { BlobRefusal, type Blobs } from '../../platform/blobs/blobs.ts';
import { type Database, sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { AccessRegister } from '../../platform/records/access-register.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import {
  blobKey,
  type CleanPhoto,
  claimColumns,
  type PhotoKind,
  type PhotoRow,
  type PhotoTables,
  photoOf,
  type SitePhoto,
} from './photo.ts';
import { sweepPhotos } from './photo-sweep.ts';

export interface PhotosDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  /** Where the bytes are; nothing else may be kept there. */
  blobs: Blobs;
  clock: Clock;
  register: Pick<AccessRegister, 'add'>;
  /** Takes a photo apart; a string says why it is none that is taken. */
  clean(sent: Buffer): CleanPhoto | string;
  /** How long photos are kept that belong to no order, in days. */
  keepDays: number;
}

/** A photo as it comes in, with the id that its sender chose. */
export interface PhotoInput {
  id: string;
  what: PhotoKind;
  sent: Buffer;
}

/** What a photo is taken of: the work at a device, or the device alone. */
export type PhotoSubject = { order: string } | { device: DeviceId };

/** A look at a photo. */
export interface PhotoLook {
  purpose: string;
  case: string | null;
}

const PER_ORDER_MAX = 50;
/** Of a device, without an order. */
const ALONE_MAX = 20;
const PRUNED_AT_ONCE = 500;
const RETRY_S = 60;

/**
 * Photos that people take of devices: a blob each, without metadata, and a row that says what the telephone claimed.
 * Who may see the device may see its photos, if their role may; each look is registered.
 */
export class Photos {
  readonly #deps: PhotosDeps;
  #sweptUpTo = '';

  constructor(deps: PhotosDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves once the photo is durable; the same request again changes nothing and is answered the same. Errors:
   * `request.invalid` for what is no picture, `not-found`, `conflict.state` for too many or a retired device,
   * `idempotency.mismatch`, `images.unavailable`.
   */
  async keep(caller: Caller, subject: PhotoSubject, { id, what, sent }: PhotoInput): Promise<SitePhoto> {
    const { database, blobs, clock } = this.#deps;
    const request_hash = createHash('sha256')
      .update(JSON.stringify({ ...subject, what }))
      .update(sent)
      .digest();
    const known = await this.#known(caller, subject, { id, request_hash });
    const photo = this.#deps.clean(sent);
    if (typeof photo === 'string') throw new CitywatchError('request.invalid', { issues: [issueOf(photo)] });
    if (known) {
      // What was lost comes back with its bytes.
      if (!(await blobs.has(blobKey(known)).catch(refuse))) await blobs.put(blobKey(known), photo.bytes).catch(refuse);
      return photoOf(known);
    }
    const { type: media_type, width, height, bytes, claimed } = photo;
    const kept_ms = clock.nowMs();
    const said = { id, request_hash, what, kept_ms, by_type: caller.type, by_id: caller.id, by_name: caller.name };
    const sha256 = createHash('sha256').update(bytes).digest();
    const seen = { media_type, width, height, size_bytes: bytes.length, sha256, ...claimColumns(claimed) };
    // One that no row will name is found by the sweep.
    await blobs.put(blobKey({ ...said, ...seen }), bytes).catch(refuse);
    return await database.transaction(async (tx) => {
      const { jurisdiction, ...where } = await this.#place(tx, caller, subject);
      await sql`select pg_advisory_xact_lock(hashtextextended(${`site_photo ${id}`}, 0))`.execute(tx.tables());
      const before = await rowOf(tx, id);
      if (before) return photoOf(sameRequest(before, request_hash, caller));
      await requireRoom(tx, where);
      const row: PhotoRow = { ...said, ...seen, ...where };
      await tx.tables<PhotoTables>().insertInto('site_photo').values(row).execute();
      const after = photoOf(row);
      const subjectOf = where.order_number === null ? `device/${where.device}` : `order/${where.order_number}`;
      const entry = { caller, action: 'photo.keep', subject: subjectOf, jurisdiction, after, atMs: kept_ms };
      await recordAudit(tx, entry);
      return after;
    });
  }

  /** The photo, where its device is the caller's to see. Errors: `not-found`, alike for foreign and absent ones. */
  async find(caller: Caller, id: string): Promise<SitePhoto & { jurisdiction: Jurisdiction }> {
    const rows = photosOf(this.#deps.database, caller).select('position.jurisdiction').where('site_photo.id', '=', id);
    const row = await rows.executeTakeFirst();
    if (!row) throw new CitywatchError('not-found');
    return { ...photoOf(row), jurisdiction: row.jurisdiction };
  }

  /** Those of an order, oldest first. The caller's right to see it is checked before. */
  async ofOrder(number: string): Promise<SitePhoto[]> {
    const rows = this.#deps.database.tables<PhotoTables>().selectFrom('site_photo').selectAll();
    const found = rows.where('order_number', '=', number).orderBy('kept_ms').orderBy('id');
    return (await found.execute()).map(photoOf);
  }

  /** Those of a device, of whatever order, newest first. The caller's right to see it is checked before. */
  async ofDevice(
    device: DeviceId,
    { limit, after }: { limit: number; after?: string },
  ): Promise<{ items: SitePhoto[]; next: string | null }> {
    let query = this.#deps.database.tables<PhotoTables>().selectFrom('site_photo').selectAll();
    query = query.where('device', '=', device);
    const [keptMs, last = ''] = after?.split(' ') ?? [];
    if (keptMs !== undefined) query = query.where(sql<boolean>`(kept_ms, id) < (${keptMs}::bigint, ${last}::uuid)`);
    const sorted = query.orderBy('kept_ms', 'desc').orderBy('id', 'desc');
    const rows = await sorted.limit(limit + 1).execute();
    const page = rows.slice(0, limit);
    const end = page.at(-1);
    return { items: page.map(photoOf), next: rows.length > limit && end ? `${end.kept_ms} ${end.id}` : null };
  }

  /**
   * The bytes of a photo of {@link find}, once the look is registered. Errors: `look.incident-missing` where the place
   * is shown for an incident only, `not-found` when the bytes are gone, `images.unavailable`.
   */
  async look(caller: Caller, photo: SitePhoto & { jurisdiction: Jurisdiction }, why: PhotoLook): Promise<Buffer> {
    const { blobs, register, database } = this.#deps;
    const row = await rowOf(database, photo.id);
    const bytes = row ? await blobs.get(blobKey(row)).catch(refuse) : null;
    if (!bytes) throw new CitywatchError('not-found', { detail: 'This photo is no longer kept.' });
    const { device, jurisdiction, order } = photo;
    const asked = { photo: photo.id, order };
    await register.add({ viewer: caller, act: 'photo', device, jurisdiction, ...why, asked });
    return bytes;
  }

  /** Removes those whose order is gone and that nothing else names, then looks for blobs that no row names. */
  async tidy(nowMs: number): Promise<void> {
    const { database, ownership, blobs, keepDays } = this.#deps;
    if ((await blobs.problem()) !== null) return;
    const beforeMs = nowMs - keepDays * DAY_MS;
    const gone = await ownership.transaction(database, 'that old photos are gone', async (tx) => {
      const alone = tx
        .tables<PhotoTables>()
        .selectFrom('site_photo')
        .select('id')
        .where('order_number', 'is', null)
        .where('kept_ms', '<', beforeMs)
        .where(sql<boolean>`not exists (select from acceptance where photo = site_photo.id)`)
        .limit(PRUNED_AT_ONCE);
      return await tx.tables<PhotoTables>().deleteFrom('site_photo').where('id', 'in', alone).returningAll().execute();
    });
    for (const row of gone) await blobs.delete(blobKey(row));
    this.#sweptUpTo = await sweepPhotos({ database, blobs, nowMs }, this.#sweptUpTo);
  }

  /** What this request was answered before; asked before the bytes are written anew. */
  async #known(
    caller: Caller,
    subject: PhotoSubject,
    { id, request_hash }: Pick<PhotoRow, 'id' | 'request_hash'>,
  ): Promise<PhotoRow | null> {
    await this.#place(this.#deps.database, caller, subject);
    const before = await rowOf(this.#deps.database, id);
    return before ? sameRequest(before, request_hash, caller) : null;
  }

  /** Errors: `not-found`, also beyond the caller's border, and `conflict.state` for a device that is retired. */
  async #place(tx: Tables, caller: Caller, subject: PhotoSubject) {
    const db = tx.tables<PhotoTables>();
    const positions = withinJurisdiction(
      db.selectFrom('position'),
      'position.jurisdiction',
      ownArea(caller),
      'position.police',
    );
    const found =
      'device' in subject
        ? await positions
            .select(['position.id as device', 'position.jurisdiction', 'position.state'])
            .where('id', '=', subject.device)
            .executeTakeFirst()
        : await positions
            .innerJoin('work_order', 'work_order.device', 'position.id')
            .select(['position.id as device', 'position.jurisdiction', 'position.state'])
            .where('number', '=', subject.order)
            .executeTakeFirst();
    if (!found) throw new CitywatchError('not-found');
    const { device, jurisdiction, state } = found;
    if (state === 'retired') throw new CitywatchError('conflict.state', { detail: 'The device is retired.' });
    return { device, jurisdiction, order_number: 'order' in subject ? subject.order : null };
  }
}

function photosOf(tables: Tables, caller: Caller) {
  const rows = tables.tables<PhotoTables>().selectFrom('site_photo').innerJoin('position', 'position.id', 'device');
  return withinJurisdiction(rows.selectAll('site_photo'), 'position.jurisdiction', ownArea(caller), 'position.police');
}

async function rowOf(tables: Tables, id: string): Promise<PhotoRow | undefined> {
  const rows = tables.tables<PhotoTables>().selectFrom('site_photo').selectAll();
  return await rows.where('id', '=', id).executeTakeFirst();
}

function sameRequest(before: PhotoRow, hash: Buffer, { type, id }: Caller): PhotoRow {
  if (before.by_type === type && before.by_id === id && hash.equals(before.request_hash)) return before;
  const detail = 'This `id` was used for another photo; choose a new UUID for each.';
  throw new CitywatchError('idempotency.mismatch', { detail });
}

async function requireRoom(tx: Tables, where: Pick<PhotoRow, 'device' | 'order_number'>): Promise<void> {
  const { device, order_number: order } = where;
  const rows = tx
    .tables<PhotoTables>()
    .selectFrom('site_photo')
    .select(({ fn }) => fn.countAll<number>().as('count'));
  const those = order === null ? rows.where('device', '=', device) : rows.where('order_number', '=', order);
  const { count } = await those.where('order_number', order === null ? 'is' : '=', order).executeTakeFirstOrThrow();
  const max = order === null ? ALONE_MAX : PER_ORDER_MAX;
  if (Number(count) < max) return;
  const whose = order === null ? 'A device has at most ' : 'An order has at most ';
  const detail = `${whose}${max} photos${order === null ? ' without an order; open one' : ''}.`;
  throw new CitywatchError('conflict.state', { detail });
}

function issueOf(message: string) {
  return { path: 'body', message };
}

function refuse(error: unknown): never {
  if (!(error instanceof BlobRefusal)) throw error;
  const isFull = error.reason === 'full';
  const detail = isFull ? 'The disk has no room for more photos.' : 'The disk of the photos is not there.';
  throw new CitywatchError('images.unavailable', { retryAfterS: RETRY_S, detail, cause: error });
}

/** Whether any photo is known: then its store must not be empty. */
export async function arePhotosKept(database: Tables): Promise<boolean> {
  const db = database.tables<PhotoTables>();
  return (await db.selectFrom('site_photo').select('id').limit(1).executeTakeFirst()) !== undefined;
}
