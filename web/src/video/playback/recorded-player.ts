import Hls, { type ErrorData, type Fragment } from 'hls.js';
import { ApiError, request } from '../../api.ts';
import type { KeptPicture } from '../../cameras/kept-picture.ts';
import { caseQuery } from '../../cameras/source.ts';
import { lookPurpose, noticeEnd } from '../../session.ts';
import type { PlaybackClock, Speed } from './clock.ts';
import { correction, placeOf, type Segment, segmentsOf, type Window, windowAround } from './place.ts';

/** What a recording shows now. */
export type Shows = 'reading' | 'picture' | 'hole' | 'refused' | 'full' | 'failed' | 'foreign';

export interface RecordedOptions {
  video: HTMLVideoElement;
  kept: KeptPicture;
  camera: string;
  quality: 'main' | 'sub';
  named: string;
  clock: PlaybackClock;
  onShows(shows: Shows): void;
}

/** From here on the gateway gives key frames alone, which play at their own pace. */
const KEYS_FROM = 8;
/** What could not be read, and what may have grown at its end, is asked for again after this. */
const AGAIN_MS = 10_000;
/** A picture that was to be had is drawn by then. */
const DRAWN_MS = 2_000;
/** Why nothing comes, by the status of the playlist. */
const WHY: Record<number, Shows> = { 403: 'refused', 404: 'hole', 429: 'full', 503: 'full' };
const FOREIGN: readonly string[] = [
  Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR,
  Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR,
  Hls.ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR,
];

/** Plays what was recorded of one camera, at the moment that its clock says. */
export class RecordedPlayer {
  readonly #options: RecordedOptions;
  #hls: Hls | null = null;
  #reading = new AbortController();
  #fragments: readonly Fragment[] = [];
  #window: Window | null = null;
  #speed: Speed = 1;
  #askedAtMs = 0;
  #shows: Shows = 'reading';
  /** This browser cannot show the codec that was recorded. */
  #isForeign = false;
  #jumpedAtMs = Number.NEGATIVE_INFINITY;
  #seenJump = Number.NEGATIVE_INFINITY;

  constructor(options: RecordedOptions) {
    this.#options = options;
  }

  /** To be called several times a second. */
  step(): void {
    const { clock, camera } = this.#options;
    const atMs = clock.positionMs;
    if (!this.#window || atMs < this.#window.fromMs || atMs >= this.#window.toMs || this.#isOtherSpeed()) {
      this.#open(atMs);
    }
    if (this.#shows !== 'picture' && this.#shows !== 'hole') {
      if (performance.now() - this.#askedAtMs > AGAIN_MS && this.#shows !== 'refused') this.#open(atMs);
      clock.wait(camera, this.#shows === 'reading');
      return;
    }
    const place = placeOf(this.#segments(), atMs, this.#mediaSpeed);
    if (place.is === 'hole') this.#onHole(place.nextMs);
    else {
      this.#tell('picture');
      this.#follow(place.s);
    }
  }

  stop(): void {
    this.#options.clock.wait(this.#options.camera, false);
    this.#close();
  }

  get #mediaSpeed(): number {
    return this.#speed >= KEYS_FROM ? this.#speed : 1;
  }

  #isOtherSpeed(): boolean {
    const { speed } = this.#options.clock;
    const isOther = (speed >= KEYS_FROM || this.#speed >= KEYS_FROM) && speed !== this.#speed;
    this.#speed = speed;
    return isOther;
  }

  #segments(): Segment[] {
    return this.#fragments.map(({ programDateTime, start, duration }) => ({
      startsAtMs: programDateTime ?? 0,
      startS: start,
      durationS: duration,
    }));
  }

  #open(atMs: number): void {
    this.#close();
    this.#speed = this.#options.clock.speed;
    this.#window = windowAround(atMs, this.#speed);
    this.#askedAtMs = performance.now();
    this.#tell('reading');
    if (this.#isForeign && this.#speed >= KEYS_FROM) {
      this.#tell('foreign');
      return;
    }
    this.#reading = new AbortController();
    void this.#begin(this.#window, this.#reading.signal);
  }

  /** Loads from the moment on: where it stands only the playlist says. */
  async #begin(window: Window, signal: AbortSignal): Promise<void> {
    const { video, clock } = this.#options;
    const list = this.#address('playback.m3u8', window);
    const text = await request(list, { signal: AbortSignal.any([signal, AbortSignal.timeout(AGAIN_MS)]) })
      .then((answer) => answer.text())
      .catch((error: unknown) => {
        if (!signal.aborted) this.#onRefusal(error instanceof ApiError ? error.status : 0);
        return null;
      });
    if (text === null || signal.aborted) return;
    const place = placeOf(segmentsOf(text), clock.positionMs, this.#mediaSpeed);
    const startPosition = place.is === 'there' ? place.s : 0;
    const hls = new Hls({ enableWorker: false, startPosition, maxBufferLength: 15, backBufferLength: 10 });
    this.#hls = hls;
    hls.on(Hls.Events.LEVEL_LOADED, (_name, { details }) => {
      this.#fragments = details.fragments;
      this.#tell('picture');
    });
    hls.on(Hls.Events.ERROR, (_name, data) => this.#onError(data));
    const isCoded = this.#isForeign;
    hls.loadSource(`/api/v1${isCoded ? list : this.#address('playback-master.m3u8', window)}`);
    hls.attachMedia(video);
  }

  #address(name: string, { fromMs, toMs }: Window): string {
    const { camera, quality, named } = this.#options;
    const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
    const look = `from=${from}&to=${to}&quality=${quality}&purpose=${lookPurpose.value}${caseQuery(named)}`;
    const how = this.#isForeign ? '&codec=h264' : this.#mediaSpeed > 1 ? `&speed=${this.#mediaSpeed}` : '';
    return `/streams/${encodeURIComponent(camera)}/${name}?${look}${how}`;
  }

  #onError({ fatal, details, response }: ErrorData): void {
    if (!fatal) return;
    const atMs = this.#options.clock.positionMs;
    if (FOREIGN.includes(details) && !this.#isForeign) {
      this.#isForeign = true;
      this.#open(atMs);
      return;
    }
    if (FOREIGN.includes(details)) {
      this.#close();
      this.#tell('foreign');
    } else this.#onRefusal(response?.code ?? 0);
  }

  #onRefusal(status: number): void {
    noticeEnd(new ApiError(status));
    this.#close();
    const shows = WHY[status] ?? 'failed';
    if (shows === 'refused') this.#options.kept.forget();
    this.#tell(shows);
  }

  #onHole(nextMs: number | null): void {
    const { video, clock, camera } = this.#options;
    clock.wait(camera, false);
    if (!video.paused) video.pause();
    this.#options.kept.keep(video, clock.positionMs);
    this.#tell('hole');
    // What is being recorded now grows.
    if (nextMs === null && performance.now() - this.#askedAtMs > AGAIN_MS) this.#open(clock.positionMs);
  }

  #follow(wantedS: number): void {
    const { video, clock, camera, kept } = this.#options;
    const rate = this.#speed >= KEYS_FROM ? 1 : this.#speed;
    const plays = clock.plays && !clock.isHeld;
    const { seekS, rate: wantedRate } = correction(video.currentTime, wantedS, plays ? rate : 0);
    if (seekS !== null && !video.seeking) this.#jump(seekS);
    const isThere = video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA && !video.seeking && this.#isSeen();
    clock.wait(camera, !isThere);
    if (plays && video.playbackRate !== wantedRate) video.playbackRate = wantedRate;
    if (plays && video.paused) void video.play().catch(() => undefined);
    else if (!plays && !video.paused && isThere) video.pause();
    if (isThere) kept.drop();
  }

  /** What was shown stays until there is a picture of the new place. */
  #jump(toS: number): void {
    const { video, kept, clock } = this.#options;
    if (this.#isSeen()) kept.keep(video, clock.positionMs);
    video.currentTime = toS;
    this.#jumpedAtMs = performance.now();
    const jump = this.#jumpedAtMs;
    this.#seenJump = Number.NaN;
    video.requestVideoFrameCallback?.(() => {
      this.#seenJump = jump;
    });
  }

  /** Whether a picture was drawn since the last jump. A browser that does not tell is believed to have drawn one. */
  #isSeen(): boolean {
    return this.#seenJump === this.#jumpedAtMs || performance.now() - this.#jumpedAtMs > DRAWN_MS;
  }

  #close(): void {
    const { video, kept, clock } = this.#options;
    if (this.#hls && this.#shows === 'picture') kept.keep(video, clock.positionMs);
    this.#reading.abort();
    this.#hls?.destroy();
    this.#hls = null;
    this.#fragments = [];
  }

  #tell(shows: Shows): void {
    if (shows === this.#shows) return;
    this.#shows = shows;
    this.#options.onShows(shows);
  }
}
