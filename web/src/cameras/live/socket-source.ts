import type { PlayerState } from '../player.ts';
import { codecName, type Source, type SourceEvents } from '../source.ts';
import type { News, VideoPart } from './message.ts';
import { MseBuffer, mimeOf, plays } from './mse-buffer.ts';
import type { LiveSocket, Look, Watcher } from './socket.ts';

/** Why there is no picture, by the code of its end. What is not listed is worth another try soon. */
const STATES: Record<string, PlayerState> = {
  'auth.forbidden': 'forbidden',
  'look.incident-missing': 'forbidden',
  'not-found': 'nostream',
  'stream.full': 'full',
  'request.rate': 'full',
};

/** Live video over the connection of the page: the default, as it is about a second behind. */
export class SocketSource implements Source, Watcher {
  readonly #video: HTMLVideoElement;
  readonly #events: SourceEvents;
  readonly #socket: LiveSocket;
  readonly #leave: () => void;
  #buffer: MseBuffer | null = null;
  #troubled = false;
  #closed = false;

  constructor(socket: LiveSocket, video: HTMLVideoElement, look: Look, events: SourceEvents) {
    this.#video = video;
    this.#events = events;
    this.#socket = socket;
    this.#leave = socket.open(look, this);
  }

  news(news: News): void {
    if (news.type === 'begin') this.#begin(news);
    else if (news.type === 'trouble') {
      this.#troubled = true;
      this.#events.trouble(news.reason);
    } else if (news.code === 'stream.stills-only') this.#events.stillsOnly();
    else this.#events.failed(STATES[news.code] ?? 'nopicture', false);
  }

  video(part: VideoPart): void {
    if (this.#troubled && !part.init) {
      this.#troubled = false;
      this.#events.trouble(null);
    }
    this.#buffer?.push(part);
  }

  cut(): void {
    if (!this.#closed) this.#events.failed('stalled', true);
  }

  stalled(): void {
    if (!this.#troubled) this.#socket.suspect();
  }

  close(): void {
    this.#closed = true;
    this.#leave();
    this.#buffer?.close();
  }

  #begin({ codec, quality }: Extract<News, { type: 'begin' }>): void {
    if (!plays(codec)) {
      this.#events.foreign(codecName(codec));
      return;
    }
    this.#events.given({ quality });
    this.#buffer ??= new MseBuffer(this.#video, (kind) => {
      if (kind === 'refused') this.#events.refused();
      else this.#events.failed('nopicture', false);
    });
    this.#buffer.begin(mimeOf(codec));
  }
}
