import type { Clock } from '../../core/clock.ts';
import { picturesIn, type VideoSetup, videoSetup } from '../fmp4/annex-b.ts';
import type { Epoch } from '../fmp4/live-window.ts';
import { soundIn } from '../fmp4/samples.ts';
import type { Fragment } from '../fmp4/wall-clock.ts';
import type { Consumer } from '../pool/consumers.ts';
import type { ShownTracks, TrackName } from './description.ts';
import { type OutPicture, RtpWriter } from './rtp-writer.ts';
import { type OutSound, SoundWriter } from './sound-writer.ts';

/** Where what a player gets is written to. */
export interface PlayerSink {
  /** Whole interleaved frames. */
  write(data: Buffer): void;
  /** What was written and is not yet on its way, bytes. */
  readonly backlogBytes: number;
}

export interface PlayerLimits {
  /** A player that is behind by more is given nothing until it has caught up, then from a key frame on. */
  backlogBytesMax: number;
  /** One that is behind for so long is ended. */
  stuckMs: number;
  /** Without a picture for so long it is ended, rather than left with an old one. */
  pictureMs: number;
}

/** Where a track of a player goes: its interleaved channel, and who sends. */
export interface TrackWay {
  channel: number;
  source: number;
}

export interface PlayerDeps {
  clock: Clock;
  sink: PlayerSink;
  /** What the player was told of the stream. */
  told: ShownTracks;
  /** The tracks that it set up; it gets no others. */
  ways: ReadonlyMap<TrackName, TrackWay>;
  limits: PlayerLimits;
}

/** Why a player gets no more. */
export type PlayerEnd = 'slow' | 'no-picture' | 'codec-changed' | 'nonsense';

const REPORT_MS = 5_000;

/**
 * Gives the fragments of a camera to one player, as RTP. Nothing is held here: what cannot be written is left out.
 * Sound goes along with the pictures that it came with, whether it is of their moment or late.
 */
export class Player implements Consumer {
  readonly #deps: PlayerDeps;
  readonly #video: RtpWriter | null;
  readonly #sound: SoundWriter | null;
  #setup: VideoSetup;
  #epoch: Epoch | null = null;
  #hasSound = false;
  #waitsForKey = true;
  /** No sound of before the first picture; Unix ms. */
  #fromMs: number | null = null;
  #behindSinceMs: number | null = null;
  #reportedMs = Number.NEGATIVE_INFINITY;
  #pictureMs: number;
  #end: PlayerEnd | null = null;

  constructor(deps: PlayerDeps) {
    const { clock, told, ways } = deps;
    const [video, sound] = [ways.get('video'), ways.get('sound')];
    this.#deps = deps;
    this.#setup = told.video;
    this.#video = video ? new RtpWriter({ codec: told.video.format === 'h264' ? 'H264' : 'H265', ...video }) : null;
    this.#sound = sound && told.sound ? new SoundWriter({ sampleRate: told.sound.sampleRate, ...sound }) : null;
    this.#pictureMs = clock.monotonicMs();
  }

  /** Why it is to be ended; null while it is not. To be asked once a second. */
  check(): PlayerEnd | null {
    const { clock, sink, limits } = this.#deps;
    const nowMs = clock.monotonicMs();
    const isBehind = sink.backlogBytes > limits.backlogBytesMax;
    this.#behindSinceMs = isBehind ? (this.#behindSinceMs ?? nowMs) : null;
    if (this.#behindSinceMs !== null && nowMs - this.#behindSinceMs >= limits.stuckMs) this.#end ??= 'slow';
    if (nowMs - this.#pictureMs >= limits.pictureMs) this.#end ??= 'no-picture';
    return this.#end;
  }

  epoch(epoch: Epoch): void {
    this.#epoch = epoch;
    this.#waitsForKey = true;
    const { sound } = this.#deps.told;
    // Sound of another kind than it was told of is none for this player.
    this.#hasSound = sound !== null && epoch.init.movie.sound?.config === sound.config.toString('hex');
    this.#guarded(() => {
      const setup = videoSetup(epoch.init);
      if (setup.format !== this.#setup.format) this.#end ??= 'codec-changed';
      this.#setup = setup;
    });
  }

  fragment(fragment: Fragment): void {
    const { clock, sink, limits } = this.#deps;
    if (this.#end || !this.#epoch) return;
    this.#pictureMs = clock.monotonicMs();
    if (sink.backlogBytes > limits.backlogBytesMax) this.#waitsForKey = true;
    else if (fragment.key) this.#waitsForKey = false;
    if (this.#waitsForKey) {
      this.#fromMs = null;
      return;
    }
    const { movie } = this.#epoch.init;
    this.#guarded(() => {
      const pictures = this.#picturesOf(fragment, movie);
      if (pictures.length === 0) return;
      this.#fromMs ??= fragment.startsAtMs;
      this.#report(pictures[0]!.atMs);
      if (this.#video) sink.write(this.#video.pictures(pictures));
      const sound = this.#soundOf(fragment, movie);
      if (this.#sound && sound.length > 0) sink.write(this.#sound.frames(sound));
    });
  }

  /** No picture for the moment; how long that may last, {@link check} knows. */
  failed(): void {}

  /** The first one behind the sets that it needs: they may have changed, and a player may have missed them. */
  #picturesOf(fragment: Fragment, movie: Epoch['init']['movie']): OutPicture[] {
    const { sets, lengthBytes } = this.#setup;
    return picturesIn(fragment.data, movie, lengthBytes).map(({ shownAt, units: all }, index) => {
      const units = all.filter((unit) => unit.length > 0);
      const atMs = fragment.startsAtMs + (shownAt * 1000) / movie.timescale;
      return { atMs, units: index === 0 && fragment.key ? [...sets, ...units] : units };
    });
  }

  #soundOf(fragment: Fragment, movie: Epoch['init']['movie']): OutSound[] {
    if (!this.#sound || !this.#hasSound || !movie.sound) return [];
    const toMs = 1000 / movie.sound.timescale;
    const offMs = fragment.startsAtMs - fragment.decodeTimeMs;
    return soundIn(fragment.data, movie)
      .filter(({ decodeTime, duration }) => (decodeTime + duration) * toMs + offMs > this.#fromMs!)
      .map(({ data, decodeTime }) => ({ data, atMs: decodeTime * toMs + offMs }));
  }

  /** One moment for every track: so players know what of them belongs together. */
  #report(atMs: number): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#reportedMs < REPORT_MS) return;
    this.#reportedMs = nowMs;
    for (const track of [this.#video, this.#sound]) if (track) this.#deps.sink.write(track.report(atMs));
  }

  /** What cannot be read ends this player and nobody else. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch {
      this.#end ??= 'nonsense';
    }
  }
}
