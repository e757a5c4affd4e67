import { z } from 'zod';
import { DAY_MS, HOUR_MS, MINUTE_MS, toRfc3339 } from '../../core/clock.ts';
import { POINTS_MAX } from '../../telemetry/history/checks.ts';
import type { Latest } from '../../telemetry/twin/twin.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceParams, inOrder, listOf, moment, momentOrNull, pageQuery, rangeQuery } from '../schemas.ts';
import { defined, pageOf, type RoutePart } from './route.ts';

const FIELDS_MAX = 50;
const UNIT_MS = { s: 1000, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;

const value = z.union([z.number(), z.boolean(), z.string()]);

export const fieldList = z
  .string()
  .max(1000)
  .transform((text) => text.split(','))
  .pipe(z.array(z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'is not the name of a field')).max(FIELDS_MAX))
  .meta({ description: `At most ${FIELDS_MAX} names, separated by commas`, examples: ['fill_pct,temp_c'] });

const every = z
  .string()
  .regex(/^[1-9]\d{0,4}[smhd]$/, 'use a number and s, m, h or d, such as 5m')
  .transform((text) => Number(text.slice(0, -1)) * UNIT_MS[text.slice(-1) as keyof typeof UNIT_MS])
  .meta({ examples: ['5m'] });

/** The shortest way to write it. */
function durationOf(ms: number): string {
  const [unit, unitMs] = Object.entries(UNIT_MS).findLast(([, each]) => ms % each === 0) ?? ['s', 1000];
  return `${ms / unitMs}${unit}`;
}

const historyQuery = z
  .strictObject({
    fields: fieldList,
    ...rangeQuery,
    every: every.optional(),
    fn: z.enum(['min', 'max', 'mean', 'last', 'count']).optional(),
    limit: z.coerce.number().int().min(1).max(POINTS_MAX).optional().meta({
      description: 'Cuts the answer short; without it, a question for more points than one answer holds is an error',
    }),
  })
  .check(inOrder());

const eventQuery = z.strictObject({ ...rangeQuery, ...pageQuery }).check(inOrder());

const fieldValues = z.record(z.string(), z.object({ value, at: moment, receivedAt: moment }));

const latest = z.object({
  device: z.string(),
  online: z.boolean(),
  stale: z.boolean(),
  lastMessageAt: moment.nullable(),
  firmware: z.string().nullable(),
  fields: fieldValues,
  tagged: z
    .object({ tag: z.string(), values: z.record(z.string(), fieldValues) })
    .nullable()
    .meta({ description: 'The same by lane or channel, where the kind has such a tag' }),
});

const history = z.object({
  device: z.string(),
  points: z.array(z.object({ at: moment, values: z.record(z.string(), value.nullable()) })),
  truncated: z.boolean().meta({ description: 'More points lie in the range than one answer holds' }),
  source: z.enum(['raw', '5m', '1h']).meta({
    description:
      'What the values were made of: readings, or their roll-ups where the range is long or readings are gone. The ' +
      'ends of the range, and what is not rolled up yet, are of readings also then',
  }),
  every: z.string().nullable().meta({ description: '`every` of the question' }),
});

const event = z.object({
  id: z.string().nullable(),
  type: z.string(),
  at: moment,
  data: z.record(z.string(), z.unknown()),
});

function latestAnswer(device: string, found: Latest | null): z.output<typeof latest> {
  if (!found) {
    return { device, online: false, stale: true, lastMessageAt: null, firmware: null, fields: {}, tagged: null };
  }
  const { online, stale, firmware, lastMessageAtMs } = found;
  const lastMessageAt = momentOrNull(lastMessageAtMs);
  const tagged = found.tagged && {
    tag: found.tagged.tag,
    values: Object.fromEntries([...found.tagged.values].map(([name, fields]) => [name, fieldsAnswer(fields)])),
  };
  return { device, online, stale, lastMessageAt, firmware, fields: fieldsAnswer(found.fields), tagged };
}

function fieldsAnswer(fields: Latest['fields']): z.output<typeof fieldValues> {
  const rows = [...fields].map(([name, { value: last, atMs, receivedAtMs }]) => {
    return [name, { value: last, at: toRfc3339(atMs), receivedAt: toRfc3339(receivedAtMs) }] as const;
  });
  return Object.fromEntries(rows);
}

export const historyRoutes: RoutePart = (app, context) => {
  const { registry, twin, history: store, heavy } = context;
  const tags = ['telemetry'];
  const params = deviceParams;

  app.get(
    '/devices/:id/latest',
    {
      config: { right: 'telemetry.read' },
      schema: { tags, summary: 'Last values of a device', params, response: { 200: latest } },
    },
    async (request) => {
      const { id } = await registry.get(callerOf(request), request.params.id);
      return latestAnswer(id, twin.latest(id));
    },
  );

  app.get(
    '/devices/:id/history',
    {
      config: { right: 'telemetry.read' },
      schema: { tags, summary: 'Past values', params, querystring: historyQuery, response: { 200: history } },
    },
    async (request) => {
      const caller = callerOf(request);
      const device = await registry.get(caller, request.params.id);
      const { fields, from, to, every: everyMs, fn, limit } = request.query;
      const query = { fields, fromMs: from, toMs: to, ...defined({ everyMs, fn, limit }) };
      const { points, truncated, source } = await heavy.run(caller, () => store.history(device, query, request.signal));
      const answer = points.map(({ atMs, values }) => ({ at: toRfc3339(atMs), values }));
      return { device: device.id, points: answer, truncated, source, every: everyMs ? durationOf(everyMs) : null };
    },
  );

  app.get(
    '/devices/:id/events',
    {
      config: { right: 'telemetry.read' },
      schema: { tags, summary: 'Past events', params, querystring: eventQuery, response: { 200: listOf(event) } },
    },
    async (request) => {
      const caller = callerOf(request);
      const device = await registry.get(caller, request.params.id);
      const page = pageOf(context, `events/${device.id}`, caller, request.query);
      const query = { fromMs: request.query.from, toMs: request.query.to, ...page.request };
      const { items, next } = await heavy.run(caller, () => store.events(device, query, request.signal));
      return { items: items.map(({ atMs, ...rest }) => ({ ...rest, at: toRfc3339(atMs) })), ...page.seal(next) };
    },
  );
};
