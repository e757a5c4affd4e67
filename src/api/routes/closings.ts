import { z } from 'zod';
import { closingInput } from '../../devices/life/input.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, deviceParams } from '../schemas.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import type { RoutePart } from './route.ts';

/** Sites that are closed with all that hangs there. */
export const closingRoutes: RoutePart = (app, { siteClosing }) => {
  app.post(
    '/devices/:id/close',
    {
      config: { right: 'registry.edit', errors: ['conflict.state', 'conflict.reference'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Close a site: it and all that hangs below it are retired together, and what was stored of them stays',
        description: '409 for what is no site, or where devices of another area or more than 1,000 hang below it.',
        params: deviceParams,
        body: closingInput,
        response: { 200: z.object({ retired: z.array(deviceId).meta({ description: 'The site last' }) }) },
      },
    },
    async (request) => ({ retired: await siteClosing.close(callerOf(request), request.params.id, request.body) }),
  );
};
