import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { machineNames } from '../../platform/outbound/names.ts';

/** What Redis says to a command: text, a number, nothing, or a list of such. An error reply rejects instead. */
export type RedisReply = string | number | null | RedisReply[];

const ANSWER_BYTES_MAX = 256 * 1024;

/**
 * Sends commands to `redis://`, `rediss://` or `unix://:password@/path` and resolves with the replies. For probes: one
 * connection, no retry, closed afterwards. The password of the URL is sent first. Rejects at the first error reply.
 */
export function askRedis(url: string, commands: string[][], signal: AbortSignal): Promise<RedisReply[]> {
  const { open, login } = readAddress(url);
  const all = [...login, ...commands];
  return new Promise((resolve, reject) => {
    const socket = open();
    const stop = () => socket.destroy(new Error('no answer in time'));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    let received = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('close', () => {
      signal.removeEventListener('abort', stop);
      reject(new Error('Redis closed the connection'));
    });
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      try {
        const replies = readReplies(received, all.length);
        if (replies) resolve(replies.slice(login.length));
        else if (received.length <= ANSWER_BYTES_MAX) return;
        else reject(new Error('Redis answered with too much'));
      } catch (error) {
        reject(error);
      }
      socket.destroy();
    });
    socket.write(all.map(encode).join(''));
  });
}

function encode(words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

interface Address {
  open: () => Socket;
  login: string[][];
}

function readAddress(url: string): Address {
  const unix = /^unix:\/\/(?:([^:@/]*):([^@/]*)@)?(?:localhost)?(\/[^?]*)/.exec(url);
  if (unix) {
    const [, user, password, path = ''] = unix;
    return { open: () => connectPlain({ path: decodeURI(path) }), login: login(user, password) };
  }
  const { hostname, port, username, password, protocol } = new URL(url);
  const { lookup } = machineNames.services;
  const place = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || DEFAULT_PORT), lookup };
  const open =
    protocol === 'rediss:' ? () => connectTls({ ...place, servername: place.host }) : () => connectPlain(place);
  return { open, login: login(username, password) };
}

const DEFAULT_PORT = 6379;

function login(user = '', password = ''): string[][] {
  if (!password) return [];
  const words = [user, password].map(decodeURIComponent).filter(Boolean);
  return [['AUTH', ...words]];
}

/** The first `count` replies of RESP2, or null when they are not all there yet. Throws at an error reply. */
function readReplies(bytes: Buffer, count: number): RedisReply[] | null {
  const reader = new ReplyReader(bytes);
  const replies: RedisReply[] = [];
  while (replies.length < count) {
    const reply = reader.next();
    if (reply === undefined) return null;
    replies.push(reply);
  }
  return replies;
}

class ReplyReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Undefined when the reply is not complete. */
  next(): RedisReply | undefined {
    const line = this.#line();
    if (line === undefined) return undefined;
    const rest = line.slice(1);
    if (line.startsWith('+')) return rest;
    if (line.startsWith('-')) throw new Error(`Redis said: ${rest.slice(0, 200)}`);
    if (line.startsWith(':')) return Number(rest);
    if (line.startsWith('$')) return this.#text(Number(rest));
    if (line.startsWith('*')) return this.#list(Number(rest));
    throw new Error('this is no Redis');
  }

  #line(): string | undefined {
    const end = this.#bytes.indexOf('\r\n', this.#at);
    if (end < 0) return undefined;
    const line = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #text(length: number): string | null | undefined {
    if (length < 0) return null;
    if (this.#at + length + 2 > this.#bytes.length) return undefined;
    const text = this.#bytes.toString('utf8', this.#at, this.#at + length);
    this.#at += length + 2;
    return text;
  }

  #list(length: number): RedisReply[] | null | undefined {
    if (length < 0) return null;
    const items: RedisReply[] = [];
    while (items.length < length) {
      const item = this.next();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}
