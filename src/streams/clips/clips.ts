import { createHash, randomUUID } from 'node:crypto';
import { type Clock, DAY_MS, MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { Turns } from '../../core/mechanisms/turns.ts';
import type { Observer } from '../../core/observe.ts';
import type { Caller, DeviceId, DeviceIdentity } from '../../core/types.ts';
import { BlobRefusal, type Blobs } from '../../platform/blobs/blobs.ts';
import type { Database } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { DONE, enqueueWork, type WorkResult } from '../../platform/work/work.ts';
import type { View } from '../pool/types.ts';
import type { Captures } from './captures.ts';
import { CLIP_SOURCES, type Clip, type ClipAsked, type ClipSource } from './clip.ts';
import { clipFile } from './clip-file.ts';
import { addClip, clipOf, clipsOf, clipsPast, countWaiting, endClip, forgetClips, waitingClips } from './clip-table.ts';
import { type ClipMaterial, isCovered } from './material.ts';
import type { Moment } from './moments.ts';

export interface ClipsDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  captures: Captures;
  material: ClipMaterial;
  /** Whether this picture of a camera is being recorded, so that its files come by and by. */
  isRecorded(of: Pick<ClipAsked, 'device' | 'quality'>): boolean;
  /** Where clips are; nothing else may be kept there. */
  blobs: Blobs;
  /** Enters a look into the access register before the first byte. */
  register(view: View): Promise<void>;
}

/** Work on clips; the key is the id. */
export const CLIPS_QUEUE = 'clips';
const CLIP_LENGTH_MAX_MS = 5 * MINUTE_MS;
/** So far ahead a clip may end. */
const AHEAD_MAX_MS = 10 * MINUTE_MS;
/** How long a clip is kept where nobody says. */
export const CLIP_KEPT_MS = 180 * DAY_MS;
const UNTIL_MAX_MS = 3_650 * DAY_MS;
/** Of one camera. */
const WAITING_MAX = 50;
/** Clips that a start goes on with in memory; the rest are made of recordings alone. */
const STARTED_MAX = 128;
const LISTED_MAX = 200;
/** The last fragment of the time comes so long after it. */
const LATE_MS = 1_500;
/** A file of a recording has its row when its minute, and half of another, is over. */
const ROW_WITHIN_MS = 110_000;
const AGAIN_MS = 5_000;
/** So long it is tried again where the camera cannot be asked for what it keeps itself, being asked already. */
const CAMERA_WITHIN_MS = 5 * MINUTE_MS;
const READS_MAX = 2;
const TURN_WITHIN_MS = 5_000;
const PAST_AT_ONCE = 200;

interface AskedBy {
  /** Where whoever asks knows it before. */
  id?: string;
  /** A person or a token that asks for it. */
  audit?: { caller: Caller; of: DeviceIdentity };
}

/** Clips of cameras: asked for, made when their time is over, kept as files of their own, shown by look. */
export class Clips {
  readonly #deps: ClipsDeps;
  readonly #turns: Turns;

  constructor(deps: ClipsDeps) {
    this.#deps = deps;
    this.#turns = new Turns(deps.clock, READS_MAX);
  }

  /** Goes on with clips whose time was not over when the gateway ended. */
  async start(): Promise<void> {
    const { database, clock, captures } = this.#deps;
    const nowMs = clock.nowMs();
    for (const clip of await waitingClips(database, nowMs, STARTED_MAX)) void captures.begin(clip.id, clip, nowMs);
  }

  /**
   * Asks for a clip; the same `id` again is the same clip. Its making begins at once: what is in memory would be gone
   * soon. The right to the camera is checked before. Errors: `request.invalid`, `conflict.state` where as many clips of
   * the camera are being made as may be.
   */
  async clip(asked: ClipAsked, { id = randomUUID(), audit }: AskedBy = {}): Promise<Clip> {
    const { database, clock, captures } = this.#deps;
    const atMs = clock.nowMs();
    checkSpan(asked, atMs);
    const clip: Clip = { ...asked, id, state: 'waiting', askedAtMs: atMs, file: null, holes: [] };
    const stood = await clipOf(database, id);
    if (stood) return stood;
    const begun = captures.begin(id, asked, atMs);
    try {
      await database.transaction(async (tx) => {
        if ((await countWaiting(tx, asked.device)) >= WAITING_MAX) {
          throw new CitywatchError('conflict.state', { detail: `${WAITING_MAX} clips of this camera are being made.` });
        }
        await addClip(tx, clip);
        const dueAtMs = Math.max(atMs, asked.toMs + LATE_MS);
        await enqueueWork(tx, clock, [{ queue: CLIPS_QUEUE, key: id, dueAtMs }]);
        if (audit) await recordAudit(tx, auditOf(clip, audit));
      });
    } catch (error) {
      await begun;
      captures.end(id);
      throw error;
    }
    return clip;
  }

  /** Clips of a camera, the latest first; the right to it is checked before. */
  of(device: DeviceId): Promise<Clip[]> {
    return clipsOf(this.#deps.database, device, LISTED_MAX);
  }

  /** Errors: `not-found`, also for a clip of another camera. */
  async one(device: DeviceId, id: string): Promise<Clip> {
    const clip = await clipOf(this.#deps.database, id);
    if (clip?.device !== device) throw new CitywatchError('not-found', { detail: 'This clip is not kept.' });
    return clip;
  }

  /** As {@link one}, for those who know the id alone; null where there is none. */
  find(id: string): Promise<Clip | null> {
    return clipOf(this.#deps.database, id);
  }

  /** The file of a clip, once the look is registered. Errors: `not-found`, `stream.full`, `images.unavailable`. */
  async file(view: View, id: string): Promise<Buffer> {
    const { file } = await this.one(view.deviceId, id);
    if (!file) throw new CitywatchError('not-found', { detail: 'This clip has no file yet, or never will.' });
    await this.#deps.register(view);
    const data = await this.bytes(id);
    if (data === null) throw new CitywatchError('not-found', { detail: 'The file of this clip is not on the disk.' });
    return data;
  }

  /**
   * What was recorded of a time as one file, made at once and kept nowhere; the right to the camera is checked before,
   * the look is registered here. Errors: `request.invalid` for more than five minutes, or what is still to come;
   * `not-found` where nothing was recorded; `stream.full`.
   */
  async cut(view: View, { fromMs, toMs }: Pick<ClipAsked, 'fromMs' | 'toMs'>): Promise<Buffer> {
    if (toMs - fromMs > CLIP_LENGTH_MAX_MS) throw invalid('to', 'is too late: a clip has five minutes at most');
    if (toMs > this.#deps.clock.nowMs()) throw invalid('to', 'is still to come: ask for a clip of it');
    if (!(await this.#turns.enter(TURN_WITHIN_MS))) throw new CitywatchError('stream.full', { retryAfterS: 1 });
    try {
      const of = { device: view.deviceId, quality: view.quality, fromMs, toMs };
      const { moments } = await this.#deps.material.choose(of, []);
      if (moments.length === 0) throw new CitywatchError('not-found', { detail: 'Nothing was recorded then.' });
      await this.#deps.register(view);
      return await clipFile(moments);
    } finally {
      this.#turns.leave();
    }
  }

  /** The file of a clip; null where it is not kept. The look is registered by whoever shows it. Errors as `file`. */
  async bytes(id: string): Promise<Buffer | null> {
    if (!(await this.#turns.enter(TURN_WITHIN_MS))) throw new CitywatchError('stream.full', { retryAfterS: 1 });
    return await this.#deps.blobs
      .get(keyOf(id))
      .catch(refuse)
      .finally(() => this.#turns.leave());
  }

  /** Handler of {@link CLIPS_QUEUE}. */
  async handle(id: string): Promise<WorkResult> {
    const { database, clock, captures, blobs, material } = this.#deps;
    const clip = await clipOf(database, id);
    if (clip?.state !== 'waiting') return DONE;
    const nowMs = clock.nowMs();
    if (nowMs < clip.toMs + LATE_MS) return { again: { atMs: clip.toMs + LATE_MS } };
    const caught = captures.look(id);
    const found = await material.choose(clip, caught.moments);
    const isWhole = isCovered(found, clip);
    const isToCome = this.#deps.isRecorded(clip) && nowMs < clip.toMs + ROW_WITHIN_MS;
    if (!isWhole && isToCome) return { again: { atMs: nowMs + AGAIN_MS } };
    const edge = isWhole ? null : await material.fromCamera(clip, found);
    const isBusy = edge?.outcome.how === 'busy' && nowMs < clip.toMs + CAMERA_WITHIN_MS;
    if (isBusy) return { again: { atMs: nowMs + AGAIN_MS } };
    const all = [...caught.moments, ...(edge?.moments ?? [])];
    const chosen = edge === null ? found : await material.choose(clip, all);
    const holes = await material.holesOf(clip, caught, { ...chosen, edge: edge?.outcome ?? null });
    if (chosen.moments.length === 0) await endClip(database, id, { state: 'failed', file: null, holes });
    else {
      const data = await clipFile(chosen.moments);
      await blobs.put(keyOf(id), data).catch(refuse);
      await endClip(database, id, { state: 'ready', file: factsOf(chosen.moments, data), holes });
    }
    captures.end(id);
    return DONE;
  }

  /** Removes clips whose time has come at `nowMs`, the time that is believed: first the file, then its row. */
  async tidy(nowMs: number): Promise<void> {
    const { database, blobs, captures } = this.#deps;
    const ids = await clipsPast(database, nowMs, PAST_AT_ONCE);
    for (const id of ids) {
      await blobs.delete(keyOf(id));
      captures.end(id);
    }
    await forgetClips(database, ids);
  }
}

/** Errors: `request.invalid`. */
function checkSpan({ fromMs, toMs, untilMs }: ClipAsked, atMs: number): void {
  if (toMs - fromMs > CLIP_LENGTH_MAX_MS) throw invalid('to', 'is too late: a clip has five minutes at most');
  if (fromMs > atMs) throw invalid('from', 'is still to come: begin now at the latest');
  if (toMs > atMs + AHEAD_MAX_MS) throw invalid('to', 'is too late: end within ten minutes from now');
  if (untilMs <= atMs || untilMs - atMs > UNTIL_MAX_MS) throw invalid('until', 'must lie within the next ten years');
}

function auditOf(clip: Clip, { caller, of }: NonNullable<AskedBy['audit']>) {
  const { id, fromMs, toMs, reason, alert } = clip;
  const after = { id, fromMs, toMs, reason, case: clip.case, alert };
  const subject = `device/${of.id}`;
  const { jurisdiction } = of;
  return { caller, action: 'recording.clip', subject, jurisdiction, before: null, after, atMs: clip.askedAtMs };
}

function factsOf(moments: readonly Moment[], data: Buffer) {
  const [first, last] = [moments[0]!, moments.at(-1)!];
  const source = CLIP_SOURCES.find((name) => sameSources(name, moments))!;
  return {
    startsAtMs: Math.round(first.startsAtMs),
    endsAtMs: Math.round(last.startsAtMs + last.durationMs),
    bytes: data.length,
    sha256: createHash('sha256').update(data).digest('hex'),
    codec: first.init.movie.codec,
    source,
  };
}

function sameSources(name: ClipSource, moments: readonly Moment[]): boolean {
  return name.split('+').toSorted().join() === [...new Set(moments.map(({ source }) => source))].sort().join();
}

/** Folders of at most some thousands. */
function keyOf(id: string): string {
  return `${id.slice(0, 2)}/${id}.mp4`;
}

function refuse(error: unknown): never {
  if (!(error instanceof BlobRefusal)) throw error;
  const away = { detail: 'The disk of the clips is not there.', cause: error };
  throw new CitywatchError('images.unavailable', error.reason === 'away' ? away : { cause: error });
}
