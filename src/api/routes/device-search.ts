import { Readable } from 'node:stream';
import { z } from 'zod';
import { MINUTE_MS } from '../../core/clock.ts';
import { FIELD_NAMES } from '../../devices/search/fields.ts';
import { filterQuery } from '../../devices/search/filter.ts';
import { FEATURES_MAX, featureCollection } from '../../devices/search/geojson.ts';
import { LEVEL_NAMES } from '../../devices/search/levels.ts';
import { callerOf } from '../guards/auth.ts';
import { Shares } from '../guards/shares.ts';
import { bytesOf } from '../schemas.ts';
import { untilEnd } from '../server/until-end.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import type { RoutePart } from './route.ts';

/** Maps under way: each asks for a page of devices after the other. */
const MAPS = { total: 8, perCaller: 2, retryAfterS: 10 };
/** How long one may take, at whatever pace its reader reads. */
const MAP_MS = 5 * MINUTE_MS;

const filter = z.strictObject(filterQuery);
const counts = z.array(z.object({ value: z.string(), count: z.int() }));
const fields = Object.fromEntries(FIELD_NAMES.map((name) => [name, counts])) as Record<
  (typeof FIELD_NAMES)[number],
  typeof counts
>;
const facets = z
  .object({
    total: z.int(),
    ...fields,
    health: counts.meta({ description: 'How those that stand are now: online, degraded, offline or unknown' }),
    tag: counts.meta({ description: 'A device counts once for each of its tags' }),
    police: counts.meta({
      description: 'Codes of police agencies: a device counts for its own and for those above it',
    }),
    jurisdiction: z.array(z.object({ value: z.string(), count: z.int(), level: z.enum(LEVEL_NAMES) })).meta({
      description: 'Codes of each level within your area: a device counts once at every level it lies in',
    }),
  })
  .meta({ description: 'Up to 200 values of each field, those of most devices first' });

/** What else a filtered list of devices is asked for: how many there are of what, and where they stand on a map. */
export const deviceSearchRoutes: RoutePart = (app, { search, twin, stopping }) => {
  const shares = new Shares(MAPS);

  app.get(
    '/device-facets',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Count the devices of a list by their fields',
        querystring: filter,
        response: { 200: facets },
      },
    },
    async (request) => {
      const { fields: byField, ...others } = await search.facets(callerOf(request), request.query);
      return { ...byField, ...others };
    },
  );

  app.get(
    '/devices.geojson',
    {
      exposeHeadRoute: false,
      handlerTimeout: MAP_MS,
      config: { right: 'registry.read', lasting: true },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'The devices of a list for a map',
        querystring: filter,
        response: {
          200: bytesOf(
            'application/geo+json',
            `RFC 7946, points in WGS-84; up to ${FEATURES_MAX} of them, and \`truncated\` says whether there are more`,
          ),
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const signal = untilEnd(reply.raw, [stopping, request.withdrawn], shares.enter(caller));
      const pages = search.pages(caller, request.query, FEATURES_MAX + 1);
      const pieces = featureCollection(pages, (id) => twin.presence(id).presence);
      reply.type('application/geo+json').header('cache-control', 'private, no-store');
      const body = Readable.from(pieces);
      // A reader that has stopped to read would hold up the end of the server.
      signal.addEventListener('abort', () => body.destroy(), { once: true });
      return reply.send(body as never);
    },
  );
};
