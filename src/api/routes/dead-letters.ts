import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { DeadLetter } from '../../ingest/ledger/dead-letter-row.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, listOf, moment, momentOrNull, pageQuery } from '../schemas.ts';
import { type ApiApp, defined, pageOf, type RouteContext, type RoutePart } from './route.ts';

/** Each is two transactions and a journal append; more would outlast the time a handler has. */
const REPLAY_MAX = 200;

const tags = ['explain'];
const name = z.string().min(1).max(64);
const firmware = z.string().max(64);

const letterQuery = z.strictObject({
  device: deviceId.optional(),
  kind: name.optional(),
  reason: name.optional(),
  firmware: firmware.optional().meta({ description: 'Empty: of devices that have not said theirs' }),
  replayed: z.enum(['true', 'false']).optional().meta({ description: 'Without it, both' }),
  ...pageQuery,
});

const letter = z.object({
  id: z.string(),
  receipt: z.string(),
  device: z.string(),
  kind: z.string(),
  kindVersion: z.int(),
  firmware: z.string().nullable(),
  jurisdiction: z.string(),
  index: z.int().nullable(),
  reason: z.string(),
  path: z.string(),
  value: z.string(),
  receivedAt: moment,
  replayedAt: moment.nullable(),
});

const group = z.object({
  reason: z.string(),
  kind: z.string(),
  firmware: z.string().nullable(),
  count: z.int(),
  devices: z.int(),
  firstAt: moment,
  lastAt: moment,
  example: letter.nullable().meta({ description: 'One of the newest' }),
});

const replayBody = z
  .strictObject({
    ids: z.array(name).min(1).max(REPLAY_MAX).optional(),
    group: z.strictObject({ reason: name, kind: name, firmware: firmware.nullable() }).optional(),
    limit: z.int().min(1).max(REPLAY_MAX).optional().meta({ description: 'Of a group, how many in this call' }),
    cursor: pageQuery.cursor,
  })
  .refine(({ ids, group }) => (ids === undefined) !== (group === undefined), {
    error: 'send either `ids` or `group`',
  })
  .refine(({ ids, limit, cursor }) => ids === undefined || (limit === undefined && cursor === undefined), {
    error: '`limit` and `cursor` go with `group`',
  });

const replayed = z.object({
  replayed: z.array(z.string()),
  skipped: z.array(z.object({ id: z.string(), reason: z.string() })),
  next: z.string().optional().meta({ description: 'More of the group waits: send it as `cursor`' }),
});

function letterAnswer({ receivedAtMs, replayedAtMs, ...rest }: DeadLetter): z.output<typeof letter> {
  return { ...rest, receivedAt: toRfc3339(receivedAtMs), replayedAt: momentOrNull(replayedAtMs) };
}

export const deadLetterRoutes: RoutePart = (app, context) => {
  readingRoutes(app, context);
  replayRoute(app, context);
};

function readingRoutes(app: ApiApp, context: RouteContext): void {
  const { deadLetters, heavy } = context;

  app.get(
    '/dead-letters',
    {
      config: { right: 'explain.read' },
      schema: { tags, summary: 'What could not be used', querystring: letterQuery, response: { 200: listOf(letter) } },
    },
    async (request) => {
      const caller = callerOf(request);
      const { cursor: _cursor, limit: _limit, firmware: version, replayed: again, ...filter } = request.query;
      const page = pageOf(context, 'dead-letters', caller, request.query);
      const { items, next } = await deadLetters.list(caller, {
        ...defined(filter),
        ...(version === undefined ? {} : { firmware: version === '' ? null : version }),
        ...(again === undefined ? {} : { replayed: again === 'true' }),
        ...page.request,
      });
      return { items: items.map(letterAnswer), ...page.seal(next) };
    },
  );

  app.get(
    '/dead-letters/groups',
    {
      config: { right: 'explain.read' },
      schema: {
        tags,
        summary: 'What could not be used and was not replayed, by cause: the largest groups first, at most 500',
        response: { 200: listOf(group) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const groups = await heavy.run(caller, () => deadLetters.groups(caller));
      const items = groups.map(({ firstAtMs, lastAtMs, example, ...rest }) => ({
        ...rest,
        firstAt: toRfc3339(firstAtMs),
        lastAt: toRfc3339(lastAtMs),
        example: example && letterAnswer(example),
      }));
      return { items };
    },
  );
}

function replayRoute(app: ApiApp, context: RouteContext): void {
  const { deadLetters } = context;
  app.post(
    '/dead-letters/replay',
    {
      config: { right: 'explain.replay', errors: ['request.cursor'] },
      schema: {
        tags,
        summary: 'Judge dead letters again, by their ids or a group piece by piece',
        body: replayBody,
        response: { 200: replayed },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { ids, group: wanted, limit = REPLAY_MAX, cursor } = request.body;
      if (!wanted) return await deadLetters.replay(caller, [...new Set(ids)]);
      const page = pageOf(context, 'dead-letters/replay', caller, { ...wanted, limit, cursor });
      const { next, ...done } = await deadLetters.replayGroup(caller, wanted, page.request);
      return { ...done, ...page.seal(next) };
    },
  );
}
