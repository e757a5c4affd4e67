import { backAgain } from '../../line.ts';
import { type News, type VideoPart, videoPart } from './message.ts';

/** A look at a camera. */
export interface Look {
  camera: string;
  quality: 'main' | 'sub';
  /** Coded anew where the camera sends something else. */
  codec?: 'h264';
  use: 'live' | 'wall';
  purpose: string;
  /** Number of the case that it is for, where there is one. */
  case?: string;
}

/** What a picture is told by the connection. After `end` and `cut` it is told nothing more. */
export interface Watcher {
  news(news: News): void;
  video(part: VideoPart): void;
  /** The connection is lost, or there is none. */
  cut(): void;
}

/** Where there is no connection although the gateway answers, as behind a proxy, it is not tried again before this. */
const MISSING_MS = 60_000;
/** A picture that stands still and a connection on which nothing came for so long: it is made anew. */
const SILENT_MS = 8_000;
/** A connection without pictures is kept for the next page of a wall. */
const UNUSED_MS = 5_000;
const CHANNELS = 0x10000;
/** RFC 6455 §7.4.1 and IANA: too many connections of one viewer. */
const TRY_LATER = 1013;

export interface LiveSocketDeps {
  address: string;
  /** The gateway was reached. */
  onOpen(): void;
  /** Whether the gateway answers otherwise; takes as long as it may be on its way. */
  answers(): Promise<boolean>;
}

/** The one connection of this page for live video, made when the first picture wants it, shared by all. */
export class LiveSocket {
  readonly #watchers = new Map<number, Watcher>();
  readonly #deps: LiveSocketDeps;
  #socket: WebSocket | null = null;
  #waiting: string[] = [];
  #next = 0;
  #heardAtMs = 0;
  #missingUntilMs = 0;
  #unused: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: LiveSocketDeps) {
    this.#deps = deps;
  }

  /** Whether pictures have to come another way for now. */
  get isMissing(): boolean {
    return performance.now() < this.#missingUntilMs;
  }

  /** Shows a camera until the returned function is called. */
  open(look: Look, watcher: Watcher): () => void {
    clearTimeout(this.#unused);
    // One that has ended takes no orders, and whoever waits for what becomes of it may wait as long as the network.
    if (this.#socket && hasEnded(this.#socket)) this.#lost();
    const channel = this.#free();
    this.#watchers.set(channel, watcher);
    this.#socket ??= this.#connect();
    this.#send({ type: 'open', channel, ...look });
    return () => {
      if (this.#watchers.get(channel) !== watcher) return;
      this.#watchers.delete(channel);
      this.#send({ type: 'close', channel });
      if (this.#watchers.size === 0) this.#unused = setTimeout(() => this.#socket?.close(), UNUSED_MS);
    };
  }

  /** A picture stands still, and nobody said why: a connection on which nothing comes at all may be a dead one. */
  suspect(): void {
    const { readyState } = this.#socket ?? {};
    if (readyState !== WebSocket.OPEN || performance.now() - this.#heardAtMs < SILENT_MS) return;
    this.#lost();
  }

  /**
   * The gateway is reached again after a cut: a connection that is still being made may hang in the network, and one
   * that has ended may wait for an answer that does.
   */
  again(): void {
    if (this.#socket && this.#socket.readyState !== WebSocket.OPEN) this.#lost();
  }

  /** Somebody else looks: the connection is of the one before, whose looks would be registered for these. */
  drop(): void {
    this.#lost();
  }

  #connect(): WebSocket {
    const socket = new WebSocket(this.#deps.address);
    socket.binaryType = 'arraybuffer';
    let wasOpen = false;
    socket.onopen = () => {
      if (this.#socket !== socket) return socket.close();
      wasOpen = true;
      this.#heardAtMs = performance.now();
      for (const order of this.#waiting.splice(0)) socket.send(order);
      this.#deps.onOpen();
    };
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#take(data);
    };
    socket.onclose = ({ code }) => {
      if (this.#socket === socket) void this.#closed(wasOpen, code);
    };
    return socket;
  }

  /** Who was refused is told at once where the gateway answers otherwise, so that pictures come another way. */
  async #closed(wasOpen: boolean, code: number): Promise<void> {
    const closed = this.#socket;
    if (!wasOpen || code === TRY_LATER) {
      const back = backAgain();
      const answers = await this.#deps.answers();
      if (answers && !back.aborted) this.#missingUntilMs = performance.now() + MISSING_MS;
    }
    if (this.#socket === closed) this.#lost();
  }

  #lost(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#waiting = [];
    const watchers = [...this.#watchers.values()];
    this.#watchers.clear();
    socket?.close();
    for (const watcher of watchers) watcher.cut();
  }

  #take(data: string | ArrayBuffer): void {
    this.#heardAtMs = performance.now();
    if (typeof data !== 'string') {
      const part = videoPart(data);
      if (part) this.#watchers.get(part.channel)?.video(part);
      return;
    }
    const news = JSON.parse(data) as News;
    const watcher = this.#watchers.get(news.channel);
    if (news.type === 'end') this.#watchers.delete(news.channel);
    watcher?.news(news);
  }

  #send(order: object): void {
    const text = JSON.stringify(order);
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
    else if (this.#socket?.readyState === WebSocket.CONNECTING) this.#waiting.push(text);
  }

  /** A number that was not used lately: what is still on its way for an old picture must not go into a new one. */
  #free(): number {
    do this.#next = (this.#next + 1) % CHANNELS;
    while (this.#watchers.has(this.#next));
    return this.#next;
  }
}

function hasEnded({ readyState }: WebSocket): boolean {
  return readyState === WebSocket.CLOSING || readyState === WebSocket.CLOSED;
}
