import Hls, { type ErrorData } from 'hls.js';
import { ApiError, request } from '../api.ts';
import { lookPurpose, noticeEnd } from '../session.ts';
import { backoffMs, every, pause } from '../ticker.ts';
import type { KeptPicture } from './kept-picture.ts';

export type PlayerState =
  | 'starting'
  | 'playing'
  | 'paused'
  | 'stalled'
  | 'nopicture'
  | 'full'
  | 'forbidden'
  | 'nostream'
  /** Live in the small picture, because this browser cannot show the codec of the full one. */
  | 'small'
  /** A still every few seconds, because this browser cannot show the codec. */
  | 'stills'
  /** As `stills`, for a while, because the gateway has too much to do for one more moving picture of a wall. */
  | 'busy'
  /** As `stills`, where the browser plays no such video at all. */
  | 'unsupported';

export interface PlayerOptions {
  video: HTMLVideoElement;
  /** Shown over the video while it has no picture of its own. */
  kept: KeptPicture;
  camera: string;
  quality: 'main' | 'sub';
  /** `codec` is the one the browser cannot show, where that is the reason. */
  onState(state: PlayerState, codec: string): void;
}

/** The gateway holds the first playlist until there is enough to begin, at most 15 s. */
const PLAYLIST_MS = 20_000;
const PART_MS = 10_000;
/** A picture that stands still for so long is fetched anew. */
const STALL_MS = 8_000;
const BACKOFF_MAX_MS = 15_000;
const STILL_MS = 3_000;
/** After so many stills in place of a moving picture, the gateway is asked for one again. */
const BUSY_STILLS = 20;

/** Why there is no picture, by the status of the playlist. What is not listed is worth another try soon. */
const STATES: Record<number, PlayerState> = { 403: 'forbidden', 404: 'nostream', 429: 'full', 503: 'full' };
const PLAYLIST_ERRORS: readonly string[] = [Hls.ErrorDetails.MANIFEST_LOAD_ERROR, Hls.ErrorDetails.LEVEL_LOAD_ERROR];

/** Players that wait before their next try. */
const sleepers = new Set<{ wake(): void; cutOff: boolean }>();

/** Ends the waiting of every player, because the gateway has just been reached again after a cut. */
export function resumeStreams(which: 'all' | 'cut-off' = 'all'): void {
  for (const sleeper of [...sleepers]) if (which === 'all' || sleeper.cutOff) sleeper.wake();
}

/** Shows the live picture of a camera in a video element and keeps at it until it is stopped. */
export class Player {
  readonly #options: PlayerOptions;
  #quality: 'main' | 'sub';
  #hls: Hls | null = null;
  #running = new AbortController();
  #stopWatch: () => void = () => {};
  #attempt = 0;
  /** What the last playlist named, and which of those this browser cannot show. */
  #named = '';
  #foreign = '';

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#quality = options.quality;
  }

  start(): void {
    this.#running = new AbortController();
    this.#quality = this.#options.quality;
    this.#tell('starting');
    if (Hls.isSupported()) this.#open();
    else void this.#showStills('unsupported', this.#running.signal);
  }

  stop(): void {
    this.#running.abort();
    this.#close();
    this.#tell('paused');
  }

  #tell(state: PlayerState): void {
    this.#options.onState(state, this.#foreign);
  }

  #open(): void {
    const { video } = this.#options;
    const hls = new Hls(settings());
    this.#hls = hls;
    hls.on(Hls.Events.ERROR, (_name, data) => this.#onError(data));
    hls.on(Hls.Events.MANIFEST_LOADED, (_name, { levels: [level] }) => {
      this.#named = codecName(level?.attrs?.CODECS);
      resumeStreams('cut-off');
    });
    hls.loadSource(this.#address('live.m3u8', this.#quality));
    hls.attachMedia(video);
    // Muted video may always play; a refusal here only means that the element is being taken away.
    hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play().catch(() => undefined));
    this.#watch();
  }

  #address(name: string, quality: string): string {
    // Several small pictures beside each other are a wall; the gateway gives those up first.
    const use = this.#options.quality === 'sub' ? 'wall' : 'live';
    const look = `quality=${quality}&use=${use}&purpose=${lookPurpose.value}`;
    return `/api/v1/streams/${encodeURIComponent(this.#options.camera)}/${name}?${look}`;
  }

  /** The element turns black when its stream is taken away, so its last picture is kept before. */
  #close(): void {
    this.#stopWatch();
    if (this.#hls) this.#options.kept.keep(this.#options.video);
    this.#hls?.destroy();
    this.#hls = null;
  }

  /** Looks once a second whether the picture moves: a stream can stop without any error. */
  #watch(): void {
    const { video, kept, quality } = this.#options;
    let seen = video.currentTime;
    let movedAtMs = Date.now();
    let moved = false;
    this.#stopWatch = every(1_000, () => {
      if (video.currentTime !== seen) {
        seen = video.currentTime;
        movedAtMs = Date.now();
        moved = true;
        this.#attempt = 0;
        kept.drop();
        this.#tell(this.#quality === quality ? 'playing' : 'small');
      } else if (moved && Date.now() - movedAtMs > STALL_MS) this.#again('stalled', true);
      else if (Date.now() - movedAtMs > PLAYLIST_MS + PART_MS) this.#again('nopicture', false);
    });
  }

  #onError({ fatal, response, details }: ErrorData): void {
    if (!fatal) return;
    if (details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR) {
      this.#onForeignCodec();
      return;
    }
    const status = response?.code ?? 0;
    noticeEnd(new ApiError(status));
    if (status === 503 && this.#options.quality === 'sub') {
      this.#close();
      void this.#showStills('busy', this.#running.signal);
      return;
    }
    this.#again((PLAYLIST_ERRORS.includes(details) && STATES[status]) || 'nopicture', status === 0);
  }

  /** The small picture may be of another codec; where it is not, stills are what is left. */
  #onForeignCodec(): void {
    this.#close();
    this.#foreign = this.#named;
    if (this.#quality === 'main') {
      this.#quality = 'sub';
      this.#open();
    } else void this.#showStills('stills', this.#running.signal);
  }

  async #showStills(state: PlayerState, signal: AbortSignal): Promise<void> {
    const { kept, quality } = this.#options;
    try {
      for (let shown = 0; state !== 'busy' || shown < BUSY_STILLS; shown += 1) {
        const path = this.#address('snapshot.jpg', quality).replace('/api/v1', '');
        const limit = AbortSignal.any([signal, AbortSignal.timeout(PLAYLIST_MS)]);
        await kept.show(await (await request(path, { signal: limit })).blob());
        if (signal.aborted) return;
        this.#attempt = 0;
        this.#tell(state);
        await pause(STILL_MS, signal);
      }
      this.#again(state, false);
    } catch (error) {
      if (signal.aborted) return;
      noticeEnd(error);
      const status = error instanceof ApiError ? error.status : 0;
      this.#again(STATES[status] ?? 'nopicture', status === 0);
    }
  }

  /** Waits and begins anew. `cutOff`: the reason lies between here and the gateway, not at the camera. */
  #again(state: PlayerState, cutOff: boolean): void {
    this.#close();
    this.#tell(state);
    const { signal } = this.#running;
    const waiting = new AbortController();
    const sleeper = { wake: () => waiting.abort(), cutOff };
    sleepers.add(sleeper);
    const any = AbortSignal.any([signal, waiting.signal]);
    void pause(backoffMs(this.#attempt, BACKOFF_MAX_MS), any)
      .catch(() => undefined)
      .then(() => {
        sleepers.delete(sleeper);
        if (signal.aborted) return;
        this.#quality = this.#options.quality;
        if (Hls.isSupported()) this.#open();
        else void this.#showStills('unsupported', signal);
      });
    this.#attempt += 1;
  }
}

/** What people call a codec of RFC 6381. */
function codecName(codecs: string | undefined): string {
  if (/^h(vc|ev)1/.test(codecs ?? '')) return 'H.265';
  return /^avc/.test(codecs ?? '') ? `H.264 (${codecs})` : (codecs ?? '');
}

function settings(): Partial<typeof Hls.DefaultConfig> {
  // Repeating is done here, by opening the whole stream again with growing pauses.
  const once = (limitMs: number) => ({
    default: { maxTimeToFirstByteMs: limitMs, maxLoadTimeMs: limitMs, timeoutRetry: null, errorRetry: null },
  });
  return {
    enableWorker: false,
    liveSyncDurationCount: 2,
    liveMaxLatencyDurationCount: 6,
    maxLiveSyncPlaybackRate: 1.1,
    maxBufferLength: 10,
    backBufferLength: 5,
    manifestLoadPolicy: once(PLAYLIST_MS),
    playlistLoadPolicy: once(PLAYLIST_MS),
    fragLoadPolicy: once(PART_MS),
  };
}
