import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { CHANGED_MAX, SHOWN_MAX } from '../../devices/bulk/changes.ts';
import { deviceChange } from '../../devices/bulk/input.ts';
import { callerOf } from '../guards/auth.ts';
import { Shares } from '../guards/shares.ts';
import { moment } from '../schemas.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import { counts, lastFor, rowFields, status, statusAnswer } from './imports.ts';
import type { RoutePart } from './route.ts';

/** Plans that are judged at the same time. */
const PLANS = { total: 2, perCaller: 1, retryAfterS: 5 };
/** Each of ten thousand devices is changed once and brought back, on a machine that has other things to do. */
const JUDGING_MS = 180_000;

const plan = z.object({
  id: z.string(),
  count: z.int().meta({ description: 'Devices that the filter finds' }),
  counts,
  until: moment.meta({ description: 'Until when it may be carried out' }),
  items: z.array(z.object(rowFields)).meta({
    description: `What would become of up to ${SHOWN_MAX} devices, those that are refused first; \`line\` counts them`,
  }),
});

/** One change for all devices of a list. */
export const deviceChangeRoutes: RoutePart = (app, { deviceChanges }) => {
  const plans = new Shares(PLANS);

  app.post(
    '/device-changes',
    {
      handlerTimeout: JUDGING_MS,
      config: { right: 'registry.edit' },
      onRequest: async (request, reply) => {
        plans.enterUntilAnswered(callerOf(request), reply);
        lastFor(request, reply, JUDGING_MS);
      },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Plan one change for all devices of a list; changes nothing yet',
        description:
          `Up to ${CHANGED_MAX} devices. The plan holds each in the version that was seen; carried out within ` +
          'an hour, it changes these and no others, and none that was changed meanwhile.',
        body: deviceChange,
        response: { 201: plan },
      },
    },
    async (request, reply) => {
      const { untilMs, ...planned } = await deviceChanges.plan(callerOf(request), request.body);
      return reply.code(201).send({ ...planned, until: toRfc3339(untilMs) });
    },
  );

  app.post(
    '/device-changes/:id/start',
    {
      config: { right: 'registry.edit', errors: ['auth.forbidden', 'conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Carry out a plan; how far it is, its report and its undoing are those of an import',
        params: z.strictObject({ id: z.uuid() }),
        response: { 202: status },
      },
    },
    async (request, reply) => {
      const begun = await deviceChanges.start(callerOf(request), request.params.id);
      return reply.code(202).header('location', `/api/v1/imports/${begun.id}`).send(statusAnswer(begun));
    },
  );
};
