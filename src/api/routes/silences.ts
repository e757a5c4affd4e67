import { z } from 'zod';
import { scheduleSchema } from '../../alerts/rules/schedule/schedule.ts';
import type { SilenceInfo } from '../../alerts/silences/silences.ts';
import { ifMatch, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import {
  deviceId,
  instant,
  jurisdiction,
  label,
  listOf,
  moment,
  noContent,
  policeLimit,
  policeLimited,
} from '../schemas.ts';
import { alertView } from './alert-schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const NAME_MAX = 64;
const REASON_MAX = 500;
const LISTED_MAX = 200;

const matchers = {
  jurisdiction,
  police: policeLimit.optional(),
  rule: label(NAME_MAX).optional().meta({ description: 'Only alerts of this rule' }),
  kind: label(NAME_MAX).optional().meta({ description: 'Only of devices of this kind' }),
  device: deviceId.optional().meta({ description: 'Only of this device and of what hangs on it' }),
};

const times = {
  startsAt: instant.optional().meta({ description: 'Now, without it' }),
  endsAt: instant.meta({ description: 'Within the next 7 days; within 180 of one that repeats' }),
  repeats: scheduleSchema.optional().meta({
    description: 'Holds only in these windows, in the time of China; by the holidays of the gateway',
  }),
};

const newSilence = z.strictObject({ ...matchers, ...times, reason: label(REASON_MAX) });
const triedSilence = z.strictObject({ ...matchers, ...times, endsAt: times.endsAt.optional() });

const silence = z
  .object({
    id: z.string(),
    state: z
      .enum(['planned', 'active', 'ended'])
      .meta({ description: '`planned` before it begins, and between its windows' }),
    jurisdiction: z.string(),
    police: policeLimited,
    rule: z.string().nullable(),
    kind: z.string().nullable(),
    device: z.string().nullable(),
    reason: z.string(),
    startsAt: moment,
    endsAt: moment,
    repeats: scheduleSchema.nullable(),
    turnsAt: moment.nullable().meta({ description: 'When it begins to hold or lets go next' }),
    endedAt: moment.nullable(),
    endedBy: z.string().nullable(),
    createdBy: z.string(),
    createdAt: moment,
    holds: z.int().meta({ description: 'How many open alerts it hides now' }),
    version: z.int(),
  })
  .meta({ id: 'Silence' });

const preview = z.object({
  hides: z.int().meta({ description: 'How many open alerts it would hide, held it now' }),
  leaves: z.int().meta({ description: 'Extreme alerts and hits of watchlists, which it would not hide' }),
  alerts: z.array(alertView).meta({ description: 'The newest that it would hide, 20 at most' }),
  windows: z
    .array(z.object({ from: moment, to: moment }))
    .meta({ description: 'When one that repeats would hold, the next 10 times at most' }),
  lastWeek: z
    .int()
    .nullable()
    .meta({ description: 'Of one that repeats: how many alerts of the last 7 days it would have hidden' }),
});

const query = z.strictObject({
  ended: z.enum(['true', 'false']).default('false').meta({ description: 'With those that have ended' }),
});
const params = z.strictObject({ id: z.string().max(NAME_MAX) });
const tags = ['alerts'];
const config = { right: 'alerts.silence' } as const;

type Meant = Pick<z.output<typeof newSilence>, 'jurisdiction' | 'police' | 'rule' | 'kind' | 'device'>;

/** What is not said is not limited: whoever is limited to a police agency names it. */
function meantBy({ jurisdiction, police, rule, kind, device }: Meant) {
  return {
    jurisdiction,
    police: police ?? null,
    rule: rule ?? null,
    kind: kind ?? null,
    device: device ?? null,
  };
}

function askedBy({ startsAt: startsAtMs, endsAt: endsAtMs, repeats }: z.output<typeof triedSilence>) {
  return { startsAtMs, endsAtMs, repeats };
}

/** Alerts that are left unsaid for a time. */
export const silenceRoutes: RoutePart = (app, context) => {
  newRoutes(app, context);
  standingRoutes(app, context);
};

function newRoutes(app: ApiApp, { alerts: { silences } }: RouteContext): void {
  app.post(
    '/silences/preview',
    {
      config: { ...config, asksOnly: true },
      schema: {
        tags,
        summary: 'What a silence would hide now; changes nothing',
        body: triedSilence,
        response: { 200: preview },
      },
    },
    async (request) => silences.preview(callerOf(request), { ...meantBy(request.body), ...askedBy(request.body) }),
  );

  app.post(
    '/silences',
    {
      config: { ...config, errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'Leave alerts unsaid for a time, those that are open too; not extreme ones, nor hits of watchlists',
        body: newSilence,
        response: { 201: silence },
      },
    },
    async (request, reply) => {
      const { reason, endsAt: endsAtMs } = request.body;
      const asked = { ...meantBy(request.body), ...askedBy(request.body), reason, endsAtMs };
      const made = await silences.create(callerOf(request), asked);
      setEtag(reply.status(201), made.version);
      return made;
    },
  );
}

function standingRoutes(app: ApiApp, { alerts: { silences } }: RouteContext): void {
  app.get(
    '/silences',
    {
      config,
      schema: {
        tags,
        summary: `Silences of your area, newest first, ${LISTED_MAX} at most`,
        querystring: query,
        response: { 200: listOf(silence) },
      },
    },
    async (request): Promise<{ items: SilenceInfo[] }> => {
      const going = request.query.ended === 'false';
      return { items: await silences.list(callerOf(request), { going, limit: LISTED_MAX }) };
    },
  );

  app.get(
    '/silences/:id',
    { config, schema: { tags, summary: 'One silence', params, response: { 200: silence } } },
    async (request, reply) => {
      const one = await silences.get(callerOf(request), request.params.id);
      setEtag(reply, one.version);
      return one;
    },
  );

  app.delete(
    '/silences/:id',
    { config, schema: { tags, summary: 'End a silence now', params, response: { 204: noContent } } },
    async (request, reply) => {
      await ifMatch(request as never, (version) => silences.end(callerOf(request), request.params.id, version));
      return reply.status(204).send(null);
    },
  );
}
