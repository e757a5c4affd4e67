import { z } from 'zod';
import type { Right } from '../../access/rights.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { type Jurisdiction, ownArea } from '../../core/jurisdiction.ts';
import type { Caller, Device } from '../../core/types.ts';
import type { SetupStatus } from '../../devices/cameras/setup.ts';
import type { ForeignUnit } from '../../devices/cameras/units.ts';
import type { RecorderEvents } from '../../devices/recorders/channel-events.ts';
import { storedLocation } from '../../devices/registry/checks.ts';
import { type DeviceInput, deviceInput, devicePatch } from '../../devices/registry/input.ts';
import { filterQuery } from '../../devices/search/filter.ts';
import { ifMatch, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceParams, listOf, moment, noContent, pageQuery } from '../schemas.ts';
import type { TreePorts } from '../tree-ports.ts';
import { answering, day } from './departments.ts';
import { addresses, answer, created, device, REGISTRY_TAGS } from './device-schemas.ts';
import { type ApiApp, pageOf, type RouteContext, type RoutePart } from './route.ts';

const deviceOfEditor = device.extend(addresses);
const setup = z
  .object({
    state: z.enum(['trying', 'done', 'failed']),
    problem: z.string().nullable(),
    hint: z.string().nullable(),
    at: moment,
    clockSkewMs: z.number().nullable(),
  })
  .meta({ description: 'How asking the camera over ONVIF went; for who has the right registry.diagnose' });
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
const events = z
  .object({
    told: z.boolean(),
    problem: z.string().nullable(),
    unknownEvents: z.int(),
    unknown: z.array(z.object({ source: z.string(), events: z.int(), last: moment })),
  })
  .meta({
    description:
      'How events come from a recorder to its channels; `unknown`: of sources that are no channel here, since the ' +
      'start of the gateway',
  });
const deviceInFull = device
  .extend({ department: answering, setup: setup.optional(), otherUnit: otherUnit.optional() })
  .extend({ events: events.optional() })
  .extend(z.object(addresses).partial().shape)
  .meta({ description: '`stream` and `onvif`, where the device is reached, for who may edit' });
const query = z.strictObject({ ...filterQuery, ...pageQuery });

function setupAnswer({ state, problem, hint, atMs, clockSkewMs }: SetupStatus): z.output<typeof setup> {
  return { state, problem, hint, at: toRfc3339(atMs), clockSkewMs };
}

function otherUnitAnswer({ sinceMs, differs, found }: ForeignUnit): z.output<typeof otherUnit> {
  return { since: toRfc3339(sinceMs), differs, ...found, serial: found.serial || null };
}

function answeringFor({ file, jurisdiction }: Device, departments: TreePorts['departments'], on: string | undefined) {
  const named = file.owner === undefined ? null : departments.named(file.owner, jurisdiction);
  if (named === null) return null;
  const { id, name } = departments.inForce(named, on);
  return { id, name, named: named.id };
}

function eventsAnswer({ unknown, ...said }: RecorderEvents): z.output<typeof events> {
  const sources = unknown.map(({ lastAtMs, ...one }) => ({ ...one, last: toRfc3339(lastAtMs) }));
  return { ...said, unknown: sources };
}

export const deviceRoutes: RoutePart = (app, context) => {
  readingRoutes(app, context);
  changingRoutes(app, context);
};

function readingRoutes(app: ApiApp, context: RouteContext): void {
  const { registry, search, twin, departments } = context;

  app.get(
    '/devices',
    {
      config: { right: 'registry.read' },
      schema: { tags: REGISTRY_TAGS, summary: 'List devices', querystring: query, response: { 200: listOf(device) } },
    },
    async (request) => {
      const caller = callerOf(request);
      const { cursor: _cursor, limit: _limit, ...filter } = request.query;
      const page = pageOf(context, 'devices', caller, request.query);
      const { items, next } = await search.list(caller, { ...filter, ...page.request });
      return { items: items.map((one) => answer(one, twin)), ...page.seal(next) };
    },
  );

  app.get(
    '/devices/:id',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Read a device',
        params: deviceParams,
        querystring: z.strictObject({
          on: day.optional().meta({ description: 'The day for which `department` is told; today unless told' }),
        }),
        response: { 200: deviceInFull },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const found = await registry.get(caller, request.params.id);
      setEtag(reply, found.version);
      const may = (right: Right) => context.authority.may(caller, right, found.jurisdiction);
      const asked = may('registry.diagnose') ? await context.cameraSetup(found.id) : null;
      const other = may('registry.diagnose') ? context.otherUnit(found.id) : null;
      const told = may('registry.diagnose') ? context.recorderEvents(found.id) : null;
      const reached = may('registry.edit') ? await registry.shownAddresses(found.id) : {};
      return {
        ...answer(found, twin),
        department: answeringFor(found, departments, request.query.on),
        ...reached,
        ...(asked ? { setup: setupAnswer(asked) } : {}),
        ...(told ? { events: eventsAnswer(told) } : {}),
        ...(other ? { otherUnit: otherUnitAnswer(other) } : {}),
      };
    },
  );
}

/** Whose it is may be left to the bounds of areas. */
const newDevice = deviceInput.extend({
  jurisdiction: deviceInput.shape.jurisdiction
    .optional()
    .meta({ description: 'Where it is left out: the area of yours in whose bounds it stands' }),
});

/** The area of a device that was given none, by its place; what is not the caller's is not there. */
function areaAround(
  jurisdictions: TreePorts['jurisdictions'],
  caller: Caller,
  location: DeviceInput['location'],
): Jurisdiction {
  const { lon, lat } = storedLocation(location);
  const found = jurisdictions.around([lon, lat], ownArea(caller));
  if (found !== null) return found;
  throw invalid('jurisdiction', 'is missing, and no area of yours has bounds around this place');
}

function changingRoutes(app: ApiApp, { registry, twin, jurisdictions }: RouteContext): void {
  app.post(
    '/devices',
    {
      config: {
        right: 'registry.edit',
        oneTimeSecret: 'secret',
        errors: ['request.confirm', 'conflict.exists', 'conflict.reference'],
      },
      schema: { tags: REGISTRY_TAGS, summary: 'Register a device', body: newDevice, response: { 201: created } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { jurisdiction = areaAround(jurisdictions, caller, request.body.location) } = request.body;
      const { device, secret, addresses } = await registry.create(caller, { ...request.body, jurisdiction });
      setEtag(reply, device.version);
      reply.header('location', `/api/v1/devices/${device.id}`);
      return reply.code(201).send({ ...answer(device, twin), ...addresses, secret });
    },
  );

  app.patch(
    '/devices/:id',
    {
      config: { right: 'registry.edit', errors: ['request.confirm', 'conflict.reference', 'conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
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
      config: { right: 'registry.edit', errors: ['conflict.reference', 'conflict.state'] },
      schema: { tags: REGISTRY_TAGS, summary: 'Retire a device', params: deviceParams, response: { 204: noContent } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      await ifMatch(request, (version) => registry.retire(caller, request.params.id, version));
      return reply.code(204).send(null);
    },
  );
}
