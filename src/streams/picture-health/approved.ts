import { randomUUID } from 'node:crypto';
import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Approved } from './judges.ts';
import { edgesOf } from './likeness.ts';
import type { SmallPicture } from './small-picture.ts';

export interface ApprovalInput {
  name: string;
  /** Where the camera stands now; null for one that does not move. */
  preset: string | null;
}

/** A picture that was approved as what a camera should show. Nobody is shown it. */
export interface ApprovedPicture extends ApprovalInput {
  id: string;
  by: string;
  atMs: number;
}

interface ApprovedTables {
  approved_picture: {
    id: string;
    device: string;
    name: string;
    preset: string | null;
    points: Buffer;
    by_name: string;
    at_ms: number;
  };
}

export interface ApprovedPicturesDeps {
  database: Database;
  clock: Clock;
}

/** Of one camera: a day, a night and infrared light for each of some presets. */
const PICTURES_MAX = 24;
/** Cameras whose pictures are held, 10 KiB each. */
const CACHED_MAX = 500;
/** Another gateway may have approved one. */
const FRESH_MS = 10 * MINUTE_MS;

/** Pictures of cameras that were approved. The caller's right to the camera is checked before. */
export class ApprovedPictures {
  readonly #deps: ApprovedPicturesDeps;
  readonly #cached = new BoundedMap<DeviceId, { approved: Promise<Approved[]>; atMs: number }>(CACHED_MAX);

  constructor(deps: ApprovedPicturesDeps) {
    this.#deps = deps;
  }

  /** Those of a camera, the oldest first. */
  async of(device: DeviceId): Promise<ApprovedPicture[]> {
    return (await this.#rows(device)).map(shown);
  }

  /** Errors: `request.invalid` where there is no room for one more. */
  async requireRoom(device: DeviceId): Promise<void> {
    const { length } = await this.#rows(device);
    if (length >= PICTURES_MAX) throw invalid('name', `a camera has ${PICTURES_MAX} pictures at most: delete one`);
  }

  /** What the pictures of a camera are compared with. Rejects while the database is away. */
  comparedWith(device: DeviceId): Promise<Approved[]> {
    const nowMs = this.#deps.clock.monotonicMs();
    const cached = this.#cached.get(device);
    if (cached && nowMs - cached.atMs <= FRESH_MS) return cached.approved;
    const approved = this.#rows(device).then((rows) =>
      rows.map(({ points, preset }) => ({ edges: edgesOf(points), preset })),
    );
    this.#cached.set(device, { approved, atMs: nowMs });
    approved.catch(() => this.#cached.delete(device));
    return approved;
  }

  /** Keeps what was taken. */
  async keep(
    { caller, of }: { caller: Caller; of: DeviceIdentity },
    input: ApprovalInput,
    points: SmallPicture,
  ): Promise<ApprovedPicture> {
    const made: ApprovedPicture = { id: randomUUID(), by: caller.name, atMs: this.#deps.clock.nowMs(), ...input };
    const { id, name, preset, by: by_name, atMs } = made;
    const row = { id, device: of.id, name, preset, points: Buffer.from(points), by_name, at_ms: atMs };
    await this.#deps.database.transaction(async (tx) => {
      await tx.tables<ApprovedTables>().insertInto('approved_picture').values(row).execute();
      await recordAudit(tx, {
        caller,
        action: 'picture.approve',
        subject: `device/${of.id}`,
        jurisdiction: of.jurisdiction,
        before: null,
        after: made,
        atMs,
      });
    });
    this.#cached.delete(of.id);
    return made;
  }

  /** Errors: `not-found`. */
  async remove(caller: Caller, { id: device, jurisdiction }: DeviceIdentity, id: string): Promise<void> {
    const atMs = this.#deps.clock.nowMs();
    await this.#deps.database.transaction(async (tx) => {
      const rows = tx.tables<ApprovedTables>().deleteFrom('approved_picture').where('id', '=', id);
      const gone = await rows.where('device', '=', device).returningAll().executeTakeFirst();
      if (!gone) throw new CitywatchError('not-found');
      const subject = `device/${device}`;
      const before = shown(gone);
      await recordAudit(tx, { caller, action: 'picture.disapprove', subject, jurisdiction, before, after: null, atMs });
    });
    this.#cached.delete(device);
  }

  async #rows(device: DeviceId) {
    const rows = this.#deps.database.tables<ApprovedTables>().selectFrom('approved_picture').selectAll();
    const sorted = rows.where('device', '=', device).orderBy('at_ms').orderBy('id');
    return await sorted.limit(PICTURES_MAX).execute();
  }
}

function shown({ id, name, preset, by_name: by, at_ms }: ApprovedTables['approved_picture']): ApprovedPicture {
  return { id, name, preset, by, atMs: Number(at_ms) };
}
