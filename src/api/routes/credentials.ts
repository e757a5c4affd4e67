import { z } from 'zod';
import { callerOf } from '../guards/auth.ts';
import { deviceParams } from '../schemas.ts';
import type { RoutePart } from './route.ts';

const answer = z.object({
  id: z.string(),
  secret: z.string().optional().meta({ description: 'Shown this once and never again; the old one is void' }),
  secretWithheld: z.boolean().optional().meta({ description: 'An answer from memory, which keeps no secret' }),
});

export const credentialRoutes: RoutePart = (app, { registry }) => {
  app.post(
    '/devices/:id/credentials/rotate',
    {
      config: { right: 'credentials.change', oneTimeSecret: 'secret', errors: ['conflict.state'] },
      schema: {
        tags: ['registry'],
        summary: 'Give a device a new secret',
        params: deviceParams,
        body: z.strictObject({}).nullish(),
        response: { 200: answer },
      },
    },
    async (request) => {
      const { id } = request.params;
      return { id, secret: await registry.rotateSecret(callerOf(request), id) };
    },
  );
};
