import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { deadline } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { RouteContext } from '../routes/route.ts';

/** Below the 15 s after which proxies and browsers give a silent stream up. */
const BEAT_MS = 10_000;
/** A reader that takes nothing for this long is cut off; it comes back with its cursor and misses nothing. */
const STUCK_MS = 15_000;
/** How long the browser waits before it comes back. */
const RETRY_MS = 1_000;

export type ServerSentEvent =
  | {
      id: string;
      event: string;
      /** On one line. */
      json: string;
    }
  /** What many readers are sent, written once ({@link sharedEvent}); only its id is each one's own. */
  | { id: string; shared: Buffer };

/** An event without its id, as bytes: a thousand readers that each have it encoded anew fill the memory with copies. */
export function sharedEvent(event: string, json: string): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${json}\n\n`);
}

export interface EventStream {
  /** Aborted when the reader has left, is stuck or has lost its rights, and when the server stops. */
  over: AbortSignal;
  /** Resolves when the reader can take more. */
  send(event: ServerSentEvent): Promise<void>;
}

/**
 * Answers a request with server-sent events, as long as `run` lasts. Nothing is queued for the reader beyond what its
 * connection holds: `run` waits in `send` until that has drained.
 */
export async function sendEvents(
  { request, reply, context }: { request: FastifyRequest; reply: FastifyReply; context: RouteContext },
  run: (stream: EventStream) => Promise<void>,
): Promise<void> {
  const { clock, stopping, observer } = context;
  const { raw } = reply;
  const over = new AbortController();
  const end = () => over.abort();
  raw.once('close', end).once('error', end);
  stopping.addEventListener('abort', end, { once: true });
  request.withdrawn.addEventListener('abort', end, { once: true });
  const stopBeat = clock.every(BEAT_MS, () => {
    if (!raw.writableNeedDrain) raw.write(': still here\n\n');
  });
  try {
    begin(reply);
    await run({ over: over.signal, send: (event) => write(event) });
  } catch (error) {
    // The answer has begun, so there is no problem document; the reader comes back and is told then.
    observer.log.warn({ part: 'api', requestId: request.id, error: messageOf(error) }, 'event stream broken off');
  } finally {
    stopBeat();
    stopping.removeEventListener('abort', end);
    raw.end();
    // What a stuck reader has not taken would hold its connection open.
    if (raw.writableLength > 0) raw.destroy();
  }

  function put(event: ServerSentEvent): boolean {
    if (!('shared' in event)) return raw.write(`id: ${event.id}\nevent: ${event.event}\ndata: ${event.json}\n\n`);
    // Not corked: what is corked says of no write that the connection is full. Node sends both together anyway.
    raw.write(`id: ${event.id}\n`);
    return raw.write(event.shared);
  }

  async function write(event: ServerSentEvent): Promise<void> {
    if (over.signal.aborted || put(event)) return;
    const limit = deadline(clock, STUCK_MS, over.signal);
    try {
      await once(raw, 'drain', { signal: limit.signal });
    } catch {
      end();
    } finally {
      limit.cancel();
    }
  }
}

/** Sends the head of the answer at once, with the headers that hooks have set. */
function begin(reply: FastifyReply): void {
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  raw.write(`retry: ${RETRY_MS}\n\n`);
}
