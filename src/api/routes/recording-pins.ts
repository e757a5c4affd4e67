import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { Pin } from '../../streams/recordings/pins.ts';
import { callerOf } from '../guards/auth.ts';
import { recordedCameraOf } from '../guards/views.ts';
import { deviceParams, inOrder, instant, moment, noContent, rangeQuery } from '../schemas.ts';
import type { RoutePart } from './route.ts';

const tags = ['streams'];

const pin = z
  .object({
    id: z.uuid(),
    from: moment,
    to: moment,
    reason: z.string(),
    case: z.string().nullable(),
    until: moment,
    by: z.string(),
    at: moment,
  })
  .meta({ id: 'RecordingPin' });

const madePin = pin
  .extend({
    leaving: z.int().meta({
      description: 'Files of its time that were being removed already, as past their days: it does not keep them',
    }),
  })
  .meta({ id: 'MadeRecordingPin' });

const body = z
  .strictObject({
    ...rangeQuery,
    reason: z.string().trim().min(1).max(500),
    case: z.string().trim().min(1).max(64).nullable().default(null),
    until: instant.meta({ description: 'At most ten years from now; then its class says again how long it is kept' }),
  })
  .check(inOrder());

/** Recordings that are kept for a case. */
export const recordingPinRoutes: RoutePart = (app, context) => {
  const { pins } = context.recordings;
  const of = (request: FastifyRequest, id: string) => recordedCameraOf(context, callerOf(request), id);

  app.get(
    '/streams/:id/pins',
    {
      config: { right: 'registry.read' },
      schema: {
        tags,
        summary: 'Which recordings of a camera are kept for a case',
        params: deviceParams,
        response: { 200: z.object({ items: z.array(pin) }) },
      },
    },
    async (request) => ({
      items: (await pins.of(of(request, request.params.id).id)).map(shown),
    }),
  );

  app.post(
    '/streams/:id/pins',
    {
      config: { right: 'registry.edit' },
      schema: {
        tags,
        summary: 'Keep the recordings of a time, seven days at most, until a moment',
        params: deviceParams,
        body,
        response: { 201: madePin },
      },
    },
    async (request, reply) => {
      const { from: fromMs, to: toMs, until: untilMs, reason, case: caseNumber } = request.body;
      const asked = { fromMs, toMs, untilMs, reason, case: caseNumber };
      const made = await pins.add(callerOf(request), of(request, request.params.id), asked);
      return reply.code(201).send({ ...shown(made), leaving: made.leaving });
    },
  );

  app.delete(
    '/streams/:id/pins/:pin',
    {
      config: { right: 'registry.edit' },
      schema: {
        tags,
        summary: 'Keep recordings no longer than their class says',
        params: deviceParams.extend({ pin: z.uuid() }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      await pins.remove(callerOf(request), of(request, request.params.id), request.params.pin);
      return reply.code(204).send(null);
    },
  );
};

function shown({ id, fromMs, toMs, reason, case: caseNumber, untilMs, by, createdAtMs }: Pin) {
  const [from, to, until, at] = [fromMs, toMs, untilMs, createdAtMs].map(toRfc3339) as [string, string, string, string];
  return { id, from, to, reason, case: caseNumber, until, by, at };
}
