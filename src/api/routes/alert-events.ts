import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { LogEntry } from '../../alerts/log.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller } from '../../core/types.ts';
import { callerOf, stillAllowed } from '../auth.ts';
import { alertEvent } from './alert-schemas.ts';
import type { ApiApp, RouteContext } from './route.ts';

const READERS = ['admin', 'operator', 'viewer'] as const;
const LIMIT_MAX = 500;
const ROUTE = 'alert-events';
/** Below the 15 s after which proxies and browsers give a silent stream up. */
const HEARTBEAT_MS = 10_000;
/** What a reader may leave unread before it is cut off; it comes back with its cursor and misses nothing. */
const UNREAD_BYTES_MAX = 1024 * 1024;
const STREAMS_MAX = 2_000;

const eventsQuery = z.strictObject({
  after: z
    .string()
    .max(1024)
    .optional()
    .meta({ description: 'Cursor of the last entry you have; from the start without' }),
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(100),
});
const streamQuery = z.strictObject({
  after: z.string().max(1024).optional().meta({ description: 'As Last-Event-ID; from now on without' }),
});
const page = z.object({ items: z.array(alertEvent), cursor: z.string() });

export function alertEventRoutes(app: ApiApp, context: RouteContext): void {
  const { queries, feed } = context.alerts;
  const tags = ['alerts'];

  app.get(
    '/alerts/events',
    {
      config: { allow: READERS, errors: ['cursor.expired'] },
      schema: { tags, summary: 'The log of alerts in order', querystring: eventsQuery, response: { 200: page } },
    },
    async (request) => {
      const caller = callerOf(request);
      const { after, limit } = request.query;
      const from = after === undefined ? 0 : readCursor(context, caller, after);
      const { entries, seq } = await queries.events(caller, from, limit);
      const items = entries.map((entry) => show(context, caller, entry));
      return { items, cursor: sealCursor(context, caller, seq) };
    },
  );

  let streams = 0;
  app.get(
    '/alerts/stream',
    {
      config: { allow: READERS, errors: ['cursor.expired', 'request.rate'] },
      schema: {
        tags,
        summary: 'The log of alerts as it grows (server-sent events); `id` is the cursor',
        querystring: streamQuery,
        response: { 200: z.unknown().meta({ description: 'text/event-stream' }) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const given = request.query.after ?? request.headers['last-event-id'];
      const from = typeof given === 'string' && given !== '' ? readCursor(context, caller, given) : feed.head;
      if (streams >= STREAMS_MAX) throw new CitywatchError('request.rate', { retryAfterS: 10 });
      reply.hijack();
      streams += 1;
      try {
        await stream({ context, request, caller, from, raw: reply.raw, headers: reply.getHeaders() });
      } finally {
        streams -= 1;
        reply.raw.end();
      }
    },
  );
}

interface StreamInput {
  context: RouteContext;
  request: FastifyRequest;
  caller: Caller;
  from: number;
  raw: ServerResponse;
  headers: Record<string, number | string | string[] | undefined>;
}

/** Writes entries as they come until the reader leaves, falls behind, loses its rights, or the gateway stops. */
async function stream({ context, request, caller, from, raw, headers }: StreamInput): Promise<void> {
  const { clock, alerts } = context;
  const left = new AbortController();
  raw.on('close', () => left.abort());
  raw.on('error', () => left.abort());
  const stopBeat = clock.every(HEARTBEAT_MS, () => {
    raw.write(': still here\n\n');
    void stillAllowed(request, context).then((allowed) => {
      if (!allowed) left.abort();
    });
  });
  try {
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) raw.setHeader(name, value);
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    raw.write(`retry: 1000\nid: ${sealCursor(context, caller, from)}\nevent: hello\ndata: {}\n\n`);
    for (let seq = from; !left.signal.aborted; ) {
      const next = await alerts.feed.next(caller, seq, left.signal);
      if (next.entries.length === 0) return;
      for (const entry of next.entries) {
        const { cursor, ...data } = show(context, caller, entry);
        raw.write(`id: ${cursor}\nevent: ${entry.type}\ndata: ${JSON.stringify(data)}\n\n`);
      }
      seq = next.seq;
      if (raw.writableLength > UNREAD_BYTES_MAX) return;
    }
  } finally {
    stopBeat();
    left.abort();
  }
}

function show(context: RouteContext, caller: Caller, entry: LogEntry): z.output<typeof alertEvent> {
  const body = entry.body as Omit<z.output<typeof alertEvent>, 'cursor'>;
  return { ...body, cursor: sealCursor(context, caller, entry.seq) };
}

function scopeOf(caller: Caller) {
  return { route: ROUTE, filter: {}, caller };
}

function sealCursor({ cursors, alerts }: RouteContext, caller: Caller, seq: number): string {
  return cursors.seal(scopeOf(caller), `${alerts.feed.epoch} ${seq}`);
}

/** Errors: `request.cursor` for what is not ours, `cursor.expired` for a log that is not this one (a restored backup). */
function readCursor({ cursors, alerts }: RouteContext, caller: Caller, cursor: string): number {
  const [epoch, seq] = (cursors.open(scopeOf(caller), cursor) ?? '').split(' ');
  if (epoch !== alerts.feed.epoch || Number(seq) > alerts.feed.head + HEAD_LAG_MAX) {
    throw new CitywatchError('cursor.expired', { detail: 'Read GET /api/v1/alerts, then go on without a cursor.' });
  }
  return Number(seq);
}

/** The feed may not have read yet what a query has already shown. */
const HEAD_LAG_MAX = 100_000;
