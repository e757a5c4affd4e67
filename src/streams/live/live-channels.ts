import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Epoch } from '../fmp4/live-window.ts';
import { codecsOf } from '../fmp4/movie.ts';
import type { Fragment } from '../fmp4/wall-clock.ts';
import type { Consumer } from '../pool/consumers.ts';
import type { StreamLease } from '../pool/pool.ts';
import type { StreamFailure, View } from '../pool/types.ts';
import { type LiveLook, type LiveNews, type LiveOrder, videoMessage } from './live-protocol.ts';
import type { OrderPace } from './order-pace.ts';
import type { StreamService } from './service.ts';

/** The connection of a page. */
export interface LiveSink {
  news(news: LiveNews): void;
  video(message: Buffer): void;
  /** What was sent and is not yet on its way, bytes. */
  readonly backlogBytes: number;
  /** Ends the connection: it takes nothing more, or its orders come too fast. */
  cut(why: 'stuck' | 'flood'): void;
}

export interface LiveChannelsDeps {
  clock: Clock;
  streams: Pick<StreamService, 'lease' | 'wall'>;
  /** The look that is asked for. Throws a {@link CitywatchError} where it is not, or no longer, allowed. */
  viewOf(look: LiveLook): View;
  sink: LiveSink;
  limits: LiveLimits;
  /** Of all connections together, so that who opens several has no more. */
  pace: OrderPace;
  /** The viewer as {@link OrderPace} counts it. */
  viewer: string;
}

export interface LiveLimits {
  /** Pictures on one connection. */
  channelsMax: number;
  /** A connection that is behind by more is given nothing until it has caught up, then from a key frame on. */
  backlogBytesMax: number;
  /** One that is behind for so long is cut. */
  stuckMs: number;
}

export const LIVE_LIMITS: LiveLimits = { channelsMax: 64, backlogBytesMax: 4 * 1024 * 1024, stuckMs: 15_000 };

/** Rights may have changed, and how walls are shown. */
const LOOK_MS = 1_000;

/** The pictures of one page, over one connection. */
export class LiveChannels {
  readonly #deps: LiveChannelsDeps;
  readonly #channels = new Map<number, Channel>();
  readonly #stopLooking: () => void;
  #behindSinceMs: number | null = null;

  constructor(deps: LiveChannelsDeps) {
    this.#deps = deps;
    this.#stopLooking = deps.clock.every(LOOK_MS, () => this.#look());
  }

  /**
   * Shows a camera, or no longer. What hinders it is told, and never thrown. What is closed is closed however many
   * orders there are.
   */
  async take(order: LiveOrder): Promise<void> {
    const { pace, viewer, sink } = this.#deps;
    const paced = pace.take(viewer);
    if (paced === 'flood') return sink.cut('flood');
    if (order.type === 'close') return this.#close(order.channel);
    if (paced === 'taken') return this.#open(order);
    this.#close(order.channel);
    sink.news(endOf(order.channel, paced.refused));
  }

  async #open(look: LiveLook): Promise<void> {
    const { sink, limits } = this.#deps;
    const { channel } = look;
    this.#close(channel);
    if (this.#channels.size >= limits.channelsMax) {
      const detail = `At most ${limits.channelsMax} pictures on one connection.`;
      return sink.news(endOf(channel, new CitywatchError('stream.full', { detail })));
    }
    const one = new Channel(look, this.#deps);
    this.#channels.set(channel, one);
    await this.#begin(one);
  }

  /** Ends every picture. */
  stop(): void {
    this.#stopLooking();
    for (const channel of [...this.#channels.keys()]) this.#close(channel);
  }

  #close(channel: number): void {
    this.#channels.get(channel)?.end();
    this.#channels.delete(channel);
  }

  async #begin(one: Channel): Promise<void> {
    try {
      await one.begin();
    } catch (error) {
      this.#end(one, error);
    }
  }

  #end(one: Channel, error: unknown): void {
    const { channel } = one.look;
    if (this.#channels.get(channel) !== one) return;
    this.#close(channel);
    this.#deps.sink.news(endOf(channel, error instanceof CitywatchError ? error : new CitywatchError('internal')));
  }

  #look(): void {
    const { clock, sink, limits, streams } = this.#deps;
    const isBehind = sink.backlogBytes > limits.backlogBytesMax;
    this.#behindSinceMs = isBehind ? (this.#behindSinceMs ?? clock.monotonicMs()) : null;
    if (this.#behindSinceMs !== null && clock.monotonicMs() - this.#behindSinceMs >= limits.stuckMs) {
      sink.cut('stuck');
      return;
    }
    for (const one of [...this.#channels.values()]) {
      try {
        one.check();
      } catch (error) {
        this.#end(one, error);
        continue;
      }
      if (!one.isTooLarge(streams.wall)) continue;
      one.end();
      const again = new Channel(one.look, this.#deps);
      this.#channels.set(one.look.channel, again);
      void this.#begin(again);
    }
  }
}

/** One picture: a consumer of its camera that leaves out what the connection cannot take. */
class Channel implements Consumer {
  readonly look: LiveLook;
  readonly #deps: LiveChannelsDeps;
  #lease: StreamLease | null = null;
  #unlisten: () => void = () => {};
  #isOver = false;
  #waitsForKey = false;

  constructor(look: LiveLook, deps: LiveChannelsDeps) {
    this.look = look;
    this.#deps = deps;
  }

  async begin(): Promise<void> {
    const { streams, viewOf } = this.#deps;
    const lease = await streams.lease(viewOf(this.look));
    // It may have been closed while the answer was on its way.
    if (this.#isOver) return lease.release();
    this.#lease = lease;
    this.#unlisten = lease.listen(this);
  }

  /** Throws where the look is no longer allowed. */
  check(): void {
    this.#deps.viewOf(this.look);
  }

  /** Whether it is to be opened anew, so that it gets less. */
  isTooLarge(wall: StreamService['wall']): boolean {
    if (this.look.use !== 'wall' || !this.#lease || wall === 'as-asked') return false;
    return wall === 'stills' || (this.#lease.quality === 'main' && this.look.quality === 'main');
  }

  end(): void {
    this.#isOver = true;
    this.#unlisten();
    this.#lease?.release();
    this.#lease = null;
  }

  epoch({ init }: Epoch): void {
    const { width, height } = init.movie;
    const codec = codecsOf(init.movie);
    const { sink } = this.#deps;
    const { channel } = this.look;
    sink.news({ type: 'begin', channel, quality: this.#lease?.quality ?? this.look.quality, codec, width, height });
    sink.video(videoMessage(channel, { init: init.data }));
  }

  fragment(fragment: Fragment): void {
    const { sink, limits } = this.#deps;
    if (sink.backlogBytes > limits.backlogBytesMax) this.#waitsForKey = true;
    else if (fragment.key) this.#waitsForKey = false;
    if (!this.#waitsForKey) sink.video(videoMessage(this.look.channel, { fragment }));
  }

  failed({ message, reason }: StreamFailure): void {
    const { channel } = this.look;
    this.#deps.sink.news({ type: 'trouble', channel, code: 'stream.unavailable', reason, detail: message });
  }
}

function endOf(channel: number, { code, message, detail, retryAfterS }: CitywatchError): LiveNews {
  return { type: 'end', channel, code, detail: detail ?? message, retryAfterS: retryAfterS ?? null };
}
