import { z } from 'zod';
import { DAY_MS, MINUTE_MS, toRfc3339 } from '../../core/clock.ts';
import type { Caller } from '../../core/types.ts';
import type { SecretChangeView } from '../../devices/doors/secret-change-rows.ts';
import type { RotationView } from '../../devices/logins/rotations.ts';
import { callerOf, senderOf } from '../guards/auth.ts';
import { deviceId, deviceParams, label, moment, momentOrNull } from '../schemas.ts';
import { report } from './checks.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const tags = ['registry'];

const rotation = z
  .object({
    id: z.string(),
    device: deviceId,
    state: z.enum(['running', 'changed', 'unchanged', 'lost']).meta({
      description:
        '`running`: also while the camera is away; `unchanged`: the old login is right; `lost`: the camera takes ' +
        'neither, and an administrator may try one that is kept',
    }),
    problem: z.string().nullable().meta({ description: 'A stable word for programs, such as `not-administrator`' }),
    steps: report.steps,
    by: z.string().meta({ description: 'Name of who wanted it' }),
    began: moment,
    ended: moment.nullable(),
  })
  .meta({
    id: 'LoginChange',
    description: 'A change of the login of a camera, or of a secret that is sent by command',
  });

function shown({ beganMs, endedMs, ...rest }: RotationView | SecretChangeView): z.output<typeof rotation> {
  return { ...rest, began: toRfc3339(beganMs), ended: momentOrNull(endedMs) };
}

const secretAnswer = z.object({
  id: z.string(),
  secret: z.string().optional().meta({ description: 'Shown this once and never again' }),
  oldUntil: moment
    .nullable()
    .meta({ description: 'The old one is valid until the new one is used, and so long at most; null: it is void now' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
});

/** A week: who repairs what is offline comes by in that time. */
const OVERLAP_MAX_MIN = 7 * 24 * 60;

const rotateInput = z.strictObject({
  of: z.enum(['login', 'secret']).optional().meta({
    description: '`login`: at the camera, by ONVIF; the default where it has an ONVIF address. `secret`: ours',
  }),
  account: z
    .enum(['own', 'same'])
    .optional()
    .meta({ description: '`own`, the default: an account `citywatch` where the camera can; `same`: the one in use' }),
  by: z.enum(['answer', 'command']).optional().meta({
    description: 'Of a secret: `answer`, the default, shows it to you once; `command` tells it to the device alone',
  }),
  overlapMin: z.int().min(1).max(OVERLAP_MAX_MIN).optional().meta({
    description: 'Of a secret: minutes for which the old one stays valid as well; without it, it ends at once',
  }),
});

const kept = z.object({
  id: z.int(),
  kept: moment,
  tried: moment.nullable().meta({ description: 'When it was tried again; each is tried once' }),
});

const state = z.object({
  id: z.string(),
  last: rotation.nullable(),
  secret: rotation.nullable().meta({ description: 'The last secret of ours that was sent to it by command' }),
  kept: z.array(kept).meta({ description: 'The last five logins it had, newest first, without the logins' }),
});

const login = z.object({ address: z.string(), username: z.string(), password: z.string() });

const revealInput = z
  .strictObject({
    purpose: label(128).meta({ description: 'What for, for the audit trail' }),
    order: label(64).optional().meta({ description: 'Number of an open work order of the device' }),
    case: label(128).optional(),
  })
  .refine(({ order, case: number }) => order !== undefined || number !== undefined, {
    error: 'name an open work order, or a case',
    path: ['order'],
  });

export const credentialRoutes: RoutePart = (app, context) => {
  rotating(app, context);
  looking(app, context);
  recovering(app, context);
};

function rotating(app: ApiApp, context: RouteContext): void {
  const { registry, logins, secretChanges, clock } = context;
  const renewed = async (caller: Caller, id: string, overlapMs: number): Promise<z.output<typeof secretAnswer>> => {
    const oldUntil = overlapMs > 0 ? toRfc3339(clock.nowMs() + overlapMs) : null;
    return { id, secret: await registry.rotateSecret(caller, id, overlapMs), oldUntil };
  };
  app.post(
    '/devices/:id/credentials/rotate',
    {
      config: { right: 'credentials.change', oneTimeSecret: 'secret', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'Give a camera a new login, or a device a new secret',
        params: deviceParams,
        body: rotateInput.nullish(),
        response: { 200: secretAnswer, 202: rotation },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { of, account = 'own', overlapMin = 0, by = 'answer' } = request.body ?? {};
      const caller = callerOf(request);
      await registry.get(caller, id);
      const hasLogin = of === undefined && (await registry.shownAddresses(id)).onvif !== null;
      if (of === 'login' || hasLogin) return reply.status(202).send(shown(await logins.begin(caller, id, account)));
      if (by === 'command') return reply.status(202).send(shown(await secretChanges.begin(caller, id)));
      return await renewed(caller, id, overlapMin * MINUTE_MS);
    },
  );

  app.post(
    '/devices/:id/credentials/renew',
    {
      config: { right: 'credentials.renew', oneTimeSecret: 'secret', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'As a device, fetch a new secret; the old one is valid until that was used, a day at most',
        params: deviceParams,
        body: z.strictObject({}).nullish(),
        response: { 200: secretAnswer },
      },
    },
    async (request) => await renewed(callerOf(request), senderOf(context, request).id, DAY_MS),
  );
}

function looking(app: ApiApp, { registry, logins, secretChanges, keptLogins, loginReveal }: RouteContext): void {
  app.get(
    '/devices/:id/credentials',
    {
      config: { right: 'credentials.use' },
      schema: {
        tags,
        summary: 'How the last change of a login went, and how many logins are kept; never a login',
        params: deviceParams,
        response: { 200: state },
      },
    },
    async (request) => {
      const { id } = request.params;
      await registry.get(callerOf(request), id);
      const [last, secret, all] = await Promise.all([logins.last(id), secretChanges.last(id), keptLogins.list(id)]);
      const shownKept = all.map(({ id: number, keptMs, triedMs }) => {
        return { id: number, kept: toRfc3339(keptMs), tried: momentOrNull(triedMs) };
      });
      return { id, last: last && shown(last), secret: secret && shown(secret), kept: shownKept };
    },
  );

  app.post(
    '/devices/:id/credentials/reveal',
    {
      config: { right: 'credentials.reveal', asksOnly: true, errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'Be shown the login of a device: people alone, for a work order or a case; each leaves an audit row',
        params: deviceParams,
        body: revealInput,
        response: { 200: z.object({ id: z.string(), onvif: login.nullable(), stream: login.nullable() }) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { purpose, order = null, case: number = null } = request.body;
      const found = await loginReveal.reveal(callerOf(request), id, { purpose, order, case: number });
      reply.header('cache-control', 'no-store');
      return { id, ...found };
    },
  );
}

function recovering(app: ApiApp, { keptLogins }: RouteContext): void {
  app.post(
    '/devices/:id/credentials/recover',
    {
      config: { right: 'credentials.recover', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'Try a login that a camera had before, once; where it is right it is its login again',
        params: deviceParams,
        body: z.strictObject({ kept: z.int().min(1).meta({ description: 'Its id in `kept`' }) }),
        response: {
          200: z.object({
            state: z.enum(['right', 'refused', 'not-tried']),
            problem: z.string().nullable().meta({ description: 'Why it could not be tried' }),
          }),
        },
      },
    },
    async (request) => keptLogins.recover(callerOf(request), request.params.id, request.body.kept),
  );
}
