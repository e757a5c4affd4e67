import { effect, untracked } from '@preact/signals';
import { ApiError, clockOffsetMs, request } from '../api.ts';
import { msBetween } from '../clock.ts';
import { onBack } from '../line.ts';
import { loadSession, lookPurpose, noticeEnd, whoIs } from '../session.ts';
import { every, pause } from '../ticker.ts';
import type { KeptPicture } from './kept-picture.ts';
import { LateHls } from './late-hls.ts';
import { LiveSocket } from './live/socket.ts';
import { SocketSource } from './live/socket-source.ts';
import { resumeStreams, sleep } from './sleepers.ts';
import { caseQuery, PART_MS, PLAYLIST_MS, type Source, type SourceEvents, STATES } from './source.ts';

export type PlayerState =
  | 'starting'
  | 'playing'
  | 'paused'
  | 'stalled'
  /** The gateway said why there is no picture, and goes on trying. */
  | 'trouble'
  | 'nopicture'
  | 'full'
  | 'forbidden'
  | 'nostream'
  /** Live in the small picture, because this browser cannot show the codec of the full one. */
  | 'small'
  /** Live in the small picture, because the gateway gives no more. */
  | 'lowered'
  /** A still every few seconds, because this browser cannot show the codec. */
  | 'stills'
  /** As `stills`, for a while, because the gateway has too much to do for one more moving picture of a wall. */
  | 'busy'
  /** As `stills`, where the browser plays no such video at all. */
  | 'unsupported'
  /** As `stills`, because this computer has enough moving pictures to show. */
  | 'spared';

/** What a state is about: the codec that the browser cannot show, the reason why no picture comes. */
export interface About {
  codec: string;
  reason: string;
}

export interface PlayerOptions {
  video: HTMLVideoElement;
  /** Shown over the video while it has no picture of its own. */
  kept: KeptPicture;
  camera: string;
  quality: 'main' | 'sub';
  /** Number of the case that it is looked at for; empty for none. */
  named: string;
  onState(state: PlayerState, about: About): void;
}

/** A picture that stands still for so long is told, and given up where nobody tries to bring it back. */
const STALL_MS = 8_000;
/** One that the gateway goes on trying to bring back is asked for anew only after this. */
const GIVEN_UP_MS = 60_000;
const STILL_MS = 3_000;
/** After so many stills in place of a moving picture, the gateway is asked for one again. */
const BUSY_STILLS = 20;

const liveSocket = new LiveSocket({
  address: `${location.origin.replace(/^http/, 'ws')}/api/v1/live`,
  onOpen: () => resumeStreams('cut-off'),
  answers: () =>
    loadSession().then(
      () => true,
      () => false,
    ),
});
onBack(() => {
  liveSocket.again();
  resumeStreams('cut-off');
}, new AbortController().signal);
effect(() => {
  void whoIs.value;
  untracked(() => liveSocket.drop());
});

/** Shows the live picture of a camera in a video element and keeps at it until it is stopped. */
export class Player {
  readonly #options: PlayerOptions;
  /** What is asked for, and what is given. */
  #quality: 'main' | 'sub';
  #given: 'main' | 'sub';
  #source: Source | null = null;
  #running = new AbortController();
  #stopWatch: () => void = () => {};
  #attempt = 0;
  #moves = true;
  /** When the picture moved last. */
  #movedAtMs = 0;
  /** Whether it has since it was asked for. */
  #hasMoved = false;
  /** The connection of the page was tried, and the browser would not have what came. */
  #byHls = false;
  /** The gateway codes the picture anew, because this browser cannot show the codec of the camera. */
  #isRecoded = false;
  #about: About = { codec: '', reason: '' };

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#quality = options.quality;
    this.#given = options.quality;
  }

  /** Without `moves` it is stills. */
  start(moves = true): void {
    this.#running = new AbortController();
    this.#moves = moves;
    this.#quality = this.#options.quality;
    this.#tell('starting');
    onBack(() => this.#lineIsBack(), this.#running.signal);
    this.#open();
  }

  stop(): void {
    this.#running.abort();
    this.#close();
    this.#tell('paused');
  }

  /** What was asked for by HLS while the network swallowed everything hangs until its own limits. */
  #lineIsBack(): void {
    const moves = this.#hasMoved && msBetween(this.#movedAtMs, Date.now()) < STILL_MS;
    if (this.#source === null || this.#source instanceof SocketSource || moves) return;
    this.#close();
    this.#open();
  }

  #tell(state: PlayerState): void {
    // What may not be seen now is not to be seen as it was before either.
    if (state === 'forbidden' || state === 'nostream') this.#options.kept.forget();
    this.#options.onState(state, this.#about);
  }

  #open(): void {
    const { video, camera, named } = this.#options;
    this.#about = { ...this.#about, reason: '' };
    if (!this.#moves) return void this.#showStills('spared', this.#running.signal);
    const quality = this.#quality;
    if (typeof MediaSource !== 'undefined' && !this.#byHls && !liveSocket.isMissing) {
      const codec = this.#isRecoded ? { codec: 'h264' as const } : {};
      const look = { camera, quality, ...codec, use: this.#use, purpose: lookPurpose.value };
      const looked = named === '' ? look : { ...look, case: named };
      this.#source = new SocketSource(liveSocket, video, looked, this.#events());
    } else if (typeof MediaSource !== 'undefined') {
      const look = { address: this.#address('live.m3u8', quality), quality, wall: this.#use === 'wall' };
      this.#source = new LateHls(video, look, this.#events());
    } else return void this.#showStills('unsupported', this.#running.signal);
    this.#watch();
  }

  #events(): SourceEvents {
    return {
      given: ({ quality }) => {
        this.#given = quality;
        resumeStreams('cut-off');
      },
      foreign: (codec) => this.#onForeignCodec(codec),
      trouble: (reason) => {
        if (this.#isRecoded && reason === 'busy') return this.#giveStills();
        this.#about = { ...this.#about, reason: reason ?? '' };
        if (reason !== null) this.#tell('trouble');
      },
      refused: () => {
        this.#byHls = true;
        this.#again('starting', false);
      },
      stillsOnly: () => {
        this.#close();
        void this.#showStills('busy', this.#running.signal);
      },
      failed: (state, cutOff) => {
        if (this.#isRecoded && state === 'full') this.#giveStills();
        else this.#again(state, cutOff);
      },
    };
  }

  /** Several small pictures beside each other are a wall; the gateway gives those up first. */
  get #use(): 'live' | 'wall' {
    return this.#options.quality === 'sub' ? 'wall' : 'live';
  }

  #address(name: string, quality: string): string {
    const codec = this.#isRecoded && name === 'live.m3u8' ? '&codec=h264' : '';
    const { camera, named } = this.#options;
    const look = `quality=${quality}&use=${this.#use}&purpose=${lookPurpose.value}${codec}${caseQuery(named)}`;
    return `/api/v1/streams/${encodeURIComponent(camera)}/${name}?${look}`;
  }

  /** The element turns black when its stream is taken away, so its last picture is kept before. */
  #close(): void {
    this.#stopWatch();
    if (this.#source) this.#options.kept.keep(this.#options.video, this.#movedAtMs + clockOffsetMs.value);
    this.#source?.close();
    this.#source = null;
  }

  /** Looks once a second whether the picture moves: a stream can stop without any error. */
  #watch(): void {
    const { video, kept } = this.#options;
    let seen = video.currentTime;
    this.#movedAtMs = Date.now();
    this.#hasMoved = false;
    this.#stopWatch = every(1_000, () => {
      if (video.currentTime !== seen) {
        seen = video.currentTime;
        this.#movedAtMs = Date.now();
        this.#hasMoved = true;
        this.#attempt = 0;
        kept.drop();
        // What is left of before a trouble goes on for a moment.
        if (this.#about.reason === '') this.#tell(this.#shown);
        return;
      }
      const stillMs = msBetween(this.#movedAtMs, Date.now());
      if (stillMs > (this.#hasMoved ? GIVEN_UP_MS : PLAYLIST_MS + PART_MS)) return this.#again('nopicture', false);
      if (!this.#hasMoved || stillMs <= STALL_MS) return;
      if (this.#about.reason === '') this.#tell('stalled');
      this.#source?.stalled();
    });
  }

  get #shown(): PlayerState {
    if (this.#quality !== this.#options.quality) return 'small';
    return this.#given === this.#quality || this.#given === 'main' ? 'playing' : 'lowered';
  }

  /**
   * The small picture may be of another codec. Where it is not, the gateway is asked to code it anew, and where it has
   * too much to do for that, stills are what is left.
   */
  #onForeignCodec(codec: string): void {
    this.#close();
    this.#about = { ...this.#about, codec };
    if (this.#quality === 'main') {
      this.#quality = 'sub';
      this.#open();
    } else if (!this.#isRecoded) {
      this.#isRecoded = true;
      this.#quality = this.#options.quality;
      this.#open();
    } else this.#giveStills();
  }

  #giveStills(): void {
    this.#close();
    void this.#showStills('stills', this.#running.signal);
  }

  async #showStills(state: PlayerState, signal: AbortSignal): Promise<void> {
    const { kept, quality } = this.#options;
    try {
      for (let shown = 0; state !== 'busy' || shown < BUSY_STILLS; shown += 1) {
        const path = this.#address('snapshot.jpg', quality).replace('/api/v1', '');
        const limit = AbortSignal.any([signal, AbortSignal.timeout(PLAYLIST_MS)]);
        const answer = await request(path, { signal: limit });
        const takenMs = Date.parse(answer.headers.get('last-modified') ?? '') || Date.now() + clockOffsetMs.value;
        await kept.show(await answer.blob(), takenMs);
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

  /**
   * Waits and begins anew; at once where it goes on by HLS. `cutOff`: the reason lies between here and the gateway, not
   * at the camera.
   */
  #again(state: PlayerState, cutOff: boolean): void {
    const wasSocket = this.#source instanceof SocketSource;
    this.#close();
    const { signal } = this.#running;
    if (wasSocket && (this.#byHls || (cutOff && liveSocket.isMissing))) {
      this.#open();
      return;
    }
    this.#tell(state);
    void sleep({ attempt: this.#attempt, cutOff }, signal).then(() => {
      if (signal.aborted) return;
      this.#quality = this.#options.quality;
      this.#open();
    });
    this.#attempt += 1;
  }
}
