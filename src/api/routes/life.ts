import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { stepInput } from '../../devices/life/input.ts';
import { setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceParams, listOf, moment, pageQuery } from '../schemas.ts';
import { answer, device, REGISTRY_TAGS, state } from './device-schemas.ts';
import { pageOf, type RoutePart } from './route.ts';

const step = z.object({
  state,
  at: moment,
  by: z.string().meta({ description: 'Name of who said so' }),
  reason: z.string().nullable(),
});

export const lifeRoutes: RoutePart = (app, context) => {
  const { life, registry, twin } = context;
  app.post(
    '/devices/:id/life',
    {
      config: { right: 'registry.edit', errors: ['conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Say that a device is one step further in its life, or take such a step back',
        description: '409 where it is in another state by now than `from`, or where `to` may not follow.',
        params: deviceParams,
        body: stepInput,
        response: { 200: device },
      },
    },
    async (request, reply) => {
      const changed = await life.step(callerOf(request), request.params.id, request.body);
      setEtag(reply, changed.version);
      return answer(changed, twin);
    },
  );

  app.get(
    '/devices/:id/life',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'The steps of the life of a device since its registration, newest first',
        params: deviceParams,
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(step) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id } = await registry.get(caller, request.params.id);
      const page = pageOf(context, `devices/${id}/life`, caller, request.query);
      const { items, next } = await life.history(id, page.request);
      return { items: items.map(({ atMs, ...rest }) => ({ ...rest, at: toRfc3339(atMs) })), ...page.seal(next) };
    },
  );
};
