import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { covers, type Jurisdiction, NATIONWIDE, type Place } from '../../core/jurisdiction.ts';
import { Batches } from '../../core/mechanisms/batches.ts';
import { Turns } from '../../core/mechanisms/turns.ts';
import type { Observer } from '../../core/observe.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { BlobRefusal, type Blobs } from '../../platform/blobs/blobs.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import { type Claim, DONE, ENDED, type WorkResult } from '../../platform/work/work.ts';
import { NO_CAMERA, noPicture, type Sight } from '../desk/alert.ts';
import type { AlertLog, Committed, LogInput } from '../desk/log.ts';
import type { AlertQueries } from '../desk/queries.ts';
import { EVIDENCE_QUEUE } from '../desk/queues.ts';
import type { AlertEvidence, AlertRow, AlertTables } from '../desk/tables.ts';
import { BehindFirstNews } from './behind-first-news.ts';
import type { ClipsPort } from './clips-port.ts';
import { alertsOf, type Looked, lookAtAlerts } from './looked-at.ts';
import type { Opened } from './opened.ts';
import { pictureKey } from './picture-key.ts';

/** What evidence asks of the registry and the video pool. */
export interface Pictures {
  /**
   * Cameras that see each of these devices: those a person named for it, else the nearest within reach that everybody
   * who may see `readers` may see too. A device that none sees is left out.
   */
  camerasFor(devices: readonly DeviceId[], readers: Jurisdiction): Promise<ReadonlyMap<DeviceId, readonly Sight[]>>;
  /** A JPEG of now and when it was taken (Unix ms); leaves an access-register row with this purpose and case. */
  snapshot(camera: DeviceId, why: { purpose: string; case: string }): Promise<{ jpeg: Buffer; takenAtMs: number }>;
}

/** Something that proves an alert, whole. */
export interface ShownEvidence {
  camera: DeviceId;
  type: 'image/jpeg' | 'video/mp4';
  data: Buffer;
  /** Where its alert happened, of an alert that has a plate: the picture shows that plate. */
  platesOf: Place | null;
}

export interface EvidenceDeps {
  database: Database<'alerts'>;
  clock: Clock;
  observer: Observer;
  queries: AlertQueries;
  log: Pick<AlertLog, 'publish' | 'written'>;
  pictures: Pictures;
  /** Filled by whoever is told of a commit. */
  opened: Pick<Opened, 'take'>;
  /** Where the pictures are; nothing else may be kept there. */
  blobs: Blobs;
  /** Where the clips are. */
  clips: Pick<ClipsPort, 'bytes'>;
  committed(published: Committed): void;
  /** How many findings and deliveries are being worked on. */
  firstNews(): number;
}

/** What stands in the access register for every look that is taken for an alert. */
export const EVIDENCE_PURPOSE = 'alert-evidence';
/** A camera that is just starting gets this long before the alert says that there is no picture. */
const TRY_FOR_MS = 60_000;
const AGAIN_MS = 2_000;
const CAMERAS_TRIED = 3;
/** Few, so that a thousand alerts at once do not take the machine for their pictures before they are delivered. */
const PICTURES_AT_ONCE = 4;
/** Keys that are looked into together; most have no camera, or wait for the picture of another. */
export const EVIDENCE_AT_ONCE = 256;
/** Pictures that are written together. */
const ATTACHED_MAX = 128;
/** One that has waited so long for its turn is given back, well before its claim ends, and goes on at once. */
const TURN_WITHIN_MS = 20_000;

type Still = Awaited<ReturnType<Pictures['snapshot']>>;

interface Found {
  /** Its key is the alert's id. */
  claim: Claim;
  /** As it was read. */
  alert: AlertRow;
  evidence: AlertEvidence;
}

/**
 * Attaches a picture to an alert that was just opened. The alert never waits for it: it follows as an update, or a row
 * that says why there is none.
 */
export class EvidenceDesk {
  readonly #deps: EvidenceDeps;
  readonly #looks: Batches<string, Looked>;
  readonly #attached: Batches<Found, WorkResult>;
  readonly #turns: Turns;
  readonly #behind: BehindFirstNews;

  constructor(deps: EvidenceDeps) {
    this.#deps = deps;
    this.#looks = new Batches({ run: (ids) => this.#lookAt(ids), max: EVIDENCE_AT_ONCE });
    this.#attached = new Batches({ run: (found) => this.#attachAll(found), max: ATTACHED_MAX });
    this.#behind = new BehindFirstNews(deps);
    this.#turns = new Turns(deps.clock, PICTURES_AT_ONCE);
  }

  /** Handler of the queue `evidence`; the key is the alert's id. */
  async handle(claim: Claim): Promise<WorkResult> {
    const { alert, cameras } = await this.#looks.add(claim.key);
    if (!alert || alert.evidence.length > 0 || cameras === null) return DONE;
    const attach = (evidence: AlertEvidence): Promise<WorkResult> => this.#attached.add({ claim, alert, evidence });
    if (cameras.length === 0) return await attach(noPicture(this.#deps.clock.nowMs(), NO_CAMERA));
    if (!(await this.#turns.enter(TURN_WITHIN_MS))) return { again: { atMs: this.#deps.clock.nowMs() } };
    const looked = await this.#take(alert, cameras).finally(() => this.#turns.leave());
    return 'again' in looked ? looked : await attach(looked);
  }

  /** A picture of one of these cameras, or why there is none, or when to look again. */
  async #take(alert: AlertRow, cameras: readonly Sight[]): Promise<AlertEvidence | WorkResult> {
    const { clock, pictures } = this.#deps;
    let reason = '';
    for (const sight of cameras.slice(0, CAMERAS_TRIED)) {
      const { camera } = sight;
      try {
        const picture = await pictures.snapshot(camera, { purpose: EVIDENCE_PURPOSE, case: alert.id });
        return await this.#keep(alert.id, sight, picture);
      } catch (error) {
        reason = error instanceof CitywatchError ? error.message : 'The camera gave no picture.';
        this.#deps.observer.log.debug({ part: 'evidence', camera, error: messageOf(error) }, 'no picture yet');
      }
    }
    const nowMs = clock.nowMs();
    if (nowMs - alert.committed_at_ms < TRY_FOR_MS) return { again: { atMs: nowMs + AGAIN_MS } };
    return noPicture(nowMs, reason, cameras[0]?.camera);
  }

  async #lookAt(ids: string[]): Promise<Looked[]> {
    const known = this.#deps.opened.take(ids);
    return await lookAtAlerts(ids, { ...this.#deps, known, needsCameras: ({ evidence }) => evidence.length === 0 });
  }

  /**
   * The picture or clip of an alert the caller may see; the caller's look is registered by whoever serves it. An alert
   * may have moved to another district since, with its device: then only who sees the place of the camera, as it was
   * when the picture was taken, is shown it.
   */
  async shown(caller: Caller, alertId: string, evidenceId: string): Promise<ShownEvidence> {
    const alert = await this.#deps.queries.row(caller, alertId);
    const found = alert.evidence.find(({ id, type }) => id === evidenceId && type !== 'unavailable');
    if (!found?.camera) throw new CitywatchError('not-found');
    if (!isShownTo(caller, found)) {
      throw new CitywatchError('not-found', { detail: 'This picture was taken in another district.' });
    }
    const { camera, type } = found;
    const data = await this.bytes(alertId, found);
    if (!data) throw new CitywatchError('not-found', { detail: 'This is no longer kept.' });
    const { jurisdiction, police } = alert;
    const shows = alert.plates_sealed === null ? null : { jurisdiction, police };
    return { camera, type: type === 'clip' ? 'video/mp4' : 'image/jpeg', data, platesOf: shows };
  }

  /**
   * A picture or clip as it was attached; null where it is not kept any more. Who may be shown it is asked before.
   * Errors: `images.unavailable`, `stream.full`.
   */
  async bytes(alertId: string, { id, type }: Pick<AlertEvidence, 'id' | 'type'>): Promise<Buffer | null> {
    const { blobs, clips } = this.#deps;
    return type === 'clip' ? await clips.bytes(id) : await blobs.get(pictureKey(alertId, id)).catch(refuse);
  }

  async #keep(alertId: string, sight: Sight, { jpeg, takenAtMs }: Still): Promise<AlertEvidence> {
    const evidence: AlertEvidence = {
      id: randomUUID(),
      type: 'picture',
      ...sight,
      takenAtMs: Math.round(takenAtMs),
      ageMs: Math.max(0, Math.round(this.#deps.clock.nowMs() - takenAtMs)),
      sha256: createHash('sha256').update(jpeg).digest('hex'),
    };
    await this.#deps.blobs.put(pictureKey(alertId, evidence.id), jpeg).catch(refuse);
    return evidence;
  }

  /** In the first try the alerts are as they were looked at; one that has changed meanwhile is read again. */
  async #attachAll(found: Found[]): Promise<WorkResult[]> {
    const { database, clock, log } = this.#deps;
    await this.#behind.turn();
    const evidenceOf = new Map(found.map(({ claim, evidence }) => [claim.key, evidence]));
    let known: AlertRow[] | null = found.map(({ alert }) => alert);
    const published = await log.written(database, async (tables) => {
      const rows = known ?? (await alertsOf(tables, [...evidenceOf.keys()]));
      known = null;
      const atMs = clock.nowMs();
      const inputs = rows
        .filter(({ evidence }) => evidence.length === 0)
        .map((row): LogInput => {
          const alert = { ...row, evidence: [evidenceOf.get(row.id)!], version: row.version + 1 };
          return { from: row.version, type: 'alert.evidence', alert, actor: 'citywatch', atMs };
        });
      const claims = found.map(({ claim }) => claim);
      return await log.publish(tables, inputs, { ended: { queue: EVIDENCE_QUEUE, claims } });
    });
    this.#deps.committed(published);
    return found.map(({ claim }) => (published.ended.has(claim.key) ? ENDED : DONE));
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof BlobRefusal)) throw error;
  const away = { detail: 'The disk of the evidence is not there.', cause: error };
  throw new CitywatchError('images.unavailable', error.reason === 'away' ? away : { cause: error });
}

/** Whether a picture or clip may be shown to who sees its alert: by where its camera stood, unless it was granted. */
export function isShownTo(
  caller: Caller,
  { granted, jurisdiction, police }: Pick<AlertEvidence, 'granted' | 'jurisdiction' | 'police'>,
): boolean {
  return granted === true || covers(caller, { jurisdiction: jurisdiction ?? NATIONWIDE, police: police ?? null });
}

/** Whether any alert names a picture: then the store of evidence must not be empty. */
export async function isEvidenceKept(database: Tables): Promise<boolean> {
  const db = database.tables<AlertTables>();
  const some = db.selectFrom('alert').select('id').where(sql<boolean>`evidence @> '[{"type":"picture"}]'`);
  return (await some.limit(1).executeTakeFirst()) !== undefined;
}
