import { z } from 'zod';
import { WATCHLIST_ENTRIES_MAX } from '../../alerts/watchlists/watchlists.ts';
import { ONLY_VERSION, requireOnlyVersion, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { instant, jurisdiction, label, listOf, moment, noContent } from '../schemas.ts';
import type { RoutePart } from './route.ts';

const newWatchlist = z.strictObject({
  name: label(128),
  jurisdiction,
  reason: label(500),
  case: label(64).meta({ description: 'Number of the case that justifies the list' }),
  entries: z
    .array(z.strictObject({ plate: label(16), reason: label(200), validUntil: instant }))
    .min(1)
    .max(WATCHLIST_ENTRIES_MAX),
});

const watchlist = z.object({
  id: z.string(),
  name: z.string(),
  jurisdiction: z.string(),
  reason: z.string(),
  case: z.string(),
  createdBy: z.string(),
  createdAt: moment,
  version: z.int(),
});

export const watchlistRoutes: RoutePart = (app, { alerts: { watchlists } }) => {
  const tags = ['alerts'];

  app.get(
    '/watchlists',
    {
      config: { right: 'watchlists.keep' },
      schema: { tags, summary: 'Lists of wanted plates, without the plates', response: { 200: listOf(watchlist) } },
    },
    async (request) => {
      const lists = await watchlists.list(callerOf(request));
      return { items: lists.map((list) => ({ ...list, version: ONLY_VERSION })) };
    },
  );

  app.post(
    '/watchlists',
    {
      config: { right: 'watchlists.keep' },
      schema: {
        tags,
        summary: 'Have plates watched for; each entry needs a reason and an end',
        body: newWatchlist,
        response: { 201: z.object({ id: z.string(), entries: z.int() }) },
      },
    },
    async (request, reply) => {
      const entries = request.body.entries.map(({ validUntil, ...rest }) => ({ ...rest, validUntilMs: validUntil }));
      setEtag(reply.status(201), ONLY_VERSION);
      return watchlists.create(callerOf(request), { ...request.body, entries });
    },
  );

  app.delete(
    '/watchlists/:id',
    {
      config: { right: 'watchlists.keep' },
      schema: {
        tags,
        summary: 'End a watchlist',
        params: z.strictObject({ id: z.string().max(64) }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      requireOnlyVersion(request);
      await watchlists.remove(callerOf(request), request.params.id);
      return reply.status(204).send(null);
    },
  );
};
