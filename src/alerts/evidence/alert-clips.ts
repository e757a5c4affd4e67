import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { Batches } from '../../core/mechanisms/batches.ts';
import type { Database } from '../../platform/database/database.ts';
import { DONE, type WorkResult } from '../../platform/work/work.ts';
import type { Sight } from '../desk/alert.ts';
import type { AlertLog, Committed, LogInput } from '../desk/log.ts';
import type { AlertEvidence, AlertRow } from '../desk/tables.ts';
import type { AlertClip, ClipsPort } from './clips-port.ts';
import type { Pictures } from './evidence.ts';
import { alertsOf, type Looked, lookAtAlerts } from './looked-at.ts';

export interface AlertClipsDeps {
  database: Database<'alerts'>;
  clock: Clock;
  log: Pick<AlertLog, 'publish' | 'written'>;
  pictures: Pick<Pictures, 'camerasFor'>;
  clips: ClipsPort;
  committed(published: Committed): void;
}

/** So much of the time before what raised the alert was received, and after it. */
const BEFORE_MS = 10_000;
const AFTER_MS = 20_000;
const AGAIN_MS = 2_000;
/** Alerts that are looked at together; most have no camera. */
export const ALERT_CLIPS_AT_ONCE = 128;
/** The picture comes first, and it, or why there is none, is there by then. */
const PICTURE_WITHIN_MS = 90_000;
/** A clip that is not made by then never will be. */
const CLIP_WITHIN_MS = 600_000;

/** Attaches a clip to an alert whose rule asks for one: as an update, when its time is over. */
export class AlertClips {
  readonly #deps: AlertClipsDeps;

  readonly #looks: Batches<string, Looked>;

  constructor(deps: AlertClipsDeps) {
    this.#deps = deps;
    const needsCameras = (alert: AlertRow): boolean => !hasClip(alert);
    const run = (ids: string[]): Promise<Looked[]> => lookAtAlerts(ids, { ...deps, known: [], needsCameras });
    this.#looks = new Batches({ run, max: ALERT_CLIPS_AT_ONCE });
  }

  /** Handler of the queue `alert-clips`; the key is the alert's id. */
  async handle(id: string): Promise<WorkResult> {
    const { clock, clips } = this.#deps;
    const { alert, cameras } = await this.#looks.add(id);
    const sight = cameras?.[0];
    // That no camera sees the place is told where the picture should be.
    if (!alert || !sight || hasClip(alert)) return DONE;
    const clip = clipId(id);
    const atMs = alert.received_at_ms;
    const found = await clips.find(clip);
    const nowMs = clock.nowMs();
    if (!found) {
      if (nowMs - atMs > CLIP_WITHIN_MS) return DONE;
      await clips.ask(clip, { camera: sight.camera, fromMs: atMs - BEFORE_MS, toMs: atMs + AFTER_MS, alert: id });
      return { again: { atMs: Math.max(nowMs, atMs + AFTER_MS) + AGAIN_MS } };
    }
    const isPictureToCome = alert.evidence.length === 0 && nowMs - alert.committed_at_ms < PICTURE_WITHIN_MS;
    const isLate = nowMs - alert.committed_at_ms > CLIP_WITHIN_MS;
    if (isPictureToCome || (found.state === 'waiting' && !isLate)) return { again: { atMs: nowMs + AGAIN_MS } };
    await this.#attach(id, evidenceOf(clip, found, sight));
    return DONE;
  }

  async #attach(id: string, evidence: AlertEvidence): Promise<void> {
    const { database, clock, log, committed } = this.#deps;
    const published = await log.written(database, async (tables) => {
      const rows = await alertsOf(tables, [id]);
      const inputs = rows
        .filter((row) => !hasClip(row))
        .map((row): LogInput => {
          const alert = { ...row, evidence: [...row.evidence, evidence], version: row.version + 1 };
          return { from: row.version, type: 'alert.evidence', alert, actor: 'citywatch', atMs: clock.nowMs() };
        });
      return await log.publish(tables, inputs);
    });
    committed(published);
  }
}

function hasClip({ evidence }: AlertRow): boolean {
  return evidence.some(({ type }) => type === 'clip');
}

/** An id of the form of a UUID that follows from the alert's: asked twice, it is one clip. */
function clipId(alert: string): string {
  const hex = createHash('sha256').update(`clip ${alert}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function evidenceOf(
  clip: string,
  { state, startsAtMs, endsAtMs, sha256, missing }: AlertClip,
  sight: Sight,
): AlertEvidence {
  return {
    id: clip,
    type: 'clip',
    ...sight,
    takenAtMs: startsAtMs,
    endsAtMs,
    sha256: state === 'ready' ? sha256 : null,
    ...(missing === null ? {} : { reason: missing }),
  };
}
