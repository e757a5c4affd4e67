import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { Caller } from '../../core/types.ts';
import { WALL_CAMERAS_MAX, WALL_LAYOUTS, type Wall, type WallLayout } from '../../streams/walls/wall.ts';
import { isOwner } from '../../streams/walls/walls.ts';
import { ifMatch, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { camerasOf } from '../guards/views.ts';
import { deviceId, label, moment, noContent } from '../schemas.ts';
import { type ApiApp, defined, type RouteContext, type RoutePart } from './route.ts';

const tags = ['streams'];
const NAME_MAX = 64;

const layout = z.union(WALL_LAYOUTS.map((one) => z.literal(one)) as [z.ZodLiteral<WallLayout>]);
const cameras = z
  .array(deviceId)
  .max(WALL_CAMERAS_MAX)
  .refine((ids) => new Set(ids).size === ids.length, 'names a camera twice');

const fields = {
  name: label(NAME_MAX),
  layout: layout.meta({ description: 'Pictures at the same time' }),
  cameras: cameras.meta({ description: 'In the order of their tiles' }),
  shared: z.boolean().meta({ description: 'Whether others of your area see it' }),
};
const body = z.strictObject({ ...fields, shared: fields.shared.default(false) });
const patch = z.strictObject(fields).partial();

const wall = z
  .object({
    ...fields,
    id: z.uuid(),
    cameras: z.array(z.string()).meta({ description: 'Those that you may see' }),
    own: z.boolean().meta({ description: 'Whether you may change it' }),
    owner: z.string(),
    jurisdiction: z.string().meta({ description: 'The area in which it is shared' }),
    updatedAt: moment,
    version: z.int(),
  })
  .meta({ id: 'CameraWall' });

const params = z.strictObject({ id: z.uuid() });
const right = 'video.look' as const;

/** Walls of cameras that people keep for themselves, and share. */
export const wallRoutes: RoutePart = (app, context) => {
  readRoutes(app, context);
  editRoutes(app, context);
};

function readRoutes(app: ApiApp, { walls }: RouteContext): void {
  app.get(
    '/walls',
    {
      config: { right },
      schema: {
        tags,
        summary: 'Your walls of cameras, then those that others share with your area, by name; 500 at most',
        response: { 200: z.object({ items: z.array(wall) }) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      return { items: (await walls.list(caller)).map((one) => shown(caller, one)) };
    },
  );

  app.get(
    '/walls/:id',
    { config: { right }, schema: { tags, summary: 'One wall of cameras', params, response: { 200: wall } } },
    async (request, reply) => {
      const caller = callerOf(request);
      const found = await walls.get(caller, request.params.id);
      setEtag(reply, found.version);
      return shown(caller, found);
    },
  );
}

function editRoutes(app: ApiApp, context: RouteContext): void {
  const { walls } = context;
  app.post(
    '/walls',
    {
      config: { right, errors: ['not-found', 'conflict.state'] },
      schema: { tags, summary: 'Keep a wall of cameras', body, response: { 201: wall } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      camerasOf(context, caller, request.body.cameras);
      const made = await walls.create(caller, request.body);
      setEtag(reply, made.version);
      return reply.code(201).send(shown(caller, made));
    },
  );

  app.patch(
    '/walls/:id',
    {
      config: { right, errors: ['auth.forbidden', 'conflict.state'] },
      schema: { tags, summary: 'Change a wall of your own', params, body: patch, response: { 200: wall } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { id } = request.params;
      camerasOf(context, caller, request.body.cameras ?? []);
      const change = defined(request.body);
      const changed = await ifMatch(request, (version) => walls.change(caller, id, version, change));
      setEtag(reply, changed.version);
      return shown(caller, changed);
    },
  );

  app.delete(
    '/walls/:id',
    {
      config: { right, errors: ['auth.forbidden'] },
      schema: {
        tags,
        summary: 'Remove a wall of your own; who keeps the tree of areas also removes shared ones',
        params,
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await ifMatch(request, (version) => walls.remove(callerOf(request), id, version));
      return reply.code(204).send(null);
    },
  );
}

function shown(caller: Caller, one: Wall): z.output<typeof wall> {
  const { owner, updatedAtMs, ...rest } = one;
  return { ...rest, own: isOwner(caller, one), owner: owner.name, updatedAt: toRfc3339(updatedAtMs) };
}
