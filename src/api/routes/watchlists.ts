import type { Readable } from 'node:stream';
import { z } from 'zod';
import { ENTRY_FILE_BYTES_MAX } from '../../alerts/watchlists/entry-file.ts';
import { MINUTE_MS } from '../../core/clock.ts';
import { ifMatch, ONLY_VERSION, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { Shares } from '../guards/shares.ts';
import { mayArriveSlowly, steadily } from '../guards/slow-files.ts';
import { instant, label, listOf, noContent, pageQuery } from '../schemas.ts';
import { requirePlainBody } from '../server/bodies.ts';
import { validatorCompiler } from '../server/validation.ts';
import { lastFor } from './imports.ts';
import { type ApiApp, defined, pageOf, type RouteContext, type RoutePart } from './route.ts';
import { entry, fileAnswer, newWatchlist, type order, REASON_MAX, watchlist } from './watchlist-schemas.ts';

/** A million lines on a machine that has other things to do. */
const FILE_MS = 10 * MINUTE_MS;
const FILES = { total: 2, perCaller: 1, retryAfterS: 10 };

const tags = ['alerts'];
const params = z.strictObject({ id: z.string().max(64) });
const KEEP_OR_APPROVE = ['watchlists.keep', 'watchlists.approve'] as const;

export const watchlistRoutes: RoutePart = (app, context) => {
  readRoutes(app, context);
  keepRoutes(app, context);
  askRoutes(app, context);
  decideRoutes(app, context);
  fileRoute(app, context);
};

function readRoutes(app: ApiApp, context: RouteContext): void {
  const { lists } = context.alerts;

  app.get(
    '/watchlists',
    {
      config: { right: KEEP_OR_APPROVE },
      schema: {
        tags,
        summary: 'Lists of wanted plates, without the plates; of covert ones only those that name you',
        querystring: z.strictObject({
          ended: z.enum(['true', 'false']).default('false').meta({ description: '`true`: also those that have ended' }),
        }),
        response: { 200: listOf(watchlist) },
      },
    },
    async (request) => ({ items: await lists.list(callerOf(request), { ended: request.query.ended === 'true' }) }),
  );

  app.get(
    '/watchlists/:id',
    {
      config: { right: KEEP_OR_APPROVE },
      schema: { tags, summary: 'One list of wanted plates', params, response: { 200: watchlist } },
    },
    async (request, reply) => {
      const found = await lists.get(callerOf(request), request.params.id);
      setEtag(reply, found.version);
      return found;
    },
  );

  app.get(
    '/watchlists/:id/entries',
    {
      config: { right: KEEP_OR_APPROVE },
      schema: {
        tags,
        summary: 'The plates of a list, masked',
        params,
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(entry) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, `watchlist ${request.params.id}`, caller, request.query);
      const { items, next } = await lists.entries(caller, request.params.id, page.request);
      return { items, ...page.seal(next) };
    },
  );
}

function keepRoutes(app: ApiApp, { alerts: { watchlists } }: RouteContext): void {
  app.post(
    '/watchlists',
    {
      config: { right: 'watchlists.keep' },
      schema: {
        tags,
        summary: 'Have plates watched for: a draft to be approved, or an emergency',
        body: newWatchlist,
        response: { 201: z.object({ id: z.string(), entries: z.int() }) },
      },
    },
    async (request, reply) => {
      const { order: given, entries, ...rest } = request.body;
      setEtag(reply.status(201), ONLY_VERSION);
      return watchlists.create(callerOf(request), {
        ...rest,
        entries: entries.map(({ validUntil, ...one }) => ({ ...defined(one), validUntilMs: validUntil ?? null })),
        ...(given && { order: orderInput(given) }),
      });
    },
  );

  app.delete(
    '/watchlists/:id',
    {
      config: { right: 'watchlists.keep', errors: ['conflict.state'] },
      schema: { tags, summary: 'End a list that no second person has approved', params, response: { 204: noContent } },
    },
    async (request, reply) => {
      await ifMatch(request, (version) => watchlists.remove(callerOf(request), request.params.id, version));
      return reply.status(204).send(null);
    },
  );
}

function orderInput({ from, until, ...rest }: z.output<typeof order>) {
  return { ...rest, fromMs: from ?? null, untilMs: until };
}

const noBody = z.strictObject({}).nullish();
const withReason = z.strictObject({ reason: label(REASON_MAX) });
const renewal = z.strictObject({ until: instant, reason: label(REASON_MAX) });

const response = { 200: watchlist };

/** Steps of who asks: nothing comes of them before a second person has decided. */
function askRoutes(app: ApiApp, { alerts: { watchlists } }: RouteContext): void {
  const config = { right: 'watchlists.keep' as const, errors: ['conflict.state'] as const };

  app.post(
    '/watchlists/:id/request',
    { config, schema: { tags, summary: 'Ask for the approval of a draft', params, body: noBody, response } },
    async (request) => watchlists.step(callerOf(request), request.params.id, { type: 'request' }),
  );

  app.post(
    '/watchlists/:id/renew',
    {
      config,
      schema: { tags, summary: 'Ask that a list goes on for longer', params, body: renewal, response },
    },
    async (request) => {
      const { until: untilMs, reason } = request.body;
      return watchlists.step(callerOf(request), request.params.id, { type: 'ask-renewal', untilMs, reason });
    },
  );

  app.post(
    '/watchlists/:id/revoke',
    {
      config,
      schema: { tags, summary: 'Ask that a list ends before its time', params, body: withReason, response },
    },
    async (request) =>
      watchlists.step(callerOf(request), request.params.id, { type: 'ask-revocation', ...request.body }),
  );
}

/** Steps of the second person. */
function decideRoutes(app: ApiApp, { alerts: { watchlists } }: RouteContext): void {
  const config = { right: 'watchlists.approve' as const, errors: ['conflict.state', 'auth.forbidden'] as const };

  app.post(
    '/watchlists/:id/approve',
    {
      config,
      schema: {
        tags,
        summary: 'Approve what somebody else asks for: the list, its renewal or its end',
        params,
        body: noBody,
        response,
      },
    },
    async (request) => watchlists.step(callerOf(request), request.params.id, { type: 'approve' }),
  );

  app.post(
    '/watchlists/:id/reject',
    {
      config,
      schema: {
        tags,
        summary: 'Refuse what somebody else asks for, with a reason',
        params,
        body: withReason,
        response,
      },
    },
    async (request) => watchlists.step(callerOf(request), request.params.id, { type: 'reject', ...request.body }),
  );
}

function fileRoute(app: ApiApp, { alerts: { entryFiles }, room, clock }: RouteContext): void {
  const files = new Shares(FILES);
  app.register(async (raw) => {
    raw.removeAllContentTypeParsers();
    raw.addContentTypeParser('text/csv', async (_request: unknown, body: unknown) => body);
    raw.post(
      '/watchlists/:id/entries',
      {
        bodyLimit: ENTRY_FILE_BYTES_MAX,
        handlerTimeout: FILE_MS,
        // The same file again changes nothing: an Idempotency-Key is not needed.
        config: {
          right: 'watchlists.keep',
          asksOnly: true,
          errors: ['conflict.state', 'request.too-large', 'store.full'],
        },
        onRequest: async (request, reply) => {
          files.enterUntilAnswered(callerOf(request), reply);
          lastFor(request, reply, FILE_MS);
          mayArriveSlowly(request, reply);
          await requirePlainBody(request);
        },
        validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : validatorCompiler(part as never)),
        schema: {
          tags,
          summary: 'Add the plates of a file to a draft, up to a million; the same file again changes nothing',
          description:
            'CSV in UTF-8 that begins with a line of titles: `plate` and `reason`, then as wanted `colour` and ' +
            `\`validUntil\`. At most ${ENTRY_FILE_BYTES_MAX} bytes. Lines that cannot be used are named in the answer.`,
          params,
          consumes: ['text/csv'],
          body: z.unknown().meta({ description: 'The bytes of the file' }),
          response: { 200: fileAnswer },
        },
      },
      async (request) => {
        const { id } = request.params as z.output<typeof params>;
        // It asks for no key, and writes all the same.
        await room.forEdits();
        return await entryFiles.add(callerOf(request), id, steadily(request.body as Readable, clock));
      },
    );
  });
}
