import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { Device } from '../../core/types.ts';
import type { SetupStatus } from '../../devices/cameras/setup.ts';
import type { ForeignUnit } from '../../devices/cameras/units.ts';
import { deviceInput, devicePatch } from '../../devices/registry/input.ts';
import type { TwinPort } from '../deps.ts';
import { ifMatch, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import {
  deviceId,
  deviceParams,
  jurisdiction,
  listOf,
  moment,
  momentOrNull,
  noContent,
  pageQuery,
} from '../schemas.ts';
import { type ApiApp, defined, pageOf, type RouteContext, type RoutePart } from './route.ts';

const READERS = ['admin', 'operator', 'technician', 'viewer'] as const;
const TAGS = ['registry'];
const EDITORS = ['admin', 'technician'] as const;

const state = z.enum(['active', 'maintenance', 'retired']);
const datum = z.enum(['wgs84', 'gcj02']);
const deviceFields = {
  id: deviceId,
  kind: z.string(),
  name: z.string(),
  jurisdiction: z.string(),
  location: z.object({ lat: z.number(), lon: z.number(), datum }),
  parent: z.string().nullable(),
  cameras: z.array(z.string()),
  purpose: z.string().nullable(),
  state,
  unit: z
    .object({
      id: z.string(),
      maker: z.string().nullable(),
      model: z.string().nullable(),
      serial: z.string().nullable(),
      firmware: z.string().nullable(),
    })
    .nullable(),
  presence: z.enum(['not-yet-seen', 'online', 'offline', 'stale']).meta({
    description: 'Whether it was ever heard of, and how it is since: `stale` is silent for longer than its kind allows',
  }),
  lastSeenAt: moment.nullable(),
  version: z.int(),
  createdAt: moment,
  updatedAt: moment,
};

const device = z.object(deviceFields).meta({ id: 'Device' });
const masked = z.literal('***').meta({ description: 'There is a login, which nobody is shown' });
const addresses = {
  stream: z.object({ url: z.string(), subUrl: z.string().nullable(), login: masked.nullable() }).nullable(),
  onvif: z.object({ xaddr: z.string(), login: masked }).nullable(),
};
const deviceOfEditor = device.extend(addresses);
const created = z.object({
  ...deviceFields,
  ...addresses,
  secret: z.string().optional().meta({ description: 'Shown this once and never again' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
});

const setup = z
  .object({
    state: z.enum(['trying', 'done', 'failed']),
    problem: z.string().nullable(),
    hint: z.string().nullable(),
    at: moment,
    clockSkewMs: z.number().nullable(),
  })
  .meta({ description: 'How asking the camera over ONVIF went; for admin, operator and technician' });
const otherUnit = z
  .object({
    since: moment,
    differs: z.array(z.enum(['serial', 'mac', 'endpoint', 'model'])),
    maker: z.string().nullable(),
    model: z.string().nullable(),
    serial: z.string().nullable(),
    firmware: z.string().nullable(),
    mac: z.string().nullable(),
    endpoint: z.string().nullable(),
  })
  .meta({
    description: 'What answers at the address of a camera in the place of its unit, which therefore shows nothing',
  });
const deviceInFull = device
  .extend({ setup: setup.optional(), otherUnit: otherUnit.optional() })
  .extend(z.object(addresses).partial().shape)
  .meta({ description: '`stream` and `onvif`, where the device is reached, for admin and technician' });
const swap = z.strictObject({
  serial: z
    .string()
    .max(256)
    .nullable()
    .meta({ description: 'Serial number of the unit to accept, as `otherUnit` shows it; null where that has none' }),
});

const query = z.strictObject({
  kind: z.string().min(1).max(64).optional(),
  jurisdiction: jurisdiction.optional(),
  state: state.optional().meta({ description: 'Without it, all but retired ones' }),
  text: z.string().min(1).max(100).optional().meta({ description: 'Part of the id or the name' }),
  ...pageQuery,
});

function answer({ createdAtMs, updatedAtMs, ...rest }: Device, twin: TwinPort) {
  const { presence, lastSeenAtMs } = twin.presence(rest.id);
  const times = { createdAt: toRfc3339(createdAtMs), updatedAt: toRfc3339(updatedAtMs) };
  return { ...rest, presence, lastSeenAt: momentOrNull(lastSeenAtMs), ...times };
}

function setupAnswer({ state, problem, hint, atMs, clockSkewMs }: SetupStatus): z.output<typeof setup> {
  return { state, problem, hint, at: toRfc3339(atMs), clockSkewMs };
}

function otherUnitAnswer({ sinceMs, differs, found }: ForeignUnit): z.output<typeof otherUnit> {
  return { since: toRfc3339(sinceMs), differs, ...found, serial: found.serial || null };
}

export const deviceRoutes: RoutePart = (app, context) => {
  readingRoutes(app, context);
  changingRoutes(app, context);
  swapRoute(app, context);
};

function swapRoute(app: ApiApp, { registry, units, twin }: RouteContext): void {
  app.post(
    '/devices/:id/swap',
    {
      config: { allow: EDITORS, oneTimeSecret: 'secret', errors: ['conflict.state'] },
      schema: {
        tags: TAGS,
        summary: 'Accept what answers at the address of a camera as its new unit',
        params: deviceParams,
        body: swap,
        response: { 200: created },
      },
    },
    async (request, reply) => {
      const { device, secret } = await units.accept(callerOf(request), request.params.id, request.body.serial);
      setEtag(reply, device.version);
      return { ...answer(device, twin), ...(await registry.shownAddresses(device.id)), secret };
    },
  );
}

function readingRoutes(app: ApiApp, context: RouteContext): void {
  const { registry, twin } = context;

  app.get(
    '/devices',
    {
      config: { allow: READERS },
      schema: { tags: TAGS, summary: 'List devices', querystring: query, response: { 200: listOf(device) } },
    },
    async (request) => {
      const caller = callerOf(request);
      const { cursor: _cursor, limit: _limit, ...filter } = request.query;
      const page = pageOf(context, 'devices', caller, request.query);
      const { items, next } = await registry.list(caller, { ...defined(filter), ...page.request });
      return { items: items.map((one) => answer(one, twin)), ...page.seal(next) };
    },
  );

  app.get(
    '/devices/:id',
    {
      config: { allow: READERS },
      schema: { tags: TAGS, summary: 'Read a device', params: deviceParams, response: { 200: deviceInFull } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const found = await registry.get(caller, request.params.id);
      setEtag(reply, found.version);
      const asked = caller.role === 'viewer' ? null : await context.cameraSetup(found.id);
      const other = caller.role === 'viewer' ? null : context.units.foreign(found.id);
      const mayEdit = EDITORS.some((role) => role === caller.role);
      const reached = mayEdit ? await registry.shownAddresses(found.id) : {};
      return {
        ...answer(found, twin),
        ...reached,
        ...(asked ? { setup: setupAnswer(asked) } : {}),
        ...(other ? { otherUnit: otherUnitAnswer(other) } : {}),
      };
    },
  );
}

function changingRoutes(app: ApiApp, { registry, twin }: RouteContext): void {
  app.post(
    '/devices',
    {
      config: {
        allow: EDITORS,
        oneTimeSecret: 'secret',
        errors: ['request.confirm', 'conflict.exists', 'conflict.reference'],
      },
      schema: { tags: TAGS, summary: 'Register a device', body: deviceInput, response: { 201: created } },
    },
    async (request, reply) => {
      const { device, secret, addresses } = await registry.create(callerOf(request), request.body);
      setEtag(reply, device.version);
      reply.header('location', `/api/v1/devices/${device.id}`);
      return reply.code(201).send({ ...answer(device, twin), ...addresses, secret });
    },
  );

  app.patch(
    '/devices/:id',
    {
      config: { allow: EDITORS, errors: ['request.confirm', 'conflict.reference', 'conflict.state'] },
      schema: {
        tags: TAGS,
        summary: 'Change a device',
        params: deviceParams,
        body: devicePatch,
        response: { 200: deviceOfEditor },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { params, body } = request;
      const changed = await ifMatch(request, (version) => registry.update(caller, params.id, version, body));
      setEtag(reply, changed.version);
      return { ...answer(changed, twin), ...(await registry.shownAddresses(changed.id)) };
    },
  );

  app.delete(
    '/devices/:id',
    {
      config: { allow: EDITORS, errors: ['conflict.reference', 'conflict.state'] },
      schema: { tags: TAGS, summary: 'Retire a device', params: deviceParams, response: { 204: noContent } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      await ifMatch(request, (version) => registry.retire(caller, request.params.id, version));
      return reply.code(204).send(null);
    },
  );
}
