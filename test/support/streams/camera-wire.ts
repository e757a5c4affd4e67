import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { CameraSession } from '../../../src/streams/relay/camera-session.ts';
import { ManualClock } from '../time/clock.ts';

/** A request as the camera reads it. */
export interface Asked {
  method: string;
  uri: string;
  headers: ReadonlyMap<string, string>;
}

/** What a camera says to a request, as it goes over the wire; null for nothing. */
export type Answering = (asked: Asked) => string | null;

export const SDP = ['v=0', 's=x', 'a=control:*', 'm=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=control:t1', ''];

/** An answer of status 200 with the number of the request. */
export function ok({ headers }: Asked, more: readonly string[] = [], body = ''): string {
  const lines = ['RTSP/1.0 200 OK', `CSeq: ${headers.get('cseq')}`, ...more];
  if (body) lines.push(`Content-Length: ${body.length}`);
  return [...lines, '', body].join('\r\n');
}

/** A camera that does all as it should. */
export const honest: Answering = (asked) => {
  if (asked.method === 'DESCRIBE') return ok(asked, [], SDP.join('\r\n'));
  if (asked.method === 'SETUP') return ok(asked, ['Transport: RTP/AVP/TCP;interleaved=0-1', 'Session: 5;timeout=10']);
  return ok(asked, ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN']);
};

/**
 * A camera without a network: bytes are handed over at once, and its clock stands still until a test moves it.
 */
export class WireCamera {
  readonly clock = new ManualClock();
  readonly asked: Asked[] = [];
  /** Every byte that came, as text. */
  heard = '';
  closed = false;
  readonly #answer: Answering;
  readonly #socket = new EventEmitter();

  constructor(answer: Answering = honest) {
    this.#answer = answer;
  }

  /** Methods asked for, oldest first. */
  get methods(): string[] {
    return this.asked.map(({ method }) => method);
  }

  async open(): Promise<CameraSession> {
    const socket = Object.assign(this.#socket, {
      writableNeedDrain: false,
      write: (data: Buffer | string) => this.#hear(data.toString('latin1')),
      destroy: () => {
        this.closed = true;
        this.#socket.emit('close');
      },
      pause: () => {},
      resume: () => {},
    });
    const tcp = { connect: async () => socket as unknown as Socket };
    const deps = { clock: this.clock, tcp, networks: [], megabitsPerS: 100 };
    return CameraSession.open(deps, { url: 'rtsp://10.0.0.1/live' }, new AbortController().signal);
  }

  say(data: Buffer | string): void {
    this.#socket.emit('data', Buffer.from(data as string, 'latin1'));
  }

  #hear(text: string): boolean {
    this.heard += text;
    const [first = '', ...lines] = text.split('\r\n');
    const [method = '', uri = ''] = first.split(' ');
    if (method.startsWith('RTSP/')) return true;
    const pairs = lines.map((line) => /^([^:]+): (.*)$/.exec(line)).filter((match) => match !== null);
    const asked = { method, uri, headers: new Map(pairs.map(([, name, value]) => [name!.toLowerCase(), value!])) };
    this.asked.push(asked);
    const answer = this.#answer(asked);
    if (answer !== null) queueMicrotask(() => this.say(answer));
    return true;
  }
}
