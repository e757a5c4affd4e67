import { createHash } from 'node:crypto';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../core/types.ts';
import { jsonb, sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { CheckReport } from '../checks/checks.ts';
import type { CheckStep, Grade } from '../checks/steps.ts';
import type { PhotoTables } from '../photos/photo.ts';
import { DirectorySync, type DirectorySyncDeps } from '../registry/directory-sync.ts';
import { findDevice } from '../registry/queries.ts';
import { hangingAt } from '../units/places.ts';
import type { AcceptanceInput } from './input.ts';
import { lockState, makeStep } from './life-steps.ts';

export interface AcceptancesDeps extends DirectorySyncDeps {
  /** The check that is made for an acceptance; at most 15 s. */
  check(caller: Caller, device: DeviceIdentity): Promise<CheckReport>;
}

/** That a device was accepted. */
export interface Acceptance {
  id: string;
  device: DeviceId;
  atMs: number;
  by: string;
  purpose: string;
  note: string | null;
  /** Id of the photo of the sign. */
  photo: string;
  /** Id of the unit that hung there. */
  unit: string;
  grade: Exclude<Grade, 'not-tried'>;
  steps: CheckStep[];
  /** Why it was accepted though the check failed. */
  despite: string | null;
}

/** The table of migration 0231; what each column means stands there. */
interface AcceptanceTables extends PhotoTables {
  acceptance: {
    id: string;
    request_hash: Buffer;
    device: string;
    at_ms: number;
    by_type: string;
    by_id: string;
    by_name: string;
    purpose: string;
    note: string | null;
    photo: string;
    unit: string;
    grade: Acceptance['grade'];
    steps: CheckStep[];
    despite: string | null;
  };
}

type Row = AcceptanceTables['acceptance'];

/** What is asked for, before the device was looked at. */
interface Asked {
  caller: Caller;
  device: DeviceIdentity;
  input: AcceptanceInput;
  request_hash: Buffer;
}

/**
 * Devices that are accepted: what was installed is checked, its sign is on a photo, its purpose is said. The record,
 * the step of its life and the audit row are one transaction.
 */
export class Acceptances {
  readonly #deps: AcceptancesDeps;
  readonly #sync: DirectorySync;

  constructor(deps: AcceptancesDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
  }

  /**
   * Accepts a device that the caller sees. The same request again is answered the same. Errors: `request.invalid` where
   * the photo is none of a sign of this device, no purpose is known, or the check failed and nothing says why it is
   * accepted all the same; `conflict.state` for one that is not `installed`; `not-found`, `idempotency.mismatch`.
   */
  async accept(caller: Caller, device: DeviceIdentity, input: AcceptanceInput): Promise<Acceptance> {
    const request_hash = createHash('sha256')
      .update(JSON.stringify([device.id, input]))
      .digest();
    const asked: Asked = { caller, device, input, request_hash };
    const before = await this.#askFirst(asked);
    if (before) return before;
    const report = await this.#deps.check(caller, device);
    if (report.grade === 'failed' && input.despite === null) throw failed(report);
    let accepted: Acceptance | null = null;
    await this.#sync.commitAll([device.id], async (tx) => {
      const state = await lockState(tx, ownArea(caller), device.id);
      accepted = await answeredBefore(tx, asked);
      if (accepted) return { changed: [], result: null };
      if (state !== 'installed') throw notInstalled(state);
      const { row, changed } = await this.#write(tx, asked, report);
      accepted = acceptanceOf(row);
      return { changed: [{ device: changed }], result: null };
    });
    return accepted!;
  }

  /** The acceptances of a device, newest first. The caller's right to see it is checked before. */
  async list(
    id: DeviceId,
    { limit, after }: { limit: number; after?: string },
  ): Promise<{ items: Acceptance[]; next: string | null }> {
    let query = this.#deps.database.tables<AcceptanceTables>().selectFrom('acceptance').selectAll();
    query = query.where('device', '=', id);
    const [atMs, last = ''] = after?.split(' ') ?? [];
    if (atMs !== undefined) query = query.where(sql<boolean>`(at_ms, id) < (${atMs}::bigint, ${last}::uuid)`);
    const sorted = query.orderBy('at_ms', 'desc').orderBy('id', 'desc');
    const rows = await sorted.limit(limit + 1).execute();
    const page = rows.slice(0, limit);
    const end = page.at(-1);
    return { items: page.map(acceptanceOf), next: rows.length > limit && end ? `${end.at_ms} ${end.id}` : null };
  }

  /** What needs no look at the device: a camera is not troubled for what is refused anyway. */
  async #askFirst(asked: Asked): Promise<Acceptance | null> {
    const { database } = this.#deps;
    const { caller, device, input } = asked;
    const before = await answeredBefore(database, asked);
    if (before) return before;
    const found = await findDevice(database, ownArea(caller), device.id);
    if (!found) throw new CitywatchError('not-found');
    if (found.state !== 'installed') throw notInstalled(found.state);
    await requireSign(database, asked);
    requirePurpose(input, found.purpose);
    return null;
  }

  async #write(tx: Tables, asked: Asked, { grade, steps }: CheckReport) {
    const { caller, device, input, request_hash } = asked;
    await requireSign(tx, asked);
    const found = await findDevice(tx, ownArea(caller), device.id);
    const purpose = requirePurpose(input, found?.purpose ?? null);
    const row: Row = {
      id: input.id,
      request_hash,
      device: device.id,
      at_ms: this.#deps.clock.nowMs(),
      by_type: caller.type,
      by_id: caller.id,
      by_name: caller.name,
      purpose,
      note: input.note,
      photo: input.photo,
      unit: (await hangingAt(tx, device.id)).unitId,
      grade,
      steps,
      despite: grade === 'failed' ? input.despite : null,
    };
    const values = { ...row, steps: jsonb(steps) };
    await tx.tables<AcceptanceTables>().insertInto('acceptance').values(values).execute();
    const { id: acceptance, photo, despite, note: reason } = row;
    const changed = await makeStep(tx, row.at_ms, {
      caller,
      id: device.id,
      to: 'accepted',
      how: 'acceptance',
      reason,
      action: 'device.accept',
      also: { purpose },
      told: { acceptance, photo, grade, despite },
    });
    return { row, changed };
  }
}

async function answeredBefore(tx: Tables, { caller, input, request_hash }: Asked): Promise<Acceptance | null> {
  const rows = tx.tables<AcceptanceTables>().selectFrom('acceptance').selectAll().where('id', '=', input.id);
  const before = await rows.executeTakeFirst();
  if (!before) return null;
  const isSame = before.by_type === caller.type && before.by_id === caller.id;
  if (isSame && request_hash.equals(before.request_hash)) return acceptanceOf(before);
  const detail = 'This `id` was used for another acceptance; choose a new UUID for each.';
  throw new CitywatchError('idempotency.mismatch', { detail });
}

async function requireSign(tx: Tables, { caller, device, input }: Asked): Promise<void> {
  const rows = tx.tables<AcceptanceTables>().selectFrom('site_photo').innerJoin('position', 'position.id', 'device');
  const mine = withinJurisdiction(rows, 'position.jurisdiction', ownArea(caller), 'position.police').select('what');
  const found = await mine.where('site_photo.id', '=', input.photo).where('device', '=', device.id).executeTakeFirst();
  const remedy = `send it with POST /api/v1/devices/${device.id}/photos?what=sign`;
  if (!found) throw invalid('photo', `is no photo of this device; ${remedy}`);
  if (found.what !== 'sign') throw invalid('photo', `shows \`${found.what}\` and not the sign; ${remedy}`);
}

function requirePurpose({ purpose }: AcceptanceInput, known: string | null): string {
  const said = purpose ?? known;
  if (said === null) throw invalid('purpose', 'is missing: say what the device is for, since its file does not');
  return said;
}

function notInstalled(state: string): CitywatchError {
  return new CitywatchError('conflict.state', {
    detail: `The device is ${state}; only what is installed is accepted.`,
  });
}

function failed({ cause }: CheckReport): CitywatchError {
  const why = [cause?.seen, cause?.hint].filter(Boolean).join(' ');
  const remedy = 'Mend it, or say here why it is accepted all the same.';
  return invalid('despite', `is missing: the check failed at \`${cause?.name}\` (${cause?.problem}). ${why} ${remedy}`);
}

function acceptanceOf({ at_ms: atMs, by_name: by, request_hash: _hash, by_type: _type, by_id: _id, ...row }: Row) {
  return { ...row, atMs, by };
}
