import { z } from 'zod';
import { DAY_MS, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { CAUSES, HEALTHS } from '../../devices/health/judge.ts';
import type { ToldHealth } from '../../devices/health/list.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, deviceParams, instant, jurisdiction, listOf, moment, momentOrNull, pageQuery } from '../schemas.ts';
import { healthFields, REGISTRY_TAGS } from './device-schemas.ts';
import { defined, pageOf, type RoutePart } from './route.ts';

/** Of one answer, at most. */
const STRETCHES_MAX = 500;

const told = {
  ...healthFields,
  because: z.string().nullable().meta({ description: 'The device that explains it, where `cause` is `parent`' }),
  maintenance: z.boolean().meta({ description: 'Whether it, or what it hangs on, is in maintenance' }),
};

const item = z.object({ device: deviceId, name: z.string(), kind: z.string(), jurisdiction: z.string(), ...told });
const counts = z
  .record(z.enum([...HEALTHS, 'maintenance']), z.int())
  .meta({ description: 'All devices of the area and kind that stand; those in maintenance count as nothing else' });

const downtime = z.object({
  offlineS: z.int(),
  countedS: z.int().meta({ description: 'Without what lay in a maintenance of the device' }),
  stretches: z
    .array(z.object({ what: z.enum(['offline', 'maintenance']), from: moment, to: moment.nullable() }))
    .meta({ description: `When it was offline or worked on: the ${STRETCHES_MAX} that began last, in order of time` }),
});

const query = z.strictObject({
  jurisdiction: jurisdiction.optional(),
  kind: z.string().min(1).max(64).optional(),
  health: z.enum(HEALTHS).optional().meta({ description: 'Without it, those that are degraded or offline' }),
  cause: z.enum(CAUSES).optional(),
  parent: deviceId.optional().meta({ description: 'Only what hangs on this device' }),
  ...pageQuery,
});

const SPAN_MAX_MS = 400 * DAY_MS;

function answer<Told extends ToldHealth>({ sinceMs, ...rest }: Told) {
  return { ...rest, since: momentOrNull(sinceMs) };
}

export const deviceHealthRoutes: RoutePart = (app, context) => {
  const { deviceHealth, registry, clock } = context;
  app.get(
    '/devices/health',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Which devices are not well, since when and why',
        querystring: query,
        response: { 200: listOf(item).extend({ counts }) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { cursor: _cursor, limit: _limit, ...filter } = request.query;
      const page = pageOf(context, 'devices/health', caller, request.query);
      const { items, next, counts } = await deviceHealth.list(caller, { ...defined(filter), ...page.request });
      return { counts, items: items.map(answer), ...page.seal(next) };
    },
  );

  app.get(
    '/devices/:id/health',
    {
      config: { right: 'registry.read', errors: ['conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'How a device is, since when and why, and for how long it was offline',
        description: '409 for a device that does not stand: it is planned or retired.',
        params: deviceParams,
        querystring: z.strictObject({ from: instant.optional(), to: instant.optional() }),
        response: { 200: z.object({ ...told, downtime }) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id, state } = await registry.get(caller, request.params.id);
      const { to: toMs = clock.nowMs(), from: fromMs = toMs - DAY_MS } = request.query;
      if (fromMs >= toMs || toMs - fromMs > SPAN_MAX_MS)
        throw invalid('from', 'must lie before `to`, by 400 days at most');
      const health = deviceHealth.of(caller, id);
      if (!health)
        throw new CitywatchError('conflict.state', { detail: `The device is ${state}: nothing stands there.` });
      const { offlineMs, countedMs } = await deviceHealth.downtimeOf(id, fromMs, toMs);
      const times = await deviceHealth.stretchesOf(id, { fromMs, toMs }, STRETCHES_MAX);
      const stretches = times.map((one) => {
        return { what: one.what, from: toRfc3339(one.fromMs), to: momentOrNull(one.toMs) };
      });
      const inS = (ms: number): number => Math.round(ms / 1_000);
      return { ...answer(health), downtime: { offlineS: inS(offlineMs), countedS: inS(countedMs), stretches } };
    },
  );
};
