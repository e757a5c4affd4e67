import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { ClaimWindow } from '../../devices/claims/claims.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, deviceParams, moment, momentOrNull } from '../schemas.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const DAY_MINUTES = 24 * 60;
const CODE_LENGTH_MAX = 32;
/** Whoever may send it has said nothing of themselves yet. */
const CLAIM_BYTES_MAX = 1024;

const fields = {
  device: deviceId,
  state: z.enum(['open', 'used', 'closed', 'ended']).meta({
    description: '`ended`: nobody came in time, or too many wrong codes did',
  }),
  opened: moment,
  until: moment,
  by: z.string(),
  used: moment.nullable().meta({ description: 'When the device came' }),
  triesLeft: z.int().meta({ description: 'Wrong codes that may still come' }),
};

const claim = z.object(fields).meta({ id: 'DeviceClaim' });

const opened = z.object({
  ...fields,
  code: z.string().optional().meta({ description: 'Shown this once; say it to who stands there' }),
  codeWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no code' }),
});

export const claimRoutes: RoutePart = (app, context) => {
  windowRoutes(app, context);
  takeRoute(app, context);
};

function windowRoutes(app: ApiApp, { claims, registry }: RouteContext): void {
  app.post(
    '/devices/:id/claim',
    {
      config: { right: 'credentials.change', oneTimeSecret: 'code', errors: ['conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Open a window in which the device may fetch its secret by a code, once',
        description: 'In place of one before. The secret that the device has goes on until the code is used.',
        params: deviceParams,
        body: z.strictObject({ minutes: z.int().min(1).max(DAY_MINUTES).default(30) }),
        response: { 201: opened },
      },
    },
    async (request, reply) => {
      const { window, code } = await claims.open(callerOf(request), request.params.id, request.body.minutes);
      return reply.code(201).send({ ...shown(window), code });
    },
  );

  app.post(
    '/devices/:id/claim/close',
    {
      config: { right: 'credentials.change', errors: ['conflict.state'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Close the window of a device before its time',
        params: deviceParams,
        body: z.strictObject({}).nullish(),
        response: { 200: claim },
      },
    },
    async (request) => shown(await claims.close(callerOf(request), request.params.id)),
  );

  app.get(
    '/devices/:id/claim',
    {
      config: { right: 'credentials.change' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'The newest window of a device, and what became of it; never its code',
        params: deviceParams,
        response: { 200: z.object({ claim: claim.nullable() }) },
      },
    },
    async (request) => {
      const { id } = await registry.get(callerOf(request), request.params.id);
      const window = await claims.get(id);
      return { claim: window && shown(window) };
    },
  );
}

function takeRoute(app: ApiApp, { claims, rates }: RouteContext): void {
  app.post(
    '/claims',
    {
      bodyLimit: CLAIM_BYTES_MAX,
      config: { public: true, errors: ['auth.required', 'request.rate'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Fetch the secret of a device by the id on its label and a code, while a window is open',
        description: 'Needs no login. It works once; five wrong codes close the window. The old secret is void then.',
        body: z.strictObject({ device: deviceId, code: z.string().min(1).max(CODE_LENGTH_MAX) }),
        response: { 200: z.object({ device: deviceId, secret: z.string() }) },
      },
    },
    async (request, reply) => {
      const { device, code } = request.body;
      reply.header('cache-control', 'no-store');
      const taken = await claims.take(device, code).catch(async (error: unknown) => {
        await rates.failedAuth(request);
        throw error;
      });
      return { device, ...taken };
    },
  );
}

function shown({ openedMs, untilMs, usedMs, ...rest }: ClaimWindow): z.output<typeof claim> {
  return { ...rest, opened: toRfc3339(openedMs), until: toRfc3339(untilMs), used: momentOrNull(usedMs) };
}
