import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { Device } from '../../core/types.ts';
import { callerOf } from '../auth.ts';
import { requireVersion, setEtag } from '../etag.ts';
import { deviceId, deviceParams, jurisdiction, label, listOf, moment, noContent, pageQuery } from '../schemas.ts';
import { defined, pageOf, type RoutePart } from './route.ts';

const READERS = ['admin', 'operator', 'technician', 'viewer'] as const;
const EDITORS = ['admin', 'technician'] as const;
const CAMERAS_MAX = 16;
const SECRET_LENGTH = { min: 16, max: 256 };

const state = z.enum(['active', 'maintenance', 'retired']);
const datum = z.enum(['wgs84', 'gcj02']);
const lat = z.number().min(-90).max(90);
const lon = z.number().min(-180).max(180);
const kind = z.string().min(1).max(64);
const cameras = z.array(deviceId).max(CAMERAS_MAX).meta({ description: 'Cameras that see it, nearest first' });

const location = z
  .strictObject({ lat, lon, datum: datum.default('wgs84') })
  .meta({ description: 'Kept as WGS-84; `datum` says in what the numbers are given.' });

const newDevice = z.strictObject({
  id: deviceId.optional(),
  kind,
  name: label(200),
  jurisdiction,
  location,
  parent: deviceId.optional(),
  cameras: cameras.optional(),
  purpose: label(500).optional(),
  secret: z
    .string()
    .min(SECRET_LENGTH.min)
    .max(SECRET_LENGTH.max)
    .regex(/^[\x21-\x7e]*$/, 'use printable ASCII without spaces')
    .optional()
    .meta({ description: "The device's own secret, where its maker fixes it; made by us otherwise" }),
});

const patch = z
  .strictObject({
    name: label(200).optional(),
    jurisdiction: jurisdiction.optional(),
    location: location.optional(),
    parent: deviceId.nullable().optional(),
    cameras: cameras.optional(),
    purpose: label(500).nullable().optional(),
  })
  .refine((fields) => Object.keys(fields).length > 0, 'names no field to change');

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
  version: z.int(),
  createdAt: moment,
  updatedAt: moment,
};

const device = z.object(deviceFields).meta({ id: 'Device' });
const created = z.object({
  ...deviceFields,
  secret: z.string().optional().meta({ description: 'Shown this once and never again' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
});

const query = z.strictObject({
  kind: kind.optional(),
  jurisdiction: jurisdiction.optional(),
  state: state.optional(),
  text: z.string().min(1).max(100).optional().meta({ description: 'Part of the id or the name' }),
  ...pageQuery,
});

function answer({ createdAtMs, updatedAtMs, ...rest }: Device) {
  return { ...rest, createdAt: toRfc3339(createdAtMs), updatedAt: toRfc3339(updatedAtMs) };
}

export const deviceRoutes: RoutePart = (app, context) => {
  const { registry } = context;
  const tags = ['registry'];

  app.get(
    '/devices',
    {
      config: { allow: READERS },
      schema: { tags, summary: 'List devices', querystring: query, response: { 200: listOf(device) } },
    },
    async (request) => {
      const caller = callerOf(request);
      const { cursor: _cursor, limit: _limit, ...filter } = request.query;
      const page = pageOf(context, 'devices', caller, request.query);
      const { items, next } = await registry.list(caller, { ...defined(filter), ...page.request });
      return { items: items.map(answer), ...page.seal(next) };
    },
  );

  app.post(
    '/devices',
    {
      config: { allow: EDITORS, oneTimeSecret: 'secret', errors: ['conflict.exists', 'conflict.reference'] },
      schema: { tags, summary: 'Register a device', body: newDevice, response: { 201: created } },
    },
    async (request, reply) => {
      const result = await registry.create(callerOf(request), defined(request.body));
      setEtag(reply, result.device.version);
      reply.header('location', `/api/v1/devices/${result.device.id}`);
      return reply.code(201).send({ ...answer(result.device), secret: result.secret });
    },
  );

  app.get(
    '/devices/:id',
    {
      config: { allow: READERS },
      schema: { tags, summary: 'Read a device', params: deviceParams, response: { 200: device } },
    },
    async (request, reply) => {
      const found = await registry.get(callerOf(request), request.params.id);
      setEtag(reply, found.version);
      return answer(found);
    },
  );

  app.patch(
    '/devices/:id',
    {
      config: { allow: EDITORS, errors: ['conflict.reference', 'conflict.state'] },
      schema: { tags, summary: 'Change a device', params: deviceParams, body: patch, response: { 200: device } },
    },
    async (request, reply) => {
      const version = requireVersion(request);
      const changed = await registry.update(callerOf(request), request.params.id, version, defined(request.body));
      setEtag(reply, changed.version);
      return answer(changed);
    },
  );

  app.delete(
    '/devices/:id',
    {
      config: { allow: EDITORS, errors: ['conflict.reference', 'conflict.state'] },
      schema: { tags, summary: 'Retire a device', params: deviceParams, response: { 204: noContent } },
    },
    async (request, reply) => {
      await registry.retire(callerOf(request), request.params.id, requireVersion(request));
      return reply.code(204).send(null);
    },
  );
};
