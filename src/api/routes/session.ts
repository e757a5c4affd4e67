import { z } from 'zod';
import { DISPLAY_VIEWS } from '../../access/displays/displays.ts';
import { PASSWORD_LENGTH_MAX } from '../../access/password-rules.ts';
import { RIGHTS, type Right, ROLES } from '../../access/rights.ts';
import type { Session } from '../../access/sessions.ts';
import { addressBlock } from '../../core/address-block.ts';
import type { Caller } from '../../core/types.ts';
import { callerOf } from '../guards/auth.ts';
import { LoginGuard } from '../guards/login-guard.ts';
import { clearSessionCookie, refuseForeignPages, sessionIdOf, setSessionCookie } from '../guards/session-cookie.ts';
import { noContent, policeLimited } from '../schemas.ts';
import { defined, type RouteContext, type RoutePart } from './route.ts';

const USERNAME_LENGTH_MAX = 64;
export const CODE_LENGTH_MAX = 64;
const AGENT_LENGTH_MAX = 200;
/** Whoever may send it has said nothing of themselves yet. */
const LOGIN_BYTES_MAX = 8 * 1024;

const RIGHT_NAMES = Object.keys(RIGHTS) as Right[];

const login = z.strictObject({
  username: z.string().min(1).max(USERNAME_LENGTH_MAX),
  password: z.string().min(1).max(PASSWORD_LENGTH_MAX),
  code: z.string().min(1).max(CODE_LENGTH_MAX).optional().meta({
    description: 'Of the second factor: six digits of the authenticator, or a recovery code',
  }),
});

const whoami = z.object({
  id: z.string().meta({ description: 'What others name the caller by, such as `ackedById` of an alert' }),
  name: z.string(),
  username: z.string().nullable().meta({ description: 'Null for a token' }),
  role: z.enum(ROLES),
  jurisdiction: z.string(),
  police: policeLimited,
  rights: z.array(z.string()).meta({ description: 'What the caller may do in its area; see docs/rights.md' }),
  display: z
    .enum(DISPLAY_VIEWS)
    .nullable()
    .meta({ description: 'What a second screen shows; null for everybody else' }),
  duties: z
    .array(z.enum(['password', 'code', 'second-factor']))
    .meta({ description: 'What has to be done first: everything else answers `auth.duty`' }),
});

function answer(
  { authority }: Pick<RouteContext, 'authority'>,
  caller: Caller,
  session: Session | null,
): z.output<typeof whoami> {
  const { id, name, role, jurisdiction, police = null } = caller;
  const { username = null, duties = [] } = session ?? {};
  const rights = RIGHT_NAMES.filter((right) => authority.may(caller, right));
  const as = role as z.output<typeof whoami>['role'];
  return { id, name, username, role: as, jurisdiction, police, rights, display: null, duties: [...duties] };
}

/** How people log in, ask who they are, and log out. */
export const sessionRoutes: RoutePart = (app, context) => {
  const { sessions, clock, settings } = context;
  const guard = new LoginGuard(clock);
  const tags = ['people'];
  const secure = settings.tls !== undefined;

  app.post(
    '/session',
    {
      bodyLimit: LOGIN_BYTES_MAX,
      config: { public: true, errors: ['auth.required', 'auth.second-factor', 'auth.forbidden'] },
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
      const { username, password, code } = request.body;
      const attempt = { name: username.toLowerCase(), address: addressBlock(request.ip) };
      const agent = printable(request.headers['user-agent'] ?? '');
      const known = defined({ code, former: sessionIdOf(request) });
      const login = { username, password, address: request.ip, agent, ...known };
      const session = await guard.run(attempt, () => sessions.start(login));
      setSessionCookie(reply, session.secret, secure);
      reply.header('cache-control', 'no-store');
      return answer(context, session.caller, session);
    },
  );

  app.get(
    '/session',
    {
      config: { right: 'account.own', whileDue: true, displays: DISPLAY_VIEWS },
      schema: { tags, summary: 'Who am I', response: { 200: whoami } },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const who = answer(context, callerOf(request), request.session);
      return { ...who, display: request.display?.view ?? null };
    },
  );

  app.delete(
    '/session',
    {
      config: { right: 'account.own', unversioned: true, whileDue: true },
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

/** A header as it can be shown and stored: short, without control characters. */
function printable(header: string): string {
  return header.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, AGENT_LENGTH_MAX);
}
