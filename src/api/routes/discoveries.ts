import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { DiscoveryStatus } from '../../devices/discovery/discovery-list.ts';
import { SWEEP_ADDRESSES_MAX } from '../../devices/discovery/ranges.ts';
import { callerOf } from '../guards/auth.ts';
import { listOf, moment, momentOrNull, pageQuery } from '../schemas.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import { type ApiApp, pageOf, type RouteContext, type RoutePart } from './route.ts';

const DEFAULT_PORTS = [80];

const asked = z.strictObject({
  multicast: z
    .boolean()
    .default(true)
    .meta({ description: 'Ask all cameras on the links of this gateway that lie in the camera networks' }),
  listenS: z.int().min(3).max(20).default(8).meta({ description: 'How long their answers are waited for' }),
  sweep: z
    .strictObject({
      cidr: z
        .string()
        .max(18)
        .meta({
          description: `IPv4 range within the camera networks, of at most ${SWEEP_ADDRESSES_MAX} addresses`,
        }),
      ports: z.array(z.int().min(1).max(65_535)).min(1).max(4).default(DEFAULT_PORTS),
    })
    .optional()
    .meta({ description: 'Ask these addresses one by one, slowly: multicast does not cross routers' }),
});

const status = z
  .object({
    id: z.string(),
    by: z.string(),
    state: z.enum(['waiting', 'running', 'done', 'cancelled']),
    multicast: z.boolean(),
    probed: z.boolean().meta({ description: 'Asking by multicast is over' }),
    interfaces: z.int().nullable().meta({ description: 'Network interfaces on which was asked' }),
    cidr: z.string().nullable(),
    ports: z.array(z.int()),
    addresses: z.int().meta({ description: 'How many a sweep has' }),
    asked: z.int().meta({ description: 'How many of them are behind it' }),
    found: z.int(),
    dropped: z.int().meta({ description: 'Datagrams left out: too large, too many, from outside the camera networks' }),
    malformed: z.int().meta({ description: 'Datagrams that could not be read' }),
    createdAt: moment,
    endedAt: moment.nullable(),
  })
  .meta({ id: 'Discovery' });

const text = z.string().nullable();

const found = z
  .object({
    door: z.string().meta({ description: 'Address and port' }),
    address: z.string(),
    xaddr: z.string().meta({ description: 'What `onvif.xaddr` is registered with' }),
    how: z.enum(['probe', 'hello', 'sweep']),
    endpoint: text,
    maker: text,
    model: text,
    name: text,
    serial: text,
    firmware: text,
    answer: z.enum(['told', 'login', 'silent']).meta({
      description: '`login`: it tells more only to who logs in; `silent`: it answered no question over HTTP',
    }),
    gone: z.boolean().meta({ description: 'It said that it goes' }),
    foundAt: moment,
    registered: z.enum(['no', 'address', 'serial']).meta({
      description:
        'Whether a device is registered with this address, or a unit with this serial number hangs somewhere',
    }),
    devices: z.array(z.string()).meta({ description: 'Those of them that you may see' }),
  })
  .meta({ id: 'FoundDevice' });

const params = z.strictObject({ id: z.uuid() });

export const discoveryRoutes: RoutePart = (app, context) => {
  readingRoutes(app, context);
  startRoute(app, context);
  cancelRoute(app, context);
};

function startRoute(app: ApiApp, { discoveries }: RouteContext): void {
  app.post(
    '/discoveries',
    {
      config: { right: 'registry.edit' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Look for cameras on the network; nothing is registered by it',
        description: 'A job: it goes on after the answer, also when the gateway is restarted meanwhile.',
        body: asked.nullish(),
        response: { 202: status },
      },
    },
    async (request, reply) => {
      const { multicast, listenS, sweep } = request.body ?? asked.parse({});
      const input = { multicast, listenMs: listenS * 1_000, sweep: sweep ?? null };
      const begun = await discoveries.start(callerOf(request), input);
      return reply.code(202).header('location', `/api/v1/discoveries/${begun.id}`).send(answer(begun));
    },
  );
}

function cancelRoute(app: ApiApp, { discoveries }: RouteContext): void {
  app.post(
    '/discoveries/:id/cancel',
    {
      config: { right: 'registry.edit', errors: ['conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'End a discovery; what it found stays',
        params,
        response: { 200: status },
      },
    },
    async (request) => answer(await discoveries.cancel(callerOf(request), request.params.id)),
  );
}

function readingRoutes(app: ApiApp, context: RouteContext): void {
  const { discoveries } = context;
  app.get(
    '/discoveries',
    {
      config: { right: 'registry.edit' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Discoveries of the last 30 days, newest first',
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(status) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, 'discoveries', caller, request.query);
      const { items, next } = await discoveries.list.newest(caller, page.request);
      return { items: items.map(answer), ...page.seal(next) };
    },
  );

  app.get(
    '/discoveries/:id',
    {
      config: { right: 'registry.edit' },
      schema: { tags: REGISTRY_TAGS, summary: 'How far a discovery is', params, response: { 200: status } },
    },
    async (request) => answer(await discoveries.list.get(callerOf(request), request.params.id)),
  );

  app.get(
    '/discoveries/:id/found',
    {
      config: { right: 'registry.edit' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'What a discovery found so far, and what is registered there now',
        params,
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(found) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id } = request.params;
      const page = pageOf(context, `discoveries/${id}/found`, caller, request.query);
      const { items, next } = await discoveries.list.found(caller, id, page.request);
      const shown = items.map(({ foundAtMs, ...rest }) => ({ ...rest, foundAt: toRfc3339(foundAtMs) }));
      return { items: shown, ...page.seal(next) };
    },
  );
}

function answer({ createdAtMs, endedAtMs, ...rest }: DiscoveryStatus): z.input<typeof status> {
  return { ...rest, createdAt: toRfc3339(createdAtMs), endedAt: momentOrNull(endedAtMs) };
}
