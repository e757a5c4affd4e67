import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { TokenBucket } from '../../core/mechanisms/bounded.ts';
import { type Answer, answerText, errorAnswer } from './answers.ts';
import { describeTracks, type TrackName } from './description.ts';
import { DigestCheck } from './digest-check.ts';
import { BadRequest, RequestReader, type RtspRequest } from './request-reader.ts';
import { Showing, type ShowingDeps, type ShowingEnd } from './showing.ts';
import { interleavedChannel } from './transport.ts';

export interface ConnectionLimits {
  /** To the first request, and from what was described to its play. */
  firstMs: number;
  /** From the question for a login to the login: somebody may have to type it. */
  loginMs: number;
  /** From one sign of a player to the next; it is told in answers. */
  sessionMs: number;
}

export interface ConnectionDeps extends ShowingDeps {
  connection: ConnectionLimits;
}

/** Why a connection ended. */
export type ConnectionEnd =
  | ShowingEnd
  | 'gone'
  | 'teardown'
  | 'late'
  | 'silent'
  | 'bad-request'
  | 'too-many-requests'
  | 'wrong-login'
  | 'withdrawn'
  | 'stopped';

const METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER, SET_PARAMETER';
const OTHER_METHODS = ['ANNOUNCE', 'PAUSE', 'PLAY_NOTIFY', 'RECORD', 'REDIRECT'];
const WRONG_LOGINS_MAX = 3;
/** Requests a second, and at once: players need five to begin, and one in a while to go on. */
const REQUESTS = { perS: 10, burst: 50 };
/** Time for the last answer to arrive. */
const LAST_WORDS_MS = 1_000;
const URI_BYTES_MAX = 1_024;

/** One player: its requests one after the other, and what it is shown. Ends once, with a reason. */
export class Connection {
  readonly ended: Promise<ConnectionEnd>;
  readonly #socket: Socket;
  readonly #deps: ConnectionDeps;
  readonly #clock: Clock;
  readonly #reader = new RequestReader();
  readonly #digest = new DigestCheck();
  readonly #rate: TokenBucket;
  readonly #over = new AbortController();
  #tell: (end: ConnectionEnd) => void = () => {};
  #showing: Showing | null = null;
  #wrongLogins = 0;
  /** Ended then, unless the player has come further. */
  #untilMs: number;

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#clock = deps.clock;
    const nowMs = deps.clock.monotonicMs();
    this.#untilMs = nowMs + deps.connection.firstMs;
    this.#rate = new TokenBucket(REQUESTS.perS, REQUESTS.burst, nowMs);
    this.ended = new Promise((resolve) => {
      this.#tell = resolve;
    });
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.end('gone'));
    socket.on('data', (chunk: Buffer) => {
      socket.pause();
      this.#reader.push(chunk);
      void this.#work();
    });
  }

  /** The token of the stream that is shown; null while none is. */
  get pass(): string | null {
    return this.#showing?.pass ?? null;
  }

  /** Ends what is to be ended; to be called once a second. */
  check(): void {
    const end = this.#showing?.check() ?? null;
    if (end) this.end(end);
    else if (this.#clock.monotonicMs() >= this.#untilMs) this.end(this.#showing?.isPlaying ? 'silent' : 'late');
  }

  /** Ends it, for good. */
  end(reason: ConnectionEnd): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#showing?.close();
    // What it did not read so far it will not read now.
    if (reason === 'slow') this.#socket.destroy();
    else this.#socket.end();
    const cut = this.#clock.after(LAST_WORDS_MS, () => this.#socket.destroy());
    this.#socket.once('close', cut);
    this.#tell(reason);
  }

  /** Answers everything that has come; then the next may come. */
  async #work(): Promise<void> {
    try {
      while (!this.#over.signal.aborted) {
        const item = this.#reader.next();
        if (item === null) break;
        if (this.#showing?.isPlaying) this.#wait(this.#deps.connection.sessionMs);
        if (item.type === 'request') await this.#take(item);
      }
      this.#socket.resume();
    } catch (error) {
      if (error instanceof BadRequest) this.#socket.write(answerText({ status: 400 }, '0'));
      this.end('bad-request');
    }
  }

  async #take(request: RtspRequest): Promise<void> {
    if (this.#rate.take(1, this.#clock.monotonicMs()) > 0) {
      this.end('too-many-requests');
      return;
    }
    const sequence = request.headers.get('cseq')?.[0] ?? '';
    if (!/^\d{1,10}$/.test(sequence)) throw new BadRequest('A request without a number.');
    if (request.uri.length > URI_BYTES_MAX) throw new BadRequest('An address that is too long.');
    const answer = await this.#answer(request);
    this.#socket.write(answerText(answer, sequence));
    answer.after?.();
    // Who asks and does not read the answers is asked to read them first.
    if (!this.#showing?.isPlaying && this.#socket.writableNeedDrain) await this.#drained();
  }

  async #answer(request: RtspRequest): Promise<Answer> {
    switch (request.method) {
      case 'DESCRIBE':
        return this.#describe(request);
      case 'SETUP':
        return this.#setUp(request);
      case 'PLAY':
        return this.#play(request);
      case 'TEARDOWN':
        return { status: 200, after: () => this.end('teardown') };
      case 'OPTIONS':
      case 'GET_PARAMETER':
      case 'SET_PARAMETER':
        return { status: 200, headers: [`Public: ${METHODS}`, ...this.#sessionHeaders()] };
      default:
        return { status: OTHER_METHODS.includes(request.method) ? 405 : 501, headers: [`Allow: ${METHODS}`] };
    }
  }

  async #describe(request: RtspRequest): Promise<Answer> {
    if (this.#showing?.session) return { status: 455 };
    const user = this.#userOf(request);
    if (user === null) return this.#challenge();
    this.#showing?.close();
    this.#showing = null;
    // What follows has a limit of its own.
    this.#untilMs = Number.POSITIVE_INFINITY;
    try {
      const path = pathIn(request.uri);
      const showing = await Showing.open(this.#deps, user, { path, signal: this.#over.signal });
      this.#wait(this.#deps.connection.firstMs);
      if (this.#over.signal.aborted) showing.close();
      else this.#showing = showing;
      const base = request.uri.replace(/\/$/, '');
      const headers = ['Content-Type: application/sdp', `Content-Base: ${base}/`, 'Cache-Control: no-store'];
      return { status: 200, headers, body: describeTracks(showing.tracks) };
    } catch (error) {
      this.#wait(this.#deps.connection.firstMs);
      const answer = errorAnswer(error);
      return answer.status === 401 ? this.#challenge(answer.headers) : answer;
    }
  }

  /** Null where it shows no login, or a wrong one. */
  #userOf({ method, headers }: RtspRequest): string | null {
    const header = headers.get('authorization')?.[0];
    if (header === undefined) return null;
    const user = this.#digest.userOf(header, method, (id) => this.#deps.passes.secretOf(id));
    if (user === null) this.#wrongLogins += 1;
    return user;
  }

  #challenge(why: readonly string[] = []): Answer {
    this.#wait(this.#deps.connection.loginMs);
    const headers = [`WWW-Authenticate: ${this.#digest.challenge}`, ...why];
    const isEnough = this.#wrongLogins >= WRONG_LOGINS_MAX;
    return { status: 401, headers, ...(isEnough ? { after: () => this.end('wrong-login') } : {}) };
  }

  /** One track after the other; a player gets those that it has set up. */
  #setUp({ uri, headers }: RtspRequest): Answer {
    const showing = this.#showing;
    if (!showing || showing.isPlaying) return { status: 455 };
    const named = sessionIn(headers);
    if (named !== null && named !== showing.session) return { status: 454 };
    const track = trackIn(uri) ?? 'video';
    if (track === 'sound' && !showing.tracks.sound) return { status: 404 };
    if (showing.ways.has(track)) return { status: 455 };
    const taken = [...showing.ways.values()].map(({ channel }) => channel);
    const channel = interleavedChannel(headers.get('transport')?.[0] ?? '', taken);
    if (channel === null) return { status: 461 };
    const source = showing.setUp(track, channel);
    const transport = `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1};ssrc=${source}`;
    return { status: 200, headers: [`Transport: ${transport}`, ...this.#sessionHeaders()] };
  }

  #play({ uri, headers }: RtspRequest): Answer {
    const showing = this.#showing;
    if (!showing?.session) return { status: 455 };
    if (sessionIn(headers) !== showing.session) return { status: 454 };
    this.#wait(this.#deps.connection.sessionMs);
    const base = uri.replace(/\/(?:video|sound)?$/, '');
    const tracks = [...showing.ways.keys()].map((track) => `url=${base}/${track};seq=0`);
    const info = showing.isPlaying ? [] : [`RTP-Info: ${tracks.join(',')}`];
    const socket = this.#socket;
    const sink = {
      write: (data: Buffer) => void (socket.destroyed || socket.write(data)),
      get backlogBytes() {
        return socket.writableLength;
      },
    };
    return {
      status: 200,
      headers: ['Range: npt=0.000-', ...info, ...this.#sessionHeaders()],
      after: () => showing.play(sink),
    };
  }

  #sessionHeaders(): string[] {
    const session = this.#showing?.session ?? null;
    const timeoutS = Math.floor(this.#deps.connection.sessionMs / 1000);
    return session === null ? [] : [`Session: ${session};timeout=${timeoutS}`];
  }

  #wait(ms: number): void {
    this.#untilMs = this.#clock.monotonicMs() + ms;
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off('drain', done).off('close', done);
        resolve();
      };
      this.#socket.once('drain', done).once('close', done);
    });
  }
}

/** The path of an address, without what some players put behind it; empty for what is no address of this protocol. */
function pathIn(uri: string): string {
  const path = /^rtsp:\/\/[^/?]{1,256}(\/[^?]*)/i.exec(uri)?.[1] ?? '';
  return path.replace(/\/$/, '');
}

/** The track that an address names; null where it is none of ours. */
function trackIn(uri: string): TrackName | null {
  const name = /\/(video|sound)$/.exec(uri)?.[1];
  return name === 'video' || name === 'sound' ? name : null;
}

/** Null where a request names none. */
function sessionIn(headers: RtspRequest['headers']): string | null {
  return headers.get('session')?.[0]?.split(';')[0]?.trim() ?? null;
}
