import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { covers, type Jurisdiction, NATIONWIDE } from '../../core/jurisdiction.ts';
import { Batches } from '../../core/mechanisms/batches.ts';
import type { Observer } from '../../core/observe.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { BlobRefusal, type Blobs } from '../../platform/blobs/blobs.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import { type Claim, DONE, ENDED, type WorkResult } from '../../platform/work/work.ts';
import type { AlertLog, Committed } from '../desk/log.ts';
import type { AlertQueries } from '../desk/queries.ts';
import { EVIDENCE_QUEUE } from '../desk/queues.ts';
import type { AlertEvidence, AlertRow, AlertTables } from '../desk/tables.ts';
import { deviceIn } from '../rules/conditions/subject.ts';

/** A camera that sees a device, and why its picture may be shown. */
export interface Sight {
  camera: DeviceId;
  jurisdiction: Jurisdiction;
  /** A person who sees the camera named it for the device. */
  granted: boolean;
}

/** What evidence asks of the registry and the video pool. */
export interface Pictures {
  /**
   * Cameras that see a device: those a person named for it, else the nearest within reach that everybody who may see
   * `readers` may see too; empty for none.
   */
  camerasFor(device: DeviceId, readers: Jurisdiction): Promise<Sight[]>;
  /** A JPEG of now; leaves an access-register row with this purpose and case. */
  snapshot(camera: DeviceId, why: { purpose: string; case: string }): Promise<Buffer>;
}

export interface EvidenceDeps {
  database: Database<'alerts'>;
  clock: Clock;
  observer: Observer;
  queries: AlertQueries;
  log: Pick<AlertLog, 'publish'>;
  pictures: Pictures;
  /** Where the pictures are; nothing else may be kept there. */
  blobs: Blobs;
  committed(published: Committed): void;
}

/** What stands in the access register for every look that is taken for an alert. */
export const EVIDENCE_PURPOSE = 'alert-evidence';
/** A camera that is just starting gets this long before the alert says that there is no picture. */
const TRY_FOR_MS = 60_000;
const AGAIN_MS = 2_000;
/** Few, so that a thousand alerts at once do not take the machine for their pictures before they are delivered. */
export const PICTURES_AT_ONCE = 4;

interface Found {
  /** Its key is the alert's id. */
  claim: Claim;
  evidence: AlertEvidence;
}

/**
 * Attaches a picture to an alert that was just opened. The alert never waits for it: it follows as an update, or a row
 * that says why there is none.
 */
export class EvidenceDesk {
  readonly #deps: EvidenceDeps;
  readonly #attached: Batches<Found, WorkResult>;

  constructor(deps: EvidenceDeps) {
    this.#deps = deps;
    this.#attached = new Batches({ run: (found) => this.#attachAll(found), max: PICTURES_AT_ONCE });
  }

  /** Handler of the queue `evidence`; the key is the alert's id. */
  async handle(claim: Claim): Promise<WorkResult> {
    const alertId = claim.key;
    const { database, clock, pictures } = this.#deps;
    const alert = await database
      .tables<AlertTables>()
      .selectFrom('alert')
      .select(['device', 'jurisdiction', 'evidence', 'committed_at_ms'])
      .where('id', '=', alertId)
      .executeTakeFirst();
    if (!alert || alert.evidence.length > 0) return DONE;
    const device = deviceIn(alert.device);
    // A district, or the gateway itself, is at no place that a camera could see.
    if (device === null) return DONE;
    const cameras = await pictures.camerasFor(device, alert.jurisdiction);
    if (cameras.length === 0)
      return await this.#attached.add({ claim, evidence: this.#missing(null, 'No camera sees this place.') });
    let reason = '';
    for (const sight of cameras.slice(0, 3)) {
      const { camera } = sight;
      try {
        const picture = await pictures.snapshot(camera, { purpose: EVIDENCE_PURPOSE, case: alertId });
        return await this.#attached.add({ claim, evidence: await this.#keep(alertId, sight, picture) });
      } catch (error) {
        reason = error instanceof CitywatchError ? error.message : 'The camera gave no picture.';
        this.#deps.observer.log.debug({ part: 'evidence', camera, error: messageOf(error) }, 'no picture yet');
      }
    }
    const nowMs = clock.nowMs();
    if (nowMs - alert.committed_at_ms < TRY_FOR_MS) return { again: { atMs: nowMs + AGAIN_MS } };
    return await this.#attached.add({ claim, evidence: this.#missing(cameras[0]?.camera ?? null, reason) });
  }

  /**
   * The picture of an alert the caller may see; the caller's look is registered by whoever serves it. An alert may have
   * moved to another district since, with its device: then only who sees the place of the camera, as it was when the
   * picture was taken, is shown it.
   */
  async picture(caller: Caller, alertId: string, evidenceId: string): Promise<{ camera: DeviceId; jpeg: Buffer }> {
    const alert = await this.#deps.queries.row(caller, alertId);
    const found = alert.evidence.find(({ id, type }) => id === evidenceId && type === 'picture');
    if (!found?.camera) throw new CitywatchError('not-found');
    if (!found.granted && !covers(caller.jurisdiction, found.jurisdiction ?? NATIONWIDE)) {
      throw new CitywatchError('not-found', { detail: 'This picture was taken in another district.' });
    }
    const jpeg = await this.#deps.blobs.get(blobKey(alertId, found.id)).catch(refuse);
    if (!jpeg) throw new CitywatchError('not-found', { detail: 'This picture is no longer kept.' });
    return { camera: found.camera, jpeg };
  }

  async #keep(alertId: string, sight: Sight, picture: Buffer): Promise<AlertEvidence> {
    const evidence: AlertEvidence = {
      id: randomUUID(),
      type: 'picture',
      ...sight,
      takenAtMs: this.#deps.clock.nowMs(),
    };
    await this.#deps.blobs.put(blobKey(alertId, evidence.id), picture).catch(refuse);
    return evidence;
  }

  #missing(camera: DeviceId | null, reason: string): AlertEvidence {
    return { id: randomUUID(), type: 'unavailable', camera, takenAtMs: this.#deps.clock.nowMs(), reason };
  }

  async #attachAll(found: Found[]): Promise<WorkResult[]> {
    const { database, clock, log } = this.#deps;
    const published = await database.transaction(async (tx) => {
      const before = await tx
        .tables<AlertTables>()
        .selectFrom('alert')
        .selectAll()
        .where(sql<boolean>`id = ANY (${found.map(({ claim }) => claim.key)}::uuid[])`)
        .orderBy('id')
        .forUpdate()
        .execute();
      const evidenceOf = new Map(found.map(({ claim, evidence }) => [claim.key, evidence]));
      const alerts = before
        .filter(({ evidence }) => evidence.length === 0)
        .map((row): AlertRow => ({ ...row, evidence: [evidenceOf.get(row.id)!], version: row.version + 1 }));
      const atMs = clock.nowMs();
      return await log.publish(
        tx,
        alerts.map((alert) => ({ type: 'alert.evidence', alert, actor: 'citywatch', atMs })),
        { ended: { queue: EVIDENCE_QUEUE, claims: found.map(({ claim }) => claim) } },
      );
    });
    this.#deps.committed(published);
    return found.map(({ claim }) => (published.ended.has(claim.key) ? ENDED : DONE));
  }
}

function blobKey(alertId: string, evidenceId: string): string {
  return `${alertId}/${evidenceId}.jpg`;
}

function refuse(error: unknown): never {
  if (!(error instanceof BlobRefusal)) throw error;
  const away = { detail: 'The disk of the evidence is not there.', cause: error };
  throw new CitywatchError('images.unavailable', error.reason === 'away' ? away : { cause: error });
}

/** Whether any alert names a picture: then the store of evidence must not be empty. */
export async function isEvidenceKept(database: Tables): Promise<boolean> {
  const db = database.tables<AlertTables>();
  const some = db.selectFrom('alert').select('id').where(sql<boolean>`evidence @> '[{"type":"picture"}]'`);
  return (await some.limit(1).executeTakeFirst()) !== undefined;
}
