import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { TokenBucket } from '../../core/mechanisms/bounded.ts';
import {
  basicAuthorization,
  type Challenge,
  chooseChallenge,
  digestAuthorization,
  type Login,
  parseChallenges,
} from '../../platform/outbound/http-auth.ts';
import { StreamFailure } from '../pool/types.ts';
import { UDP_ALONE } from './camera-answers.ts';
import type { RtspMessage } from './rtsp-message.ts';
import { type RtspItem, RtspReader } from './rtsp-reader.ts';

export type RtspResponse = Extract<RtspMessage, { type: 'response' }>;
type RtspRequest = Extract<RtspMessage, { type: 'request' }>;

/** Answers a camera may take to a challenge: once with a login, once more when it says that its nonce was stale. */
const TRIES_MAX = 3;
const GIVEN_UP_MAX = 100;

export interface ConversationOptions {
  clock: Clock;
  login: Login | null;
  /** Most bytes a second that are read from the camera; beyond it, reading waits. */
  bytesPerS: number;
  /** Not even a camera that calls its own nonce stale gets a second login. */
  oneLogin?: boolean;
}

/**
 * Requests and answers over one connection to a camera, one at a time, with the login it asks for (RFC 7617, RFC 7616).
 * Redirects are failures. Ends once, with a reason; whoever waits for an answer then gets that reason.
 */
export class Conversation {
  readonly ended: Promise<StreamFailure>;
  /** Each interleaved frame with its header. */
  onFrame: (data: Buffer) => void = () => {};
  readonly #socket: Socket;
  readonly #options: ConversationOptions;
  readonly #reader = new RtspReader();
  readonly #bucket: TokenBucket;
  #end: (failure: StreamFailure) => void = () => {};
  #over: StreamFailure | null = null;
  #waiting: ((response: RtspResponse | StreamFailure) => void) | null = null;
  /** Requests whose answers nobody waits for any more. */
  readonly #givenUp = new Set<number>();
  #sequence = 0;
  #challenge: Challenge | null = null;
  #nonceUses = 0;
  #held = false;
  #tooFast = false;
  #owedBytes = 0;

  constructor(socket: Socket, options: ConversationOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#bucket = new TokenBucket(options.bytesPerS, options.bytesPerS, options.clock.monotonicMs());
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.once('error', () => this.destroy(new StreamFailure('closed')));
    socket.once('close', () => this.destroy(new StreamFailure('closed')));
  }

  /** Address of the camera, and the own one that it is spoken to from. */
  get addresses(): { remote: string; local: string } {
    return { remote: this.#socket.remoteAddress ?? '', local: this.#socket.localAddress ?? '' };
  }

  /** Channels whose frames are handed to `onFrame`. */
  listen(channels: readonly number[]): void {
    this.#reader.channels = channels;
  }

  /**
   * Sends a request and waits for its answer; any that is no success is a {@link StreamFailure}. A request that is not
   * answered is given up when the next one is sent.
   */
  async request(method: string, uri: string, headers: Record<string, string> = {}): Promise<RtspResponse> {
    for (let tries = 1; ; tries += 1) {
      const response = await this.#exchange(method, uri, headers);
      if (response.status >= 200 && response.status < 300) return response;
      if (response.status !== 401) throw failureOf(response.status);
      const renewed = this.#takeChallenge(response);
      const mayGoOn = tries === 1 || (renewed && !this.#options.oneLogin);
      if (tries >= TRIES_MAX || !mayGoOn) throw new StreamFailure('auth');
    }
  }

  /** Sends a request whose answer nobody waits for: the last word before the connection is closed. */
  tell(method: string, uri: string, headers: Record<string, string>): void {
    if (!this.#over) this.#write(method, uri, headers);
  }

  /** Sends whole interleaved frames; dropped when the camera does not read. */
  sendFrames(data: Buffer): void {
    if (!this.#over && !this.#socket.writableNeedDrain) this.#socket.write(data);
  }

  /** Stops reading while `held`, for a reader that is slower than the camera. */
  hold(held: boolean): void {
    this.#held = held;
    this.#flow();
  }

  destroy(failure: StreamFailure): void {
    if (this.#over) return;
    this.#over = failure;
    this.#socket.destroy();
    this.#waiting?.(failure);
    this.#waiting = null;
    this.#end(failure);
  }

  #exchange(method: string, uri: string, headers: Record<string, string>): Promise<RtspResponse> {
    return new Promise((resolve, reject) => {
      if (this.#over) return reject(this.#over);
      if (this.#waiting) this.#giveUp(this.#waiting);
      this.#waiting = (answer) => (answer instanceof StreamFailure ? reject(answer) : resolve(answer));
      this.#write(method, uri, headers);
    });
  }

  #giveUp(waiting: (failure: StreamFailure) => void): void {
    if (this.#givenUp.size < GIVEN_UP_MAX) this.#givenUp.add(this.#sequence);
    waiting(new StreamFailure('timeout'));
  }

  #write(method: string, uri: string, headers: Record<string, string>): void {
    this.#sequence += 1;
    const authorization = this.#authorization(method, uri);
    const all = {
      CSeq: String(this.#sequence),
      ...headers,
      ...(authorization ? { Authorization: authorization } : {}),
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    this.#socket.write([`${method} ${uri} RTSP/1.0`, ...lines, 'User-Agent: citywatch', '', ''].join('\r\n'), 'latin1');
  }

  #authorization(method: string, uri: string): string | null {
    const { login } = this.#options;
    const challenge = this.#challenge;
    if (!challenge || !login) return null;
    if (challenge.scheme === 'basic') return basicAuthorization(login);
    this.#nonceUses += 1;
    const cnonce = randomBytes(8).toString('hex');
    return digestAuthorization({ ...login, challenge, method, uri, cnonce, count: this.#nonceUses });
  }

  /** Remembers what the camera asks for; returns whether it only wants a newer nonce. Throws when we cannot answer. */
  #takeChallenge(response: RtspResponse): boolean {
    const challenge = chooseChallenge(parseChallenges(response.headers.get('www-authenticate') ?? []), true);
    if (!this.#options.login) throw new StreamFailure('auth', 'It asks for a login, and none is registered.');
    if (!challenge) throw new StreamFailure('auth', 'It asks for a login of a sort that is not supported.');
    this.#challenge = challenge;
    this.#nonceUses = 0;
    return challenge.params.get('stale')?.toLowerCase() === 'true';
  }

  /** Takes what came over a socket without `data` events. */
  receive(chunk: Buffer): void {
    this.#limit(chunk.length);
    try {
      for (const item of this.#reader.push(chunk)) this.#handle(item);
    } catch (error) {
      this.destroy(error instanceof StreamFailure ? error : new StreamFailure('nonsense', undefined, error));
    }
  }

  #handle(item: RtspItem): void {
    if (item.type === 'frame') this.onFrame(item.data);
    else if (item.type === 'response') this.#answer(item);
    else this.#comply(item);
  }

  /** Cameras number answers wrongly or not at all; only one that is known to be late belongs to something else. */
  #answer(response: RtspResponse): void {
    if (response.status < 200) return;
    const sequence = Number.parseInt(response.headers.get('cseq')?.[0] ?? '', 10);
    if (sequence !== this.#sequence && this.#givenUp.delete(sequence)) return;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(response);
  }

  /** Answers what cameras ask, since some end a session when they hear nothing; leads us nowhere. */
  #comply({ method, headers }: RtspRequest): void {
    if (method === 'REDIRECT') throw new StreamFailure('redirect');
    const known = ['OPTIONS', 'GET_PARAMETER', 'SET_PARAMETER', 'ANNOUNCE', 'TEARDOWN'].includes(method);
    const sequence = /^\d{1,10}$/.exec(headers.get('cseq')?.[0] ?? '')?.[0];
    const lines = [known ? 'RTSP/1.0 200 OK' : 'RTSP/1.0 501 Not Implemented'];
    if (sequence) lines.push(`CSeq: ${sequence}`);
    if (!this.#socket.writableNeedDrain) this.#socket.write([...lines, '', ''].join('\r\n'), 'latin1');
    if (method === 'TEARDOWN') throw new StreamFailure('closed');
  }

  /** Bytes that came are owed to the bucket, and nothing more is read before they are paid. */
  #limit(bytes: number): void {
    this.#owedBytes += bytes;
    if (!this.#tooFast) this.#pay();
  }

  #pay(): void {
    const { clock, bytesPerS } = this.#options;
    const bytes = Math.min(this.#owedBytes, bytesPerS);
    const waitMs = this.#bucket.take(bytes, clock.monotonicMs());
    if (waitMs === 0) this.#owedBytes -= bytes;
    else clock.after(waitMs, () => this.#pay());
    if (this.#tooFast === waitMs > 0) return;
    this.#tooFast = waitMs > 0;
    this.#flow();
  }

  #flow(): void {
    if (this.#held || this.#tooFast) this.#socket.pause();
    else this.#socket.resume();
  }
}

function failureOf(status: number): StreamFailure {
  if (status >= 300 && status < 400) return new StreamFailure('redirect');
  if (status === 403) return new StreamFailure('auth', 'The login is not allowed to see this stream.');
  if (status === 461) return new StreamFailure('refused', UDP_ALONE);
  return new StreamFailure('refused', `It answers with status ${status}.`);
}
