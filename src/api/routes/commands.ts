import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Command } from '../../ingest/commands/rows.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, deviceParams, instant, listOf, moment, momentOrNull, pageQuery } from '../schemas.ts';
import { type ApiApp, pageOf, type RouteContext, type RoutePart } from './route.ts';

const TAGS = ['commands'];
const ARGS_MAX = 64;
const NAME_MAX = 40;
/** Arguments have 16 KiB at most as a device gets them; escaped, and with what stands around them, they are longer. */
const BODY_BYTES_MAX = 128 * 1024;

const args = z.record(z.string().max(NAME_MAX), z.unknown());

const input = z.strictObject({
  name: z.string().min(1).max(NAME_MAX).meta({ description: 'One that the kind declares: `GET /kinds`' }),
  args: args.refine((all) => Object.keys(all).length <= ARGS_MAX, `at most ${ARGS_MAX} arguments`).default({}),
  deadline: instant
    .optional()
    .meta({ description: 'Until then it may be sent and answered; without it, the time its kind gives it' }),
});

const command = z
  .object({
    id: z.string(),
    device: z.string(),
    name: z.string(),
    args,
    state: z.enum(['queued', 'sent', 'delivered', 'answered', 'failed', 'expired']).meta({
      description:
        'queued: not sent yet · sent: on its way · delivered: the device has it · ' +
        'answered, failed: it said so in time · expired: no reply by the deadline',
    }),
    by: z.object({ type: z.string(), id: z.string(), name: z.string() }),
    createdAt: moment,
    deadline: moment,
    sends: z.int().meta({ description: 'How often it was sent: once on each connection until there is a reply' }),
    sentAt: moment.nullable(),
    deliveredAt: moment.nullable(),
    settledAt: moment.nullable(),
    reply: z
      .object({
        ok: z.boolean(),
        result: z.unknown(),
        cut: z.boolean().meta({ description: 'The result was too long to be kept' }),
        late: z.boolean().meta({ description: 'It came after the deadline; the command stays expired' }),
        at: moment,
        receipt: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'Command' });

const payload = z
  .object({ id: z.string(), name: z.string(), args, deadline: z.int().meta({ description: 'Unix time in ms' }) })
  .meta({ id: 'CommandPayload', description: 'What a device that asks for itself gets, as on its MQTT topic' });

const listQuery = z.strictObject({
  waiting: z
    .stringbool({ truthy: ['true'], falsy: ['false'] })
    .default(false)
    .meta({ description: 'Only open ones. A device that asks for itself gets no others in any case' }),
  ...pageQuery,
});

const commandParams = z.strictObject({ id: deviceId, command: z.uuid() });

function answer(one: Command): z.output<typeof command> {
  const { createdAtMs, deadlineAtMs, sentAtMs, deliveredAtMs, settledAtMs, reply, ...rest } = one;
  const { atMs, ...said } = reply ?? { atMs: 0 };
  return {
    ...rest,
    createdAt: toRfc3339(createdAtMs),
    deadline: toRfc3339(deadlineAtMs),
    sentAt: momentOrNull(sentAtMs),
    deliveredAt: momentOrNull(deliveredAtMs),
    settledAt: momentOrNull(settledAtMs),
    reply: reply && ({ ...said, at: toRfc3339(atMs) } as z.output<typeof command>['reply']),
  };
}

export const commandRoutes: RoutePart = (app, context) => {
  createRoute(app, context);
  readingRoutes(app, context);
};

function createRoute(app: ApiApp, { commands }: RouteContext): void {
  app.post(
    '/devices/:id/commands',
    {
      bodyLimit: BODY_BYTES_MAX,
      config: { right: 'commands.maintain', errors: ['conflict.state'] },
      schema: {
        tags: TAGS,
        summary: 'Tell a device to do something',
        description: 'Accepted is durable: the command is sent when the device is there, or expires.',
        params: deviceParams,
        body: input,
        response: { 202: command },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { name, args: given, deadline } = request.body;
      const made = await commands.create(callerOf(request), id, { name, args: given, deadlineAtMs: deadline });
      reply.header('location', `/api/v1/devices/${id}/commands/${made.id}`);
      return reply.code(202).send(answer(made));
    },
  );
}

function readingRoutes(app: ApiApp, context: RouteContext): void {
  const { commands } = context;

  app.get(
    '/devices/:id/commands',
    {
      config: { right: ['commands.read', 'commands.fetch'] },
      schema: {
        tags: TAGS,
        summary: 'List what a device was told to do; or, as the device, fetch what it has to do',
        params: deviceParams,
        querystring: listQuery,
        response: { 200: z.union([listOf(command), listOf(payload)]) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id } = request.params;
      if (caller.type === 'device') {
        if (caller.id !== id) throw new CitywatchError('not-found');
        return { items: await commands.handOver(id) };
      }
      const { waiting, ...rest } = request.query;
      const page = pageOf(context, 'commands', caller, { ...rest, waiting, id });
      const { items, next } = await commands.list(caller, id, { openOnly: waiting, ...page.request });
      return { items: items.map(answer), ...page.seal(next) };
    },
  );

  app.get(
    '/devices/:id/commands/:command',
    {
      config: { right: 'commands.read' },
      schema: { tags: TAGS, summary: 'Read a command', params: commandParams, response: { 200: command } },
    },
    async (request) => {
      const { id, command: commandId } = request.params;
      return answer(await commands.get(callerOf(request), id, commandId));
    },
  );
}
