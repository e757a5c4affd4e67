import { deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { DeviceId } from '../../core/types.ts';
import type { LiveWindow } from '../fmp4/live-window.ts';
import type { InitSegment } from '../fmp4/parser.ts';
import type { PictureHealth, StreamHealth } from '../picture-health/health.ts';
import type { StreamStatus } from '../pool/arrivals.ts';
import type { CameraPool } from '../pool/camera-pool.ts';
import type { StreamLease } from '../pool/pool.ts';
import { type CameraSource, type Quality, type RegisterView, StreamFailure, type View } from '../pool/types.ts';
import type { WallLevel } from '../pool/uses.ts';
import { CAMERA_NETWORKS_SETTING } from '../relay/camera-session.ts';
import { livePart, masterPlaylist, mediaPlaylist, PART_TYPE, PLAYLIST_TYPE } from './hls.ts';
import { isAwaited, isThere, partBytes, type Reload } from './hls-parts.ts';
import { Snapshots } from './snapshots.ts';
import { Viewings } from './viewings.ts';

export interface StreamServiceDeps {
  pool: CameraPool;
  health: Pick<PictureHealth, 'of'>;
  cameras: Pick<CameraSource, 'withheld'>;
  /** Writes the access-register row of a look; nothing is shown before it resolved. */
  register: RegisterView;
}

/** A stream that is pulled, and how its video comes; null until it was looked at. */
export interface ShownStream extends StreamStatus {
  health: StreamHealth | null;
}

/** What a route answers with. */
export interface StreamAnswer<Body> {
  contentType: string;
  body: Body;
  /** Which of the two pictures it is; for a wall it may be a smaller one than was asked for. */
  quality: Quality;
}

/** What is asked for; `begins`: it depends on nothing that was shown before. */
interface Shown {
  view: View;
  begins: boolean;
  signal: AbortSignal | undefined;
  /** {@link HOLD_MS} unless it says otherwise. */
  holdMs?: number;
}

/** Longest time a viewer is held while the first picture is on its way. */
const HOLD_MS = 15_000;
/**
 * The same for what comes next of a stream that plays: three target durations (RFC 8216bis §6.2.5.2) and a little. So
 * a right that is withdrawn meanwhile ends within the 10 s that this may take.
 */
const NEXT_HOLD_MS = 8_000;

/**
 * What people see of the shared monitoring pool, for the API. Every method that shows something takes the look it is
 * part of, and fails with `stream.unavailable` (and the reason), `stream.full`, `outbound.refused` or `not-found`.
 */
export class StreamService {
  readonly #pool: CameraPool;
  readonly #health: StreamServiceDeps['health'];
  readonly #viewings: Viewings;
  readonly #snapshots: Snapshots;

  constructor({ pool, health, cameras, register }: StreamServiceDeps) {
    const { clock, sockets, spawner } = pool;
    this.#pool = pool;
    this.#health = health;
    this.#viewings = new Viewings({ clock, pool, register, cameras });
    this.#snapshots = new Snapshots({ clock, sockets, spawner });
  }

  start(): void {
    this.#viewings.start();
  }

  /** Ends every look; the pool goes on. */
  stop(): void {
    this.#viewings.stop();
  }

  /** The live HLS master playlist: what the video is, and where; held until a player may begin. */
  playlist(view: View, signal?: AbortSignal): Promise<StreamAnswer<string>> {
    return this.#playlist({ view, begins: true, signal }, masterPlaylist, (window) => window.startable);
  }

  /**
   * The playlist of the newest segments, which the master playlist names; held as that one is. With `reload` it tells
   * of parts, too, and is held until what is waited for is there. Errors: `request.invalid` for what is far ahead.
   */
  mediaPlaylist(view: View, signal?: AbortSignal, reload?: Reload): Promise<StreamAnswer<string>> {
    if (!reload) return this.#playlist({ view, begins: false, signal }, mediaPlaylist, (window) => window.startable);
    const write = (window: LiveWindow, suffix: string) => mediaPlaylist(window, suffix, true);
    const holdMs = reload.msn === undefined ? HOLD_MS : NEXT_HOLD_MS;
    return this.#playlist({ view, begins: false, signal, holdMs }, write, (window) => {
      if (!window.startable || !window.parts.known) return false;
      if (isAwaited(window, reload)) return isThere(window, reload);
      const issues = [
        { path: '_HLS_msn', message: 'is further ahead than a player waits for; read the playlist anew' },
      ];
      throw new CitywatchError('request.invalid', { issues });
    });
  }

  /**
   * An initialisation segment, media segment or part that the playlist named; one that comes next is waited for.
   * `not-found` when it is no longer kept.
   */
  part(view: View, name: string, signal?: AbortSignal): Promise<StreamAnswer<Buffer>> {
    return this.#shown({ view, begins: false, signal, holdMs: NEXT_HOLD_MS }, async ({ pull, quality }, limit) => {
      const { window } = pull;
      if (partBytes(window, name) === 'soon') await pull.until(() => partBytes(window, name) !== 'soon', limit);
      const part = partBytes(window, name);
      const body = part === 'soon' ? null : (part ?? livePart(window, name));
      if (!body) throw new CitywatchError('not-found', { detail: 'This part of the stream is no longer kept.' });
      return { contentType: PART_TYPE, body, quality };
    });
  }

  /** A JPEG of the newest key frame; `atMs` is when that was received. Walls share one of the small picture. */
  snapshot(view: View, signal?: AbortSignal): Promise<StreamAnswer<Buffer> & { atMs: number }> {
    const asked: View = view.use === 'wall' ? { ...view, quality: 'sub', use: 'snapshot' } : view;
    return this.#shown({ view: asked, begins: true, signal }, async ({ pull, quality }, limit) => {
      this.#snapshots.prepare();
      await pull.until(() => pull.window.newestKey() !== null, limit);
      const { jpeg, atMs } = await this.#snapshots.take(`${view.deviceId} ${quality}`, pull.window);
      return { contentType: 'image/jpeg', body: jpeg, atMs, quality };
    });
  }

  /** A look that holds the stream until it is released, for viewers with a connection of their own. */
  lease(view: View): Promise<StreamLease> {
    return this.#viewings.lease(view).catch(asAnswer);
  }

  /** As {@link lease}, once there is a picture; `init` is what it begins with. */
  async opened(view: View, signal: AbortSignal): Promise<{ lease: StreamLease; init: InitSegment }> {
    const lease = await this.lease(view);
    try {
      const { window } = lease.pull;
      await lease.pull.until(() => window.newestKey() !== null, signal);
      return { lease, init: window.newestKey()!.epoch.init };
    } catch (error) {
      lease.release();
      return asAnswer(error);
    }
  }

  /** See {@link Pool.wall}. */
  get wall(): WallLevel {
    return this.#pool.wall;
  }

  /** Registers a look at what was recorded of a camera; it resolves before the first byte may go out. */
  registered(view: View): Promise<void> {
    return this.#viewings.registered(view);
  }

  /** Every stream that is being pulled; the caller filters by what it may see. */
  list(): ShownStream[] {
    return this.#pool.list().map((one) => ({ ...one, health: this.#health.of(one) }));
  }

  /** The streams of one camera, main and sub, as far as they are being pulled. */
  status(deviceId: DeviceId): ShownStream[] {
    return this.list().filter((one) => one.deviceId === deviceId);
  }

  /** Whether what starts ffmpeg should run and does not, for the health page. */
  get spawnerDown(): boolean {
    return this.#pool.spawner.down;
  }

  /** What somebody should know although video is well, each in a sentence. */
  notes(): string[] {
    const { gap, unrenewed } = this.#pool;
    const doubled = `PostgreSQL renews no leases; cameras pulled on, which another gateway may pull, too: ${unrenewed}`;
    return [...(gap === null ? [] : [gap]), ...(unrenewed > 0 ? [doubled] : [])];
  }

  /** Process ids of the spawner, which runs once ffmpeg was needed, and of every ffmpeg that runs. */
  processes(): { spawner: number | null; ffmpeg: number[] } {
    const { spawner } = this.#pool;
    return { spawner: spawner.pid, ffmpeg: spawner.processIds };
  }

  #playlist(
    look: Shown,
    write: (window: LiveWindow, suffix: string) => string | null,
    isReady: (window: LiveWindow) => boolean,
  ): Promise<StreamAnswer<string>> {
    return this.#shown(look, async ({ pull, quality }, limit) => {
      const { window } = pull;
      await pull.until(() => isReady(window), limit);
      const body = write(window, queryOf(look.view));
      if (body === null) throw new StreamFailure('stalled');
      return { contentType: PLAYLIST_TYPE, body, quality };
    });
  }

  async #shown<Result>(
    { view, begins, signal, holdMs = HOLD_MS }: Shown,
    show: (lease: StreamLease, limit: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const { clock } = this.#pool;
    const endsAtMs = clock.monotonicMs() + holdMs;
    try {
      return await this.#viewings.during(view, begins, async (lease, over) => {
        const limit = deadline(clock, Math.max(0, endsAtMs - clock.monotonicMs()), signal, over);
        return await show(lease, limit.signal).finally(limit.cancel);
      });
    } catch (error) {
      return asAnswer(error);
    }
  }
}

/** Names inside a playlist carry the look they belong to, so that fetching them is not another look. */
function queryOf(view: View): string {
  const { members, codec, quality, use, purpose, link } = view;
  if (link !== undefined) return `?link=${link}`;
  const isMosaic = members !== undefined && codec === undefined;
  const query = new URLSearchParams(isMosaic ? { cameras: members.join(',') } : { quality });
  if (codec !== undefined) query.set('codec', codec);
  query.set('use', use);
  query.set('purpose', purpose);
  if (view.case !== null) query.set('case', view.case);
  return `?${query}`;
}

function asAnswer(error: unknown): never {
  if (!(error instanceof StreamFailure)) throw error;
  const { reason, message: detail } = error;
  if (reason === 'busy') throw new CitywatchError('stream.full', { detail, retryAfterS: 10 });
  if (reason === 'no-address') throw new CitywatchError('not-found', { detail });
  if (reason === 'refused-address') {
    throw new CitywatchError('outbound.refused', { detail: `${detail} Allowed networks: ${CAMERA_NETWORKS_SETTING}.` });
  }
  throw new CitywatchError('stream.unavailable', { detail, retryAfterS: 5 });
}
