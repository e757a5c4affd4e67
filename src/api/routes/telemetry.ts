import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CitywatchError } from '../../core/errors.ts';
import type { Channel } from '../../core/types.ts';
import type { HttpMessage } from '../../ingest/uplinks/http/uplink.ts';
import type { Preview } from '../../ingest/uplinks/uplink.ts';
import { callerOf, senderOf } from '../guards/auth.ts';
import { deviceParams } from '../schemas.ts';
import { keepRawBodies } from '../server/bodies.ts';
import { TELEMETRY_BODY_BYTES_MAX } from '../server/limits.ts';
import { validatorCompiler } from '../server/validation.ts';
import type { RouteContext, RoutePart } from './route.ts';

const reading = z.object({
  ts: z.number().optional().meta({ description: "Unix time in ms by the device's clock" }),
  id: z.string().optional(),
  values: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])),
});

const event = z.object({
  ts: z.number().optional().meta({ description: "Unix time in ms by the device's clock" }),
  id: z.string().optional(),
  type: z.string(),
  data: z.record(z.string(), z.unknown()),
});

const deviceReply = z.object({
  id: z.string().meta({ description: '`id` of the command' }),
  ok: z.boolean(),
  result: z.unknown().optional().meta({ description: 'Anything; more than 8 KiB as JSON is not kept' }),
});

const laneQuery = z.strictObject({
  lane: z
    .enum(['live', 'bulk'])
    .default('live')
    .meta({ description: 'bulk: a backfill that may wait, and that nothing live waits for; every record needs `ts`' }),
});

const accepted = z.object({
  receipt: z.string().meta({ description: 'Ask `GET /messages?id=` with it' }),
  records: z
    .array(
      z.object({
        index: z.int(),
        accepted: z.boolean(),
        id: z.string().optional(),
        reason: z.string().optional(),
        path: z.string().optional(),
      }),
    )
    .optional(),
});

/** What devices send by HTTP: the payloads of the MQTT topics, durable when the answer is 202. */
export const telemetryRoutes: RoutePart = (app, context) => {
  app.register(async (raw) => {
    keepRawBodies(raw as never, TELEMETRY_BODY_BYTES_MAX);
    const routes = [
      { path: 'telemetry', channel: 'telemetry', body: reading, summary: 'Send readings' },
      { path: 'events', channel: 'event', body: event, summary: 'Send events' },
      { path: 'replies', channel: 'reply', body: deviceReply, summary: 'Answer commands' },
    ] as const;
    for (const { path, channel, body, summary } of routes) {
      raw.post(
        `/devices/:id/${path}`,
        {
          bodyLimit: TELEMETRY_BODY_BYTES_MAX,
          // The body stays bytes: its schema is for the OpenAPI document, decoding is for the journal's readers.
          validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : validatorCompiler(part as never)),
          config: { right: 'telemetry.send', ownBudget: true, errors: ['ingest.full', 'ingest.unavailable'] },
          // Before the body is read: a flood costs little.
          onRequest: async (request) => context.http.turn(callerOf(request).id),
          schema: {
            tags: ['telemetry'],
            summary,
            description: 'The body may be packed: `Content-Encoding: gzip`.',
            params: deviceParams,
            querystring: channel === 'reply' ? z.strictObject({}) : laneQuery,
            body: z.union([body, z.array(body)]),
            response: { 202: accepted },
          },
        },
        async (request, reply) => {
          const message = toMessage(context, request, channel);
          // A reply has no lane: nobody waits for it in a backfill.
          const { lane = 'live' } = request.query as Partial<z.output<typeof laneQuery>>;
          const { receipt, preview } = await context.http.take({ ...message, lane });
          return reply.code(202).send({ receipt: receipt.id, ...(preview && { records: recordsOf(preview) }) });
        },
      );
    }
  });
};

function toMessage(context: RouteContext, request: FastifyRequest, channel: Channel): Omit<HttpMessage, 'lane'> {
  const device = senderOf(context, request);
  if (!Buffer.isBuffer(request.body)) throw new CitywatchError('request.malformed', { detail: 'The body is empty.' });
  const route = request.url.split('?', 1)[0] ?? '';
  return { device, channel, route, requestId: request.id, raw: request.body };
}

function recordsOf({ records, refusals }: Preview) {
  const good = records.map(({ index, id }) => ({ index, accepted: true, ...(id === null ? {} : { id }) }));
  const bad = refusals.flatMap(({ index, reason, path }) =>
    index === null ? [] : [{ index, accepted: false, reason, path }],
  );
  return [...good, ...bad].sort((a, b) => a.index - b.index);
}
