import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { Caller } from '../../core/types.ts';
import type { HealthChange } from '../../devices/health/feed.ts';
import { HEALTHS } from '../../devices/health/judge.ts';
import { callerOf } from '../guards/auth.ts';
import { Shares } from '../guards/shares.ts';
import { bytesOf, deviceId, jurisdiction, moment, momentOrNull } from '../schemas.ts';
import { sendEvents } from '../server/event-stream.ts';
import { healthFields, REGISTRY_TAGS } from './device-schemas.ts';
import type { RouteContext, RoutePart } from './route.ts';

const STREAMS = { total: 500, perCaller: 16, retryAfterS: 10 };
const CURSOR_LENGTH_MAX = 1_024;

const query = z.strictObject({
  jurisdiction: jurisdiction.optional(),
  kind: z.string().min(1).max(64).optional(),
  after: z
    .string()
    .max(CURSOR_LENGTH_MAX)
    .optional()
    .meta({ description: 'As the header Last-Event-ID, which goes before it; from now on without both' }),
});

const change = z
  .object({
    device: deviceId,
    kind: z.string(),
    jurisdiction: z.string(),
    from: z.enum(HEALTHS).nullable().meta({ description: 'Null for a device of which nothing was told before' }),
    ...healthFields,
    because: z.string().nullable().meta({ description: 'The device that explains it, where `cause` is `parent`' }),
    maintenance: z.boolean(),
    at: moment,
  })
  .meta({ id: 'HealthChange', description: 'A device turned online, degraded, offline or unknown' });

type Query = z.output<typeof query>;

/** Who went offline and who came back, as it happens. */
export const deviceHealthStreamRoutes: RoutePart = (app, context) => {
  const { changes } = context.deviceHealth;
  const shares = new Shares(STREAMS);
  app.get(
    '/devices/health/stream',
    {
      exposeHeadRoute: false,
      config: { right: 'registry.read', lasting: true },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Which devices turn offline or online, as it happens (server-sent events)',
        description:
          '`health`: a device turned. `reset`: the reader missed some: read `GET /devices/health`. ' +
          '`hello`: the stream has begun.',
        querystring: query,
        response: { 200: bytesOf('text/event-stream', 'Until one side ends it', change) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      // A browser that comes back sends the address it began with, so its header is newer.
      const given = request.headers['last-event-id'] || request.query.after;
      const known = typeof given === 'string' ? readCursor(context, caller, given) : changes.head;
      const leave = shares.enter(caller);
      try {
        await sendEvents({ request, reply: reply as never, context }, async ({ over, send }) => {
          const tell = (event: string, seq: number, data: object) =>
            send({ id: sealCursor(context, caller, seq), event, json: JSON.stringify(data) });
          let seq = known ?? changes.head;
          await tell(known === null ? 'reset' : 'hello', seq, {});
          while (!over.aborted) {
            const found = await changes.next(seq, over);
            if (found?.length === 0) return;
            if (found === null) await tell('reset', changes.head, {});
            for (const one of found ?? []) {
              const data = shown(context, caller, { one, query: request.query });
              if (data) await tell('health', one.seq, data);
            }
            seq = found?.at(-1)?.seq ?? changes.head;
          }
        });
      } finally {
        leave();
      }
    },
  );
};

/** Null where the caller may not see the device, as it stands now, or did not ask for it. */
function shown(
  { directory, deviceHealth }: RouteContext,
  caller: Caller,
  { one, query: { jurisdiction: area, kind } }: { one: HealthChange; query: Query },
): z.output<typeof change> | null {
  const { device, from, now, atMs } = one;
  const identity = directory.seenBy(caller, device);
  if (!identity || now === null || (kind !== undefined && identity.kind !== kind)) return null;
  if (area !== undefined && !deviceHealth.lies(area, identity.jurisdiction)) return null;
  const { sinceMs, ...told } = deviceHealth.told(caller, device, now);
  const { kind: of, jurisdiction: where } = identity;
  return { device, kind: of, jurisdiction: where, from, ...told, since: momentOrNull(sinceMs), at: toRfc3339(atMs) };
}

function scopeOf(caller: Caller) {
  return { route: 'device-health-stream', filter: {}, caller };
}

function sealCursor({ cursors, deviceHealth }: RouteContext, caller: Caller, seq: number): string {
  return cursors.seal(scopeOf(caller), `${deviceHealth.changes.epoch} ${seq}`);
}

/** Null for a place in another run of the gateway. Errors: `request.cursor` for what is not ours. */
function readCursor({ cursors, deviceHealth }: RouteContext, caller: Caller, given: string): number | null {
  const [epoch, seq] = (cursors.open(scopeOf(caller), given) ?? '').split(' ');
  return epoch === deviceHealth.changes.epoch ? Number(seq) : null;
}
