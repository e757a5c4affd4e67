import { z } from 'zod';
import { ROLES } from '../../access/rights.ts';
import type { TokenInfo } from '../../access/tokens.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { ONLY_VERSION, requireOnlyVersion, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import {
  instant,
  jurisdiction,
  label,
  listOf,
  moment,
  momentOrNull,
  noContent,
  policeLimit,
  policeLimited,
} from '../schemas.ts';
import { defined, type RoutePart } from './route.ts';

const role = z.enum(ROLES);

const newToken = z.strictObject({
  name: label(100),
  role,
  jurisdiction,
  police: policeLimit.optional(),
  purpose: label(200).optional().meta({ description: 'Default purpose of looks at cameras and plates' }),
  expiresAt: instant.optional(),
});

const token = z.object({
  id: z.string(),
  name: z.string(),
  role,
  jurisdiction: z.string(),
  police: policeLimited,
  purpose: z.string().nullable(),
  createdBy: z.string(),
  createdAt: moment,
  expiresAt: moment.nullable(),
  revokedAt: moment.nullable(),
  version: z.int(),
});

const created = z.object({
  id: z.string(),
  token: z.string().optional().meta({ description: 'Shown this once and never again' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
});

function answer({ createdAtMs, expiresAtMs, revokedAtMs, ...rest }: TokenInfo): z.output<typeof token> {
  return {
    ...rest,
    createdAt: toRfc3339(createdAtMs),
    expiresAt: momentOrNull(expiresAtMs),
    revokedAt: momentOrNull(revokedAtMs),
    version: ONLY_VERSION,
  };
}

export const tokenRoutes: RoutePart = (app, { tokens }) => {
  const tags = ['people'];

  app.get(
    '/tokens',
    {
      config: { right: 'tokens.keep' },
      schema: { tags, summary: 'List tokens', response: { 200: listOf(token) } },
    },
    async (request) => {
      const items = (await tokens.list(callerOf(request))).map(answer);
      return { items };
    },
  );

  app.post(
    '/tokens',
    {
      config: { right: 'tokens.keep', oneTimeSecret: 'token' },
      schema: { tags, summary: 'Make a token', body: newToken, response: { 201: created } },
    },
    async (request, reply) => {
      const { expiresAt: expiresAtMs, ...input } = request.body;
      const made = await tokens.create(callerOf(request), defined({ ...input, expiresAtMs }));
      setEtag(reply, ONLY_VERSION);
      return reply.code(201).send({ id: made.id, token: made.token });
    },
  );

  app.delete(
    '/tokens/:id',
    {
      config: { right: 'tokens.keep' },
      schema: {
        tags,
        summary: 'Revoke a token',
        params: z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      requireOnlyVersion(request);
      await tokens.revoke(callerOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
};
