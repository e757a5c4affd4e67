import { z } from 'zod';
import { DISPLAY_VIEWS, type DisplayInfo } from '../../access/displays/displays.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import type { Caller } from '../../core/types.ts';
import { ONLY_VERSION, requireOnlyVersion, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { refuseForeignPages, setDisplayCookie } from '../guards/session-cookie.ts';
import {
  jurisdiction,
  label,
  listOf,
  moment,
  momentOrNull,
  noContent,
  policeLimit,
  policeLimited,
} from '../schemas.ts';
import { type ApiApp, defined, type RouteContext, type RoutePart } from './route.ts';

const tags = ['people'];
/** Whoever may send it has said nothing of themselves yet. */
const BEGIN_BYTES_MAX = 1_024;
const TOKEN_LENGTH_MAX = 128;

const view = z.enum(DISPLAY_VIEWS).meta({ description: 'Cameras, the map, or alerts' });
const address = z.string().min(2).max(64).meta({ description: 'The one IP address it may ask from' });

const newDisplay = z.strictObject({
  name: label(100),
  view,
  jurisdiction,
  police: policeLimit.optional(),
  address,
  wall: z.uuid().optional().meta({ description: 'A wall of `GET /walls` that is shared with its area' }),
});

const display = z
  .object({
    id: z.string(),
    name: z.string(),
    view,
    jurisdiction: z.string(),
    police: policeLimited,
    address,
    wall: z.string().nullable(),
    createdBy: z.string(),
    createdAt: moment,
    begunAt: moment.nullable().meta({ description: 'When it was signed in; null while its token waits' }),
    tokenUntil: moment.nullable().meta({ description: 'Until when its token counts; null once it was used' }),
    revokedAt: moment.nullable(),
    version: z.int(),
  })
  .meta({ id: 'Display' });

const made = z.object({
  id: z.string(),
  token: z.string().optional().meta({ description: 'Counts once; shown this once and never again' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
  until: moment,
});

const params = z.strictObject({ id: z.uuid() });
const config = { right: 'tokens.keep' } as const;

function answer({ createdAtMs, begunAtMs, tokenUntilMs, revokedAtMs, ...rest }: DisplayInfo): z.output<typeof display> {
  return {
    ...rest,
    createdAt: toRfc3339(createdAtMs),
    begunAt: momentOrNull(begunAtMs),
    tokenUntil: momentOrNull(tokenUntilMs),
    revokedAt: momentOrNull(revokedAtMs),
    version: ONLY_VERSION,
  };
}

/** Second screens: made by people, signed in by a token that counts once. */
export const displayRoutes: RoutePart = (app, context) => {
  keepingRoutes(app, context);
  tokenRoute(app, context);
  beginRoute(app, context);
  ownRoute(app, context);
};

function keepingRoutes(app: ApiApp, context: RouteContext): void {
  const { displays } = context;
  app.get(
    '/displays',
    { config, schema: { tags, summary: 'Second screens of your area', response: { 200: listOf(display) } } },
    async (request) => ({ items: (await displays.list(callerOf(request))).map(answer) }),
  );

  app.post(
    '/displays',
    {
      config: { ...config, oneTimeSecret: 'token' },
      schema: { tags, summary: 'Register a second screen', body: newDisplay, response: { 201: made } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      await requireWall(context, caller, request.body);
      const { untilMs, ...one } = await displays.create(caller, defined(request.body));
      setEtag(reply.code(201), ONLY_VERSION);
      return { ...one, until: toRfc3339(untilMs) };
    },
  );

  app.delete(
    '/displays/:id',
    {
      config,
      schema: { tags, summary: 'Revoke a second screen: it goes dark', params, response: { 204: noContent } },
    },
    async (request, reply) => {
      requireOnlyVersion(request);
      await displays.revoke(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

/** Errors: `request.invalid` for a screen of cameras without a wall, and for a wall that is not shared. */
async function requireWall(
  { walls }: RouteContext,
  caller: Caller,
  { view: of, wall }: z.output<typeof newDisplay>,
): Promise<void> {
  if (wall === undefined) {
    if (of === 'wall') throw invalid('wall', 'is missing: name a wall of cameras that is shared, see GET /walls');
    return;
  }
  const found = await walls.get(caller, wall).catch(unlessThere);
  if (!found?.shared) throw invalid('wall', 'is no wall of cameras that is shared: see GET /walls');
}

function tokenRoute(app: ApiApp, { displays }: RouteContext): void {
  app.post(
    '/displays/:id/token',
    {
      config: { ...config, oneTimeSecret: 'token' },
      schema: {
        tags,
        summary: 'Another token for the same screen; where it is signed in, that ends',
        params,
        body: z.strictObject({}).nullish(),
        response: { 200: made },
      },
    },
    async (request) => {
      const { untilMs, ...one } = await displays.renew(callerOf(request), request.params.id);
      return { ...one, until: toRfc3339(untilMs) };
    },
  );
}

function beginRoute(app: ApiApp, { displays, settings }: RouteContext): void {
  app.post(
    '/session/display',
    {
      bodyLimit: BEGIN_BYTES_MAX,
      config: { public: true, errors: ['auth.required', 'auth.forbidden'] },
      schema: {
        tags,
        summary: 'Sign a second screen in; its session is in the cookie cw_display, and its token counts no more',
        querystring: z.strictObject({}),
        body: z.strictObject({ token: z.string().min(1).max(TOKEN_LENGTH_MAX) }),
        response: { 200: z.object({ view }) },
      },
    },
    async (request, reply) => {
      refuseForeignPages(request);
      const begun = await displays.begin(request.body.token, request.ip);
      setDisplayCookie(reply, begun.secret, settings.tls !== undefined);
      reply.header('cache-control', 'no-store');
      return { view: begun.view };
    },
  );
}

const shown = z.object({
  name: z.string(),
  view,
  wall: z
    .object({ layout: z.int(), cameras: z.array(z.object({ id: z.string(), name: z.string() })) })
    .nullable()
    .meta({ description: 'The cameras that it shows, without those that are shown for an incident only' }),
});

function ownRoute(app: ApiApp, context: RouteContext): void {
  app.get(
    '/session/display',
    {
      config: { right: 'account.own', displays: DISPLAY_VIEWS, errors: ['auth.forbidden'] },
      schema: {
        tags,
        summary: 'What this second screen shows',
        response: { 200: shown },
      },
    },
    async (request, reply) => {
      const own = request.display;
      if (!own) throw new CitywatchError('auth.forbidden', { detail: 'This is for second screens.' });
      reply.header('cache-control', 'no-store');
      const { name } = own.caller;
      return {
        name,
        view: own.view,
        wall: own.wall === null ? null : await wallOf(context, callerOf(request), own.wall),
      };
    },
  );
}

/** A wall as a screen shows it; null where it is gone, or no longer shared with the area of the screen. */
async function wallOf({ walls, registry, directory }: RouteContext, caller: Caller, id: string) {
  const wall = await walls.get(caller, id).catch(unlessThere);
  if (!wall) return null;
  const open = wall.cameras.filter((camera) => !directory.needsIncident(camera));
  const found = await Promise.all(open.map((camera) => registry.get(caller, camera).catch(unlessThere)));
  const cameras = found.flatMap((device) => (device ? [{ id: device.id, name: device.name }] : []));
  return { layout: wall.layout, cameras };
}

function unlessThere(error: unknown): null {
  if (error instanceof CitywatchError && error.code === 'not-found') return null;
  throw error;
}
