import { z } from 'zod';
import { DAY_MS } from '../../core/clock.ts';
import { outlines, PART_BYTES_MAX } from '../base-map/base-map.ts';
import { callerOf } from '../guards/auth.ts';
import { Shares } from '../guards/shares.ts';
import { bytesOf } from '../schemas.ts';
import { sendRange } from '../server/byte-range.ts';
import type { RoutePart } from './route.ts';

/** Browsers keep a tile for so long. */
const TILE_KEPT = `private, max-age=${DAY_MS / 1_000}`;

/** Parts of the file that are in memory until their reader has read them. A browser asks for six at once. */
const PARTS = { total: 256, perCaller: 16, retryAfterS: 1 };

const TILE = /^(\d{1,2})-(\d{1,7})-(\d{1,7})$/;
const tileParams = z.strictObject({
  tile: z.string().regex(TILE, 'use zoom-column-row, such as 12-3430-1681').meta({ description: 'zoom-column-row' }),
});

const parts = z.object({
  city: z.boolean().meta({ description: 'Whether there is a file of vector tiles: `GET /map/city.pmtiles`' }),
  tiles: z
    .object({
      datum: z.enum(['wgs84', 'gcj02']),
      zoomMax: z.int(),
      attribution: z.string().nullable(),
    })
    .nullable()
    .meta({ description: 'The map service of the operator: `GET /map/tiles/{z}-{x}-{y}`' }),
  outlines: z.boolean().meta({ description: 'Whether there is `GET /map/outlines.geojson`' }),
});

const tags = ['map'];
const config = { right: 'registry.read', displays: ['map', 'desk'] } as const;

/** What lies below the devices of a map. All of it comes from here: browsers of a command centre reach nothing else. */
export const baseMapRoutes: RoutePart = (app, { baseMap }) => {
  const shares = new Shares(PARTS);

  app.get(
    '/map/base',
    { config, schema: { tags, summary: 'What the operator has for the ground of the map', response: { 200: parts } } },
    () => baseMap.parts(),
  );

  app.get(
    '/map/outlines.geojson',
    { config, schema: { tags, summary: 'Outlines that the operator drew (WGS-84)', response: { 200: outlines } } },
    async (_request, reply) => {
      // It is JSON already, and was checked as it was read: megabytes are not checked again for each window.
      reply.type('application/json; charset=utf-8').serializer((text: unknown) => text as string);
      return (await baseMap.outlines()) as never;
    },
  );

  app.get(
    '/map/city.pmtiles',
    {
      config,
      schema: {
        tags,
        summary: 'Parts of the file of vector tiles, by Range',
        response: {
          200: bytesOf('application/octet-stream', `PMTiles; at most ${PART_BYTES_MAX} bytes at once`),
          206: bytesOf('application/octet-stream', 'The part asked for'),
        },
      },
    },
    async (request, reply) => {
      shares.enterUntilAnswered(callerOf(request), reply);
      const { mark, ...city } = await baseMap.city();
      reply.type('application/octet-stream').header('etag', `"${mark}"`).header('cache-control', 'private, no-cache');
      return (await sendRange(request, reply as never, city)) as never;
    },
  );

  app.get(
    '/map/tiles/:tile',
    {
      config: { ...config, errors: ['outbound.failed'] },
      schema: {
        tags,
        summary: 'A picture tile of the map service of the operator',
        params: tileParams,
        response: { 200: bytesOf('image/*', 'PNG, JPEG or WebP') },
      },
    },
    async ({ params }, reply) => {
      const { type, body } = await baseMap.tile(tileOf(params.tile));
      return reply
        .type(type)
        .header('cache-control', TILE_KEPT)
        .send(body as never);
    },
  );
};

function tileOf(text: string): Record<'z' | 'x' | 'y', number> {
  const [z = 0, x = 0, y = 0] = text.split('-').map(Number);
  return { z, x, y };
}
