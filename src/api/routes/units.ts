import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { DAY_MS, toRfc3339 } from '../../core/clock.ts';
import type { Device } from '../../core/types.ts';
import type { UnitStay } from '../../devices/units/history.ts';
import { assignInput, macAddress, swapInput, unhangInput } from '../../devices/units/input.ts';
import type { WithSecret } from '../../devices/units/units.ts';
import { setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, deviceParams, listOf, moment, momentOrNull, pageQuery } from '../schemas.ts';
import { answer, created, device, REGISTRY_TAGS } from './device-schemas.ts';
import { type ApiApp, pageOf, type RouteContext, type RoutePart } from './route.ts';

const acceptInput = z.strictObject({
  serial: z
    .string()
    .max(256)
    .nullable()
    .meta({ description: 'Serial number of the unit to accept, as `otherUnit` shows it; null where that has none' }),
});

const stay = z.object({
  device: deviceId,
  unit: z.object({
    id: z.string(),
    maker: z.string().nullable(),
    model: z.string().nullable(),
    serial: z.string().nullable(),
    mac: z.string().nullable(),
    firmware: z.string().nullable(),
  }),
  from: moment,
  to: moment.nullable().meta({ description: 'Null for what hangs there today' }),
  how: z.enum(['registered', 'assigned', 'swapped', 'taken-down', 'undone']).meta({
    description: 'How it came to hang there; after `taken-down` nothing does, and the unit has no name',
  }),
  reason: z.string().nullable(),
  by: z.string().nullable().meta({ description: 'Name of who saw to it' }),
});

const markQuery = z
  .strictObject({
    serial: z.string().trim().min(1).max(256).optional().meta({ description: 'The whole serial number' }),
    mac: macAddress.optional().meta({ description: 'One of its hardware addresses, with : or - between' }),
    id: z.string().min(1).max(64).optional().meta({ description: 'Id of the unit, as `unit.id` of devices' }),
    ...pageQuery,
  })
  .refine(({ serial, mac, id }) => [serial, mac, id].filter((mark) => mark !== undefined).length === 1, {
    path: ['serial'],
    message: 'send one of `serial`, `mac` and `id`',
  });

const certificate = z.object({
  device: deviceId,
  name: z.string(),
  kind: z.string(),
  jurisdiction: z.string(),
  fingerprint: z.string().meta({ description: 'SHA-256: 64 hex digits' }),
  subject: z.string().meta({ description: 'Whom it names' }),
  notAfter: moment,
  hasEnded: z.boolean(),
});

const certificateQuery = z.strictObject({
  days: z.coerce
    .number()
    .int()
    .min(0)
    .max(3_650)
    .default(30)
    .meta({ description: 'Those that end within so many days' }),
  ...pageQuery,
});

function stayAnswer({ fromMs, toMs, ...rest }: UnitStay): z.output<typeof stay> {
  return { ...rest, from: toRfc3339(fromMs), to: momentOrNull(toMs) };
}

export const unitRoutes: RoutePart = (app, context) => {
  swapRoutes(app, context);
  hangingRoutes(app, context);
  historyRoutes(app, context);
  certificateRoutes(app, context);
};

function shown({ twin }: RouteContext, reply: FastifyReply, device: Device) {
  setEtag(reply, device.version);
  return answer(device, twin);
}

async function withSecret(context: RouteContext, reply: FastifyReply, { device, secret }: WithSecret) {
  const addresses = await context.registry.shownAddresses(device.id);
  return { ...shown(context, reply, device), ...addresses, secret };
}

function swapRoutes(app: ApiApp, context: RouteContext): void {
  const { units } = context;
  app.post(
    '/devices/:id/swap',
    {
      config: { right: 'registry.edit', oneTimeSecret: 'secret', errors: ['conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Put a unit in the place of another, or accept what answers at the address of a camera',
        description: '409 where by now another unit hangs there than `replaces`, or where this one hangs elsewhere.',
        params: deviceParams,
        body: z.union([swapInput, acceptInput]),
        response: { 200: created },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { body, params } = request;
      const swapped =
        'unit' in body ? units.swap(caller, params.id, body) : units.accept(caller, params.id, body.serial);
      return await withSecret(context, reply, await swapped);
    },
  );

  app.post(
    '/devices/:id/swap/undo',
    {
      config: { right: 'registry.edit', errors: ['conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Hang the unit before the present one there again',
        description: 'Takes back the last swap, assignment or taking down; the unit has the secret it had.',
        params: deviceParams,
        body: unhangInput,
        response: { 200: device },
      },
    },
    async (request, reply) => {
      return shown(context, reply, await units.undo(callerOf(request), request.params.id, request.body));
    },
  );
}

function hangingRoutes(app: ApiApp, context: RouteContext): void {
  const { units } = context;
  app.post(
    '/devices/:id/units',
    {
      config: { right: 'registry.edit', errors: ['conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Hang a unit where none is named',
        description: 'It gets the secret that the device was given.',
        params: deviceParams,
        body: assignInput,
        response: { 200: device },
      },
    },
    async (request, reply) => {
      return shown(context, reply, await units.assign(callerOf(request), request.params.id, request.body));
    },
  );

  app.post(
    '/devices/:id/units/take-down',
    {
      config: { right: 'registry.edit', oneTimeSecret: 'secret', errors: ['conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Take the unit down; `secret` is for the one that will hang there next',
        params: deviceParams,
        body: unhangInput,
        response: { 200: created },
      },
    },
    async (request, reply) => {
      return await withSecret(context, reply, await units.takeDown(callerOf(request), request.params.id, request.body));
    },
  );
}

function historyRoutes(app: ApiApp, context: RouteContext): void {
  const { registry, unitHistory } = context;

  app.get(
    '/devices/:id/units',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'What hung here, newest first',
        params: deviceParams,
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(stay) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id } = await registry.get(caller, request.params.id);
      const page = pageOf(context, `devices/${id}/units`, caller, request.query);
      const { items, next } = await unitHistory.ofPosition(caller, id, page.request);
      return { items: items.map(stayAnswer), ...page.seal(next) };
    },
  );

  app.get(
    '/units',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Where a unit hung, newest first',
        querystring: markQuery,
        response: { 200: listOf(stay) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, 'units', caller, request.query);
      const { serial, mac, id } = request.query;
      const mark = serial !== undefined ? { serial } : mac !== undefined ? { mac } : { id: id! };
      const { items, next } = await unitHistory.ofUnit(caller, mark, page.request);
      return { items: items.map(stayAnswer), ...page.seal(next) };
    },
  );
}

function certificateRoutes(app: ApiApp, context: RouteContext): void {
  const { certificates, clock } = context;
  app.get(
    '/reports/certificates',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Certificates of units that ended or will end, the next to end first',
        description: 'What cameras showed over https when they were spoken to last.',
        querystring: certificateQuery,
        response: { 200: listOf(certificate) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { days, ...asked } = request.query;
      const page = pageOf(context, `reports/certificates/${days}`, caller, asked);
      const nowMs = clock.nowMs();
      const found = certificates.ending(caller, { beforeMs: nowMs + days * DAY_MS, ...page.request });
      const { items, next } = await found;
      const told = items.map(({ notAfterMs, ...rest }) => {
        return { ...rest, notAfter: toRfc3339(notAfterMs), hasEnded: notAfterMs <= nowMs };
      });
      return { items: told, ...page.seal(next) };
    },
  );
}
