import { join } from 'node:path';
import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Cidr } from '../../platform/outbound/networks.ts';
import { CAGE_REMEDY, type Cage, type CageWishes, findCage, type ProcessUser } from '../ffmpeg/cage.ts';
import { LocalSockets } from '../ffmpeg/local-sockets.ts';
import { Spawner } from '../ffmpeg/spawner.ts';
import type { LiveWindow } from '../fmp4/live-window.ts';
import { Pool, type StreamLease } from '../pool/pool.ts';
import type { StreamStatus } from '../pool/pull.ts';
import type { PullTimes } from '../pool/pull-machine.ts';
import { runPull } from '../pool/run.ts';
import { type CameraSource, type RegisterView, StreamFailure, type View } from '../pool/types.ts';
import { CAMERA_NETWORKS_SETTING, type TcpPort } from '../relay/camera-session.ts';
import { Relay } from '../relay/relay.ts';
import { livePart, masterPlaylist, mediaPlaylist, PART_TYPE, PLAYLIST_TYPE } from './hls.ts';
import { Snapshots } from './snapshots.ts';
import { Viewings } from './viewings.ts';

export interface StreamServiceDeps {
  clock: Clock;
  observer: Observer;
  cameras: CameraSource;
  tcp: TcpPort;
  /** Writes the access-register row of a look; nothing is shown before it resolved. */
  register: RegisterView;
}

export interface StreamOptions {
  /** Directory for sockets between ffmpeg and us; made, emptied and closed to others. Path of at most 85 bytes. */
  socketDirectory: string;
  cameraNetworks: readonly Cidr[];
  /** Whom ffmpeg runs as where we are root; null where we are not. */
  ffmpegUser: ProcessUser | null;
  /** What ffmpeg must not see even where it lies among programs: our data. */
  hidden: readonly string[];
  ffmpegPath?: string;
  pullsMax?: number;
  startsPerS?: number;
  /** Most megabits a second taken from one camera. */
  megabitsPerS?: number;
  times?: Partial<PullTimes>;
}

/** What a route answers with. */
export interface StreamAnswer<Body> {
  contentType: string;
  body: Body;
}

const MEGABITS_PER_S = 60;
const PULLS_MAX = 400;
/** Longest time a viewer is held while the first picture is on its way. */
const HOLD_MS = 15_000;
/** Stills are short and come on top of the pulls. */
const STILLS_MAX = 16;

/**
 * The shared monitoring pool as the API sees it. Every method that shows something takes the look it is part of, and
 * fails with `stream.unavailable` (and the reason), `stream.full`, `outbound.refused` or `not-found`.
 */
export class StreamService {
  readonly #deps: StreamServiceDeps;
  readonly #relay: Relay;
  readonly #sockets: LocalSockets;
  readonly #spawner: Spawner;
  readonly #pool: Pool;
  readonly #viewings: Viewings;
  readonly #snapshots: Snapshots;
  #gap: string | null = null;

  constructor(deps: StreamServiceDeps, options: StreamOptions) {
    const { clock, observer } = deps;
    const { startsPerS = 25, ffmpegPath = 'ffmpeg', pullsMax = PULLS_MAX } = options;
    const log = observer.log.child({ part: 'streams' });
    this.#deps = deps;
    this.#relay = new Relay({ clock, log });
    this.#sockets = new LocalSockets(options.socketDirectory);
    const { ffmpegUser: user, hidden } = options;
    const wishes = { directory: join(options.socketDirectory, 'cage'), ffmpegPath, user, hidden };
    this.#spawner = new Spawner(
      { clock, observer, relay: this.#relay, cage: () => this.#findCage(wishes) },
      { ffmpegPath, startsPerS, processesMax: pullsMax + STILLS_MAX },
    );
    const run = {
      clock,
      log,
      cameras: deps.cameras,
      tcp: deps.tcp,
      networks: options.cameraNetworks,
      relay: this.#relay,
      sockets: this.#sockets,
      spawner: this.#spawner,
      megabitsPerS: options.megabitsPerS ?? MEGABITS_PER_S,
    };
    this.#pool = new Pool({
      clock,
      observer,
      pullsMax,
      times: options.times ?? {},
      run: (target, onPart, signal) => runPull(run, target, onPart, signal),
    });
    this.#viewings = new Viewings({ clock, pool: this.#pool, register: deps.register, cameras: deps.cameras });
    this.#snapshots = new Snapshots({ clock, sockets: this.#sockets, spawner: this.#spawner });
  }

  async start(): Promise<void> {
    await this.#sockets.start();
    this.#spawner.start();
    this.#viewings.start();
  }

  /** Ends every pull and every process; idempotent. */
  async stop(_signal?: AbortSignal): Promise<void> {
    this.#viewings.stop();
    await this.#pool.stop();
    await this.#spawner.stop();
    await this.#relay.stop();
    this.#sockets.stop();
  }

  /** The live HLS master playlist: what the video is, and where; held until a player may begin. */
  playlist(view: View, signal?: AbortSignal): Promise<StreamAnswer<string>> {
    return this.#playlist(view, masterPlaylist, signal);
  }

  /** The playlist of the newest segments, which the master playlist names; held as that one is. */
  mediaPlaylist(view: View, signal?: AbortSignal): Promise<StreamAnswer<string>> {
    return this.#playlist(view, mediaPlaylist, signal);
  }

  /** An initialisation segment or media segment that the playlist named; `not-found` when it is no longer kept. */
  part(view: View, name: string, signal?: AbortSignal): Promise<StreamAnswer<Buffer>> {
    return this.#shown(view, signal, async (lease) => {
      const body = livePart(lease.pull.window, name);
      if (!body) throw new CitywatchError('not-found', { detail: 'This part of the stream is no longer kept.' });
      return { contentType: PART_TYPE, body };
    });
  }

  /** A JPEG of the newest key frame; `atMs` is when it was made. */
  snapshot(view: View, signal?: AbortSignal): Promise<StreamAnswer<Buffer> & { atMs: number }> {
    return this.#shown(view, signal, async ({ pull }, limit) => {
      await pull.until(() => pull.window.newestKey() !== null, limit);
      const { jpeg, atMs } = await this.#snapshots.take(`${view.deviceId} ${view.quality}`, pull.window);
      return { contentType: 'image/jpeg', body: jpeg, atMs };
    });
  }

  /** A look that holds the stream until it is released, for viewers with a connection of their own and the recorder. */
  lease(view: View): Promise<StreamLease> {
    return this.#viewings.lease(view).catch(asAnswer);
  }

  /** Every stream that is being pulled; the caller filters by what it may see. */
  list(): StreamStatus[] {
    return this.#pool.list();
  }

  /** The streams of one camera, main and sub, as far as they are being pulled. */
  status(deviceId: DeviceId): StreamStatus[] {
    return this.#pool.list().filter((one) => one.deviceId === deviceId);
  }

  /** Whether video can be started at all, for the health page. */
  get ready(): boolean {
    return this.#spawner.ready;
  }

  /** What ffmpeg can do although it should not, in one sentence; null when there is nothing, or nothing known yet. */
  get gap(): string | null {
    return this.#gap;
  }

  /** Process ids of the spawner and of every ffmpeg that runs. */
  processes(): { spawner: number | null; ffmpeg: number[] } {
    return { spawner: this.#spawner.pid, ffmpeg: this.#spawner.processIds };
  }

  #playlist(
    view: View,
    write: (window: LiveWindow, suffix: string) => string | null,
    signal: AbortSignal | undefined,
  ): Promise<StreamAnswer<string>> {
    return this.#shown(view, signal, async (lease, limit) => {
      const { window } = lease.pull;
      await lease.pull.until(() => window.startable, limit);
      const body = write(window, queryOf(view));
      if (body === null) throw new StreamFailure('stalled');
      return { contentType: PLAYLIST_TYPE, body };
    });
  }

  async #findCage(wishes: CageWishes): Promise<Cage> {
    const cage = await findCage(wishes);
    this.#gap = cage.gap;
    if (cage.gap) this.#deps.observer.log.warn({ part: 'streams', remedy: CAGE_REMEDY }, cage.gap);
    return cage;
  }

  async #shown<Result>(
    view: View,
    signal: AbortSignal | undefined,
    show: (lease: StreamLease, limit: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const limit = deadline(this.#deps.clock, HOLD_MS, signal);
    try {
      return await this.#viewings.during(view, (lease) => show(lease, limit.signal));
    } catch (error) {
      return asAnswer(error);
    } finally {
      limit.cancel();
    }
  }
}

/** Names inside a playlist carry the look they belong to, so that fetching them is not another look. */
function queryOf(view: View): string {
  const query = new URLSearchParams({ quality: view.quality, purpose: view.purpose });
  if (view.case !== null) query.set('case', view.case);
  return `?${query}`;
}

function asAnswer(error: unknown): never {
  if (!(error instanceof StreamFailure)) throw error;
  const { reason, message: detail } = error;
  if (reason === 'no-address') throw new CitywatchError('not-found', { detail });
  if (reason === 'refused-address') {
    throw new CitywatchError('outbound.refused', { detail: `${detail} Allowed networks: ${CAMERA_NETWORKS_SETTING}.` });
  }
  throw new CitywatchError('stream.unavailable', { detail, retryAfterS: 5 });
}
