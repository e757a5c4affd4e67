import { randomBytes } from 'node:crypto';
import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { DeviceId } from '../../core/types.ts';
import { videoSetup } from '../fmp4/annex-b.ts';
import type { InitSegment } from '../fmp4/parser.ts';
import type { StreamLease } from '../pool/pool.ts';
import type { View } from '../pool/types.ts';
import type { WallLevel } from '../pool/uses.ts';
import { aacConfigOf } from '../relay/sound/aac-config.ts';
import type { ShownTracks, TrackName } from './description.ts';
import { Player, type PlayerEnd, type PlayerLimits, type PlayerSink, type TrackWay } from './player.ts';
import type { Seats } from './seats.ts';

/** What shows video, and the tokens that open it. */
export interface ShowingDeps {
  clock: Clock;
  streams: {
    /** Holds the stream once there is a picture; the look is registered before. */
    opened(view: View, signal: AbortSignal): Promise<{ lease: StreamLease; init: InitSegment }>;
    /** As `opened`, without waiting. */
    lease(view: View): Promise<StreamLease>;
    readonly wall: WallLevel;
  };
  passes: PassDoor;
  seats: Seats;
  limits: PlayerLimits;
}

/** Viewer tokens: who has one may see one camera or mosaic. */
export interface PassDoor {
  /** What is proven with the user name `id`; null for a text that is none. Asks nobody. */
  secretOf(id: string): string | null;
  /** The look that it is for. Errors: `auth.required` where it counts no more, and those of looks. */
  viewOf(id: string): Promise<View>;
  /** Those that still count, with what their viewers may do now. Rejects where nobody can say. */
  standing(ids: readonly string[]): Promise<ReadonlySet<string>>;
}

/** Longest time a player is held while the first picture is on its way. */
const HOLD_MS = 15_000;

export type ShowingEnd = PlayerEnd | 'stills-only' | 'unavailable';

/** A stream that is shown to one player: described, set up, played. Holds a seat and a lease until it ends. */
export class Showing {
  readonly pass: string;
  readonly view: View;
  readonly tracks: ShownTracks;
  readonly #deps: ShowingDeps;
  readonly #leave: () => void;
  readonly #ways = new Map<TrackName, TrackWay>();
  #lease: StreamLease;
  #session: string | null = null;
  #player: Player | null = null;
  #unlisten: () => void = () => {};
  #isLowering = false;
  #isOver = false;
  #end: ShowingEnd | null = null;

  private constructor(deps: ShowingDeps, parts: Pick<Showing, 'pass' | 'view' | 'tracks'> & Taken) {
    this.#deps = deps;
    this.pass = parts.pass;
    this.view = parts.view;
    this.tracks = parts.tracks;
    this.#leave = parts.leave;
    this.#lease = parts.lease;
  }

  /** Errors: those of {@link PassDoor.viewOf}, of looks, and `not-found` where `path` is not what the token is for. */
  static async open(deps: ShowingDeps, pass: string, { path, signal }: { path: string; signal: AbortSignal }) {
    const view = await deps.passes.viewOf(pass);
    if (path !== pathOf(view.deviceId, view.members !== undefined)) throw new CitywatchError('not-found');
    const leave = deps.seats.enter(view.viewer);
    const limit = deadline(deps.clock, HOLD_MS, signal);
    try {
      const { lease, init } = await deps.streams.opened(view, limit.signal);
      return new Showing(deps, { pass, view, tracks: tracksOf(init), leave, lease });
    } catch (error) {
      leave();
      throw error;
    } finally {
      limit.cancel();
    }
  }

  /** Its number, once a player has set it up. */
  get session(): string | null {
    return this.#session;
  }

  get isPlaying(): boolean {
    return this.#player !== null;
  }

  /** What a player has set up so far. */
  get ways(): ReadonlyMap<TrackName, TrackWay> {
    return this.#ways;
  }

  /** A player chose a channel for a track; answers what it is told of who sends. */
  setUp(track: TrackName, channel: number): string {
    this.#session ??= randomBytes(8).toString('hex');
    const source = randomBytes(4).readUInt32BE();
    this.#ways.set(track, { channel, source });
    return source.toString(16).padStart(8, '0');
  }

  /** Begins to write what was set up; once. */
  play(sink: PlayerSink): void {
    if (this.#player || this.#ways.size === 0 || this.#isOver) return;
    const { clock, limits } = this.#deps;
    this.#player = new Player({ clock, sink, told: this.tracks, ways: this.#ways, limits });
    this.#unlisten = this.#lease.listen(this.#player);
  }

  /** Why it is to be ended; null while it is not. To be called once a second. */
  check(): ShowingEnd | null {
    this.#end ??= this.#player?.check() ?? null;
    const { wall } = this.#deps.streams;
    if (this.view.use !== 'wall' || wall === 'as-asked') return this.#end;
    if (wall === 'stills') this.#end ??= 'stills-only';
    else if (this.#lease.quality === 'main' && this.view.quality === 'main') void this.#lower();
    return this.#end;
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unlisten();
    this.#lease.release();
    this.#leave();
  }

  /** Goes on with a smaller picture of a wall, as the pool gives it. */
  async #lower(): Promise<void> {
    if (this.#isLowering) return;
    this.#isLowering = true;
    try {
      const lease = await this.#deps.streams.lease(this.view);
      if (this.#isOver) return lease.release();
      this.#unlisten();
      this.#lease.release();
      this.#lease = lease;
      if (this.#player) this.#unlisten = lease.listen(this.#player);
    } catch {
      this.#end ??= 'unavailable';
    } finally {
      this.#isLowering = false;
    }
  }
}

function tracksOf(init: InitSegment): ShownTracks {
  const { sound } = init.movie;
  return { video: videoSetup(init), sound: sound && aacConfigOf(Buffer.from(sound.config, 'hex')) };
}

interface Taken {
  leave: () => void;
  lease: StreamLease;
}

/** Where a player finds what a token is for, behind host and port. */
export function pathOf(camera: DeviceId, isMosaic: boolean): string {
  return isMosaic ? '/live/mosaic' : `/live/${camera}`;
}
