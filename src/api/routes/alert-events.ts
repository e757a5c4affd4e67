import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { LogEntry } from '../../alerts/desk/log.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller } from '../../core/types.ts';
import { ALERT_READERS, deskQuery, wantedOf } from '../guards/alert-desks.ts';
import { callerOf } from '../guards/auth.ts';
import { Shares } from '../guards/shares.ts';
import { askedOf, platesQuery, plateWish } from '../guards/whole-plates.ts';
import { bytesOf } from '../schemas.ts';
import { sendEvents, sharedEvent } from '../server/event-stream.ts';
import { alertEvent, alertStreamEvent } from './alert-schemas.ts';
import type { ApiApp, RouteContext } from './route.ts';

const LIMIT_MAX = 500;
const CURSOR_LENGTH_MAX = 1024;
const ROUTE = 'alert-events';
const STREAMS = { total: 2_000, perCaller: 64, retryAfterS: 10 };
/** The feed may not have read yet what a query has already shown. */
const HEAD_LAG_MAX = 100_000;
/** Entries whose plates are opened by one look, and for how long that look counts. */
const WHOLE_AT_ONCE = 50;
const WHOLE_FOR_MS = 5_000;

const cursor = z.string().max(CURSOR_LENGTH_MAX).optional();
const eventsQuery = z.strictObject({
  after: cursor.meta({ description: 'Cursor of the last entry you have; from the start without' }),
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(100),
  ...deskQuery,
  ...platesQuery,
});
const streamQuery = z.strictObject({
  after: cursor.meta({ description: 'As the header Last-Event-ID, which goes before it; from now on without both' }),
  ...deskQuery,
  ...platesQuery,
});
const page = z.object({ items: z.array(alertEvent), cursor: z.string() });

const tags = ['alerts'];

/** The log of all alerts, by page and as it grows. */
export function alertEventRoutes(app: ApiApp, context: RouteContext): void {
  pageRoute(app, context);
  streamRoute(app, context);
}

function pageRoute(app: ApiApp, context: RouteContext): void {
  app.get(
    '/alerts/events',
    {
      config: { right: ALERT_READERS, errors: ['request.cursor', 'cursor.expired'] },
      schema: { tags, summary: 'The log of alerts in order', querystring: eventsQuery, response: { 200: page } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { after, limit, class: of, desk } = request.query;
      const wanted = wantedOf(context, caller, { class: of, desk });
      const wholly = wholeBodies(context, request, { log: askedOf(request.query) });
      if (wholly) reply.header('cache-control', 'no-store');
      const from = after === undefined ? 0 : readCursor(context, caller, after);
      const { floor } = context.alerts.feed;
      const { entries, seq } = await context.alerts.queries.events(caller, from, limit, wanted);
      const whole = await wholly?.(entries);
      const told = entries.map((entry) => ({ ...entry, body: whole?.get(entry.id) ?? entry.body }));
      const items = told.map((entry) => show(context, caller, { entry, floor }));
      return { items, cursor: sealCursor(context, caller, { seq, floor }) };
    },
  );
}

function streamRoute(app: ApiApp, context: RouteContext): void {
  const { feed } = context.alerts;
  const shares = new Shares(STREAMS);
  const written = new Written();
  app.get(
    '/alerts/stream',
    {
      exposeHeadRoute: false,
      config: {
        right: ALERT_READERS,
        lasting: true,
        displays: ['desk'],
        errors: ['request.cursor', 'cursor.expired'],
      },
      schema: {
        tags,
        summary: 'The log of alerts as it grows (server-sent events); `id` is the cursor',
        querystring: streamQuery,
        response: { 200: bytesOf('text/event-stream', 'Entries of the log, until one side ends it', alertStreamEvent) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { class: of, desk } = request.query;
      const wanted = wantedOf(context, caller, { class: of, desk });
      const wholly = wholeBodies(context, request, { stream: askedOf(request.query) });
      // A browser that comes back sends the address it began with, so its header is newer.
      const given = request.headers['last-event-id'] || request.query.after;
      const from = typeof given === 'string' && given !== '' ? readCursor(context, caller, given) : await feed.newest();
      const leave = shares.enter(caller);
      try {
        await sendEvents({ request, reply: reply as never, context }, async ({ over, send }) => {
          const seal = context.cursors.sealer(scopeOf(caller));
          const idOf = (seq: number, floor: number): string => seal(cursorOf(feed, { seq, floor }));
          await send({ id: idOf(from, feed.floor), event: 'hello', json: '{}' });
          for (let seq = from; !over.aborted; ) {
            const { floor } = feed;
            const next = await feed.next(caller, seq, over, wanted);
            if (next.entries.length === 0) return;
            for await (const { entry, own } of opened(next.entries, wholly, context.clock)) {
              const id = idOf(entry.seq, floor);
              await send(
                own ? { id, event: entry.type, json: JSON.stringify(own) } : { id, shared: written.of(entry) },
              );
            }
            seq = next.seq;
          }
        });
      } finally {
        leave();
      }
    },
  );
}

/** What tells entries with their plates whole, to whoever asks so and may; null where they are asked for masked. */
function wholeBodies(context: RouteContext, request: FastifyRequest, asked: Readonly<Record<string, unknown>>) {
  const caller = callerOf(request);
  const wish = plateWish(context, request, request.query as z.output<typeof streamQuery>);
  return wish && ((entries: readonly LogEntry[]) => context.alerts.whole.entries(caller, entries, { wish, asked }));
}

type Wholly = ReturnType<typeof wholeBodies>;

/** Entries, with what is told of them whole: a reader that is slow is asked for its right again. */
async function* opened(entries: readonly LogEntry[], wholly: Wholly, clock: RouteContext['clock']) {
  for (let at = 0; at < entries.length; ) {
    const some = wholly ? entries.slice(at, at + WHOLE_AT_ONCE) : entries;
    const whole = await wholly?.(some);
    const openedAtMs = clock.monotonicMs();
    for (const entry of some) {
      if (whole && clock.monotonicMs() - openedAtMs > WHOLE_FOR_MS) break;
      yield { entry, own: whole?.get(entry.id) };
      at += 1;
    }
  }
}

/** What every reader of an entry is sent, written once however many there are. */
class Written {
  readonly #known = new WeakMap<LogEntry, Buffer>();

  of(entry: LogEntry): Buffer {
    const known = this.#known.get(entry);
    if (known !== undefined) return known;
    const shared = sharedEvent(entry.type, JSON.stringify(entry.body));
    this.#known.set(entry, shared);
    return shared;
  }
}

/** `floor`: that of the log when it was read up to `seq`. */
interface Reached {
  seq: number;
  floor: number;
}

function show(
  context: RouteContext,
  caller: Caller,
  { entry, floor }: { entry: LogEntry; floor: number },
): z.output<typeof alertEvent> {
  const body = entry.body as Omit<z.output<typeof alertEvent>, 'cursor'>;
  return { ...body, cursor: sealCursor(context, caller, { seq: entry.seq, floor }) };
}

function scopeOf(caller: Caller) {
  return { route: ROUTE, filter: {}, caller };
}

function sealCursor({ cursors, alerts }: RouteContext, caller: Caller, { seq, floor }: Reached): string {
  return cursors.seal(scopeOf(caller), cursorOf(alerts.feed, { seq, floor }));
}

function cursorOf({ epoch }: { epoch: string }, { seq, floor }: Reached): string {
  return `${epoch} ${seq} ${floor}`;
}

/**
 * Errors: `request.cursor` for what is not ours, `cursor.expired` for another log (one restored from a backup), and
 * where entries behind it went since it was given. One of a version that kept everything has no floor.
 */
function readCursor({ cursors, alerts }: RouteContext, caller: Caller, given: string): number {
  const { feed } = alerts;
  const [epoch, seq, floor = '0'] = (cursors.open(scopeOf(caller), given) ?? '').split(' ');
  if (epoch !== feed.epoch || Number(seq) > feed.head + HEAD_LAG_MAX) {
    throw new CitywatchError('cursor.expired', { detail: 'Read GET /api/v1/alerts, then go on without a cursor.' });
  }
  if (Number(seq) < feed.floor && Number(floor) < feed.floor) {
    const detail = 'Older entries are not kept any more: read GET /api/v1/alerts, then go on without a cursor.';
    throw new CitywatchError('cursor.expired', { detail });
  }
  return Number(seq);
}
