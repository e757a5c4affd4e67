import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { maintenanceInput } from '../../devices/life/input.ts';
import type { Maintenance } from '../../devices/life/maintenances.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, deviceParams, listOf, moment, momentOrNull, pageQuery } from '../schemas.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import { pageOf, type RoutePart } from './route.ts';

const maintenance = z.object({
  device: deviceId,
  reason: z.string(),
  by: z.string().meta({ description: 'Name of who began it' }),
  from: moment,
  until: moment.meta({ description: 'When it ends by itself' }),
  ended: moment.nullable().meta({ description: 'Null while it lasts' }),
  endedBy: z.string().nullable().meta({ description: 'Who ended it before its time; null where it ended by itself' }),
  withheld: z.int().meta({ description: 'Alerts of the device and of those below it that are or were held back' }),
});

function shown({ fromMs, untilMs, endedMs, ...rest }: Maintenance): z.output<typeof maintenance> {
  return { ...rest, from: toRfc3339(fromMs), until: toRfc3339(untilMs), ended: momentOrNull(endedMs) };
}

export const maintenanceRoutes: RoutePart = (app, context) => {
  const { maintenances, registry } = context;
  app.post(
    '/devices/:id/maintenance',
    {
      config: { right: 'registry.edit', errors: ['conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Begin a maintenance: alerts of the device and of those below it are held back while it lasts',
        description: '409 where the device is in maintenance already (who, why, until when), or is not in service.',
        params: deviceParams,
        body: maintenanceInput,
        response: { 201: maintenance },
      },
    },
    async (request, reply) => {
      const begun = await maintenances.begin(callerOf(request), request.params.id, request.body);
      return reply.code(201).send(shown(begun));
    },
  );

  app.post(
    '/devices/:id/maintenance/end',
    {
      config: { right: 'registry.edit', errors: ['conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'End a maintenance before its time: what still fires is raised',
        params: deviceParams,
        response: { 200: maintenance },
      },
    },
    async (request) => shown(await maintenances.end(callerOf(request), request.params.id)),
  );

  app.get(
    '/devices/:id/maintenance',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'The maintenances of a device, newest first',
        params: deviceParams,
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(maintenance) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id } = await registry.get(caller, request.params.id);
      const page = pageOf(context, `devices/${id}/maintenance`, caller, request.query);
      const { items, next } = await maintenances.list(id, page.request);
      return { items: items.map(shown), ...page.seal(next) };
    },
  );
};
