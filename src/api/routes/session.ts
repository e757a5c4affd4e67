import { z } from 'zod';
import { PASSWORD_LENGTH_MAX } from '../../access/people.ts';
import { ROLES } from '../../access/rights.ts';
import type { Session } from '../../access/sessions.ts';
import { addressBlock } from '../../core/address-block.ts';
import { callerOf } from '../guards/auth.ts';
import { LoginGuard } from '../guards/login-guard.ts';
import { clearSessionCookie, refuseForeignPages, sessionIdOf, setSessionCookie } from '../guards/session-cookie.ts';
import { noContent } from '../schemas.ts';
import { defined, type RoutePart } from './route.ts';

const USERNAME_LENGTH_MAX = 64;
/** Whoever may send it has said nothing of themselves yet. */
const LOGIN_BYTES_MAX = 8 * 1024;

const login = z.strictObject({
  username: z.string().min(1).max(USERNAME_LENGTH_MAX),
  password: z.string().min(1).max(PASSWORD_LENGTH_MAX),
});

const whoami = z.object({
  name: z.string(),
  username: z.string().nullable().meta({ description: 'Null for a token' }),
  role: z.enum(ROLES),
  jurisdiction: z.string(),
});

function answer({ caller, username }: Pick<Session, 'caller'> & { username: string | null }): z.output<typeof whoami> {
  const { name, role, jurisdiction } = caller;
  return { name, username, role: role as z.output<typeof whoami>['role'], jurisdiction };
}

/** How people log in, ask who they are, and log out. */
export const sessionRoutes: RoutePart = (app, { sessions, clock, settings }) => {
  const guard = new LoginGuard(clock);
  const tags = ['people'];
  const secure = settings.tls !== undefined;

  app.post(
    '/session',
    {
      bodyLimit: LOGIN_BYTES_MAX,
      config: { public: true, errors: ['auth.required', 'auth.forbidden'] },
      schema: {
        tags,
        summary: 'Log in; the session is in the cookie cw_session',
        querystring: z.strictObject({}),
        body: login,
        response: { 200: whoami },
      },
    },
    async (request, reply) => {
      refuseForeignPages(request);
      const { username, password } = request.body;
      const attempt = { name: username.toLowerCase(), address: addressBlock(request.ip) };
      const login = { username, password, ...defined({ former: sessionIdOf(request) }) };
      const session = await guard.run(attempt, () => sessions.start(login));
      setSessionCookie(reply, session.id, secure);
      reply.header('cache-control', 'no-store');
      return answer(session);
    },
  );

  app.get(
    '/session',
    { config: { right: 'account.own' }, schema: { tags, summary: 'Who am I', response: { 200: whoami } } },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return answer({ caller: callerOf(request), username: request.username });
    },
  );

  app.delete(
    '/session',
    {
      config: { right: 'account.own', unversioned: true },
      schema: { tags, summary: 'Log out', response: { 204: noContent } },
    },
    async (request, reply) => {
      const id = sessionIdOf(request);
      if (id !== undefined) await sessions.end(id);
      clearSessionCookie(reply, secure);
      return reply.code(204).send(null);
    },
  );
};
