import type { FastifyInstance } from 'fastify';
import { RIGHTS_OF } from '../../../../src/access/rights.ts';

interface Signed {
  signedIn: string | null;
}

const USERS = Object.fromEntries(
  ['li.na', 'viewer', 'technician', 'auditor', 'administrator', 'approver'].map((name) => [name, 'correct horse']),
);

/** Signing in and out; `li.na` is an operator, others are called by their role. */
export function sessionRoutes(app: FastifyInstance, state: Signed): void {
  app.post('/api/v1/session', async (request, reply) => {
    const { username = '', password } = request.body as { username?: string; password?: string };
    if (USERS[username] !== password) return reply.code(401).send({ code: 'auth.required' });
    state.signedIn = username;
    return reply.code(204).header('set-cookie', 'session=1; HttpOnly; SameSite=Strict; Path=/').send();
  });
  app.addHook('preHandler', async (request, reply) => {
    const { url, method, headers } = request;
    if (!url.startsWith('/api/') || (url === '/api/v1/session' && method === 'POST')) return;
    if (!headers.cookie?.includes('session=1')) return reply.code(401).send({ code: 'auth.required' });
    if (method !== 'GET' && headers['x-citywatch'] !== 'console')
      return reply.code(403).send({ code: 'auth.forbidden' });
  });
  app.get('/api/v1/session', async () => ({
    id: state.signedIn,
    name: state.signedIn,
    username: state.signedIn,
    role: roleOf(state),
    jurisdiction: '330203',
    rights: [...RIGHTS_OF[roleOf(state)]],
  }));
  app.delete('/api/v1/session', async (_request, reply) => {
    return reply.code(204).header('set-cookie', 'session=; Max-Age=0; Path=/').send();
  });
}

function roleOf({ signedIn }: Signed): keyof typeof RIGHTS_OF {
  return signedIn === 'li.na' || signedIn === null ? 'operator' : (signedIn as keyof typeof RIGHTS_OF);
}
