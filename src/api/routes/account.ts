import { z } from 'zod';
import { PASSWORD_LENGTH_MAX } from '../../access/password-rules.ts';
import { addressBlock } from '../../core/address-block.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { callerOf, sessionOf } from '../guards/auth.ts';
import { LoginGuard } from '../guards/login-guard.ts';
import { listOf, moment, noContent } from '../schemas.ts';
import { type ApiApp, defined, type RouteContext, type RoutePart } from './route.ts';
import { CODE_LENGTH_MAX } from './session.ts';

const tags = ['people'];
const right = 'account.own' as const;
const password = z.string().min(1).max(PASSWORD_LENGTH_MAX);
const code = z.string().min(1).max(CODE_LENGTH_MAX).meta({
  description: 'Where `duties` has `code`: what an administrator of the system gave to you in person',
});
const codeBody = z.strictObject({ code: z.string().min(1).max(CODE_LENGTH_MAX) });

const session = z.object({
  id: z.string(),
  current: z.boolean().meta({ description: 'The one this request belongs to' }),
  startedAt: moment,
  lastSeenAt: moment.meta({ description: 'To the minute' }),
  address: z.string(),
  agent: z.string().meta({ description: 'What the browser calls itself' }),
});

/** What people do with their own account. */
export const accountRoutes: RoutePart = (app, context) => {
  passwordRoute(app, context);
  sessionsRoutes(app, context);
  secondFactorRoutes(app, context);
};

function passwordRoute(app: ApiApp, { account, clock }: RouteContext): void {
  // Whoever found a browser open guesses as slowly as at the login.
  const guard = new LoginGuard(clock);
  app.post(
    '/session/password',
    {
      config: {
        right,
        whileDue: true,
        asksOnly: true,
        errors: ['auth.required', 'auth.voucher', 'precondition.stale'],
      },
      schema: {
        tags,
        summary: 'Change your password; your other sessions end',
        body: z.strictObject({ old: password, new: password, code: code.optional() }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      const { id, username } = sessionOf(request);
      const attempt = { name: username, address: addressBlock(request.ip) };
      const change = { session: id, ...defined(request.body) };
      await guard.run(attempt, () => account.changePassword(callerOf(request), change));
      return reply.code(204).send(null);
    },
  );
}

function sessionsRoutes(app: ApiApp, { account }: RouteContext): void {
  app.get(
    '/session/open',
    {
      config: { right, whileDue: true },
      schema: { tags, summary: 'Your sessions', response: { 200: listOf(session) } },
    },
    async (request) => {
      const { id: current } = sessionOf(request);
      const items = (await account.sessions(callerOf(request))).map(({ startedAtMs, lastSeenAtMs, ...rest }) => {
        return {
          ...rest,
          startedAt: toRfc3339(startedAtMs),
          lastSeenAt: toRfc3339(lastSeenAtMs),
          current: rest.id === current,
        };
      });
      return { items };
    },
  );

  app.delete(
    '/session/open/:id',
    {
      config: { right, whileDue: true, unversioned: true },
      schema: {
        tags,
        summary: 'End one of your sessions',
        params: z.strictObject({ id: z.uuid() }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      sessionOf(request);
      await account.endSession(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function secondFactorRoutes(app: ApiApp, { secondFactor, clock }: RouteContext): void {
  const guard = new LoginGuard(clock);
  const guarded = <Result>(request: Parameters<typeof sessionOf>[0], run: () => Promise<Result>) =>
    guard.run({ name: sessionOf(request).username, address: addressBlock(request.ip) }, run);

  app.post(
    '/session/totp',
    {
      config: { right, whileDue: true, oneTimeSecret: 'uri', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'Begin to set up a second factor (RFC 6238)',
        response: {
          200: z.object({ uri: z.string().meta({ description: 'For the authenticator; shown this once' }) }),
        },
      },
    },
    async (request) => secondFactor.begin(callerOf(request), sessionOf(request).username),
  );

  app.post(
    '/session/totp/confirm',
    {
      config: { right, whileDue: true, asksOnly: true, errors: ['auth.second-factor', 'conflict.state'] },
      schema: {
        tags,
        summary: 'Confirm the second factor by its first code; it is asked for from now on',
        body: codeBody,
        response: {
          200: z.object({
            recoveryCodes: z.array(z.string()).meta({ description: 'Each stands for a code once; shown this once' }),
          }),
        },
      },
    },
    async (request) => guarded(request, () => secondFactor.confirm(callerOf(request), request.body.code)),
  );

  app.post(
    '/session/totp/remove',
    {
      config: { right, asksOnly: true, errors: ['auth.second-factor', 'conflict.state'] },
      schema: { tags, summary: 'Give the second factor up', body: codeBody, response: { 204: noContent } },
    },
    async (request, reply) => {
      await guarded(request, () => secondFactor.remove(callerOf(request), request.body.code));
      return reply.code(204).send(null);
    },
  );
}
