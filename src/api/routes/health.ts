import { z } from 'zod';
import type { RoutePart } from './route.ts';

const part = z.object({ ok: z.boolean(), needed: z.boolean(), reason: z.string().optional() });

const reader = z.object({
  name: z.string(),
  lane: z.enum(['live', 'bulk']),
  position: z.int().nonnegative(),
  behind: z.int().nonnegative().meta({ description: 'Bytes that it has still to read' }),
});

const ready = z.object({
  ready: z.boolean(),
  parts: z
    .object({
      postgres: part,
      redis: part,
      influx: part,
      ffmpeg: part,
      journal: part,
      disk: part,
      pictures: part,
      rules: part,
      readers: part,
    })
    .catchall(part)
    .meta({ description: 'Besides these, each way on which devices send, by name, such as `mqtt`' }),
  readers: z
    .array(reader)
    .meta({ description: 'Where the readers of the journal stand; one that hangs is named in `parts`' }),
});

export const healthRoutes: RoutePart = (app, { health, observer }) => {
  const tags = ['health'];

  app.get(
    '/healthz',
    {
      config: { public: true },
      schema: { tags, summary: 'The process is alive', response: { 200: z.object({ alive: z.literal(true) }) } },
    },
    async () => ({ alive: true as const }),
  );

  app.get(
    '/readyz',
    {
      config: { public: true },
      schema: {
        tags,
        summary: 'Every part this needs is there',
        response: { 200: ready, 503: ready.meta({ description: 'A needed part is down' }) },
      },
    },
    async (_request, reply) => {
      const parts = await health.check();
      const isReady = Object.values(parts).every(({ ok, needed }) => ok || !needed);
      reply.header('cache-control', 'no-store');
      if (!isReady) reply.header('retry-after', 2);
      const readers = health.readers().map(({ stuckMs: _, ...shown }) => shown);
      return reply.code(isReady ? 200 : 503).send({ ready: isReady, parts, readers });
    },
  );

  app.get(
    '/metrics',
    {
      config: { right: 'metrics.read', metrics: true },
      schema: { tags, summary: 'Counters for Prometheus', produces: ['text/plain'] },
    },
    async (_request, reply) => reply.type(observer.metrics.contentType).send(await observer.metrics.metrics()),
  );
};
