import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CitywatchError } from '../../core/errors.ts';
import type { RouteContext, RoutePart } from './route.ts';

/** Longer texts are nobody's: no id, secret or topic of ours comes near. */
const text = z.string().max(1024);
const connecting = z.object({ clientid: text, username: text, password: text });
const asking = z.object({ clientid: text, username: text, action: z.enum(['publish', 'subscribe']), topic: text });
const verdict = z.object({ result: z.enum(['allow', 'deny']) });

const UP = ['telemetry', 'event', 'state', 'reply'];

/** What a device may do at a broker: speak under its own id, and hear its own commands. */
function isOwn({ username, action, topic }: z.output<typeof asking>): boolean {
  const channels = action === 'publish' ? UP : ['command'];
  return channels.some((channel) => topic === `cw/v1/${username}/${channel}`);
}

/** The questions an MQTT broker asks over HTTP, in the form of EMQX 5: may this client connect, may it do this. */
export const brokerRoutes: RoutePart = (app, context) => {
  const tags = ['broker'];
  const security = [{ broker: [] }];
  const config = { public: true, errors: ['auth.required', 'not-found'] } as const;
  const answer = (isAllowed: boolean) => ({ result: isAllowed ? ('allow' as const) : ('deny' as const) });

  app.post(
    '/broker/auth',
    {
      config,
      schema: {
        tags,
        summary: 'Whether a device may connect to the broker',
        security,
        body: connecting,
        response: { 200: verdict },
      },
    },
    async (request) => {
      await requireBroker(request, context);
      const { clientid, username, password } = request.body;
      const identity = await context.directory.authenticate(username, password);
      return answer(identity !== null && clientid === username);
    },
  );

  app.post(
    '/broker/acl',
    {
      config,
      schema: { tags, security, summary: 'Whether a device may use a topic', body: asking, response: { 200: verdict } },
    },
    async (request) => {
      await requireBroker(request, context);
      const { clientid, username } = request.body;
      const isDevice = clientid === username && (await context.directory.find(username)) !== undefined;
      return answer(isDevice && isOwn(request.body));
    },
  );
};

/** Only the broker may ask: whoever else could would try secrets here. */
async function requireBroker(request: FastifyRequest, { settings, rates }: RouteContext): Promise<void> {
  if (!settings.brokerSecret) throw new CitywatchError('not-found', { detail: 'CITYWATCH_BROKER_SECRET is not set.' });
  const shown = request.headers['x-broker-secret'];
  if (typeof shown === 'string' && timingSafeEqual(hash(shown), hash(settings.brokerSecret))) return;
  await rates.failedAuth(request);
  throw new CitywatchError('auth.required', { detail: 'The header X-Broker-Secret is missing or wrong.' });
}

function hash(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
