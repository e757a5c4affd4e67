import { z } from 'zod';
import { CitywatchError } from '../../core/errors.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceParams } from '../schemas.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import type { RouteContext, RoutePart } from './route.ts';

const CHANNELS_MAX = 256;

const profile = z
  .object({ encoding: z.string(), width: z.int(), height: z.int(), fps: z.number().nullable() })
  .nullable();

const channel = z
  .object({
    source: z.string().meta({ description: 'Token of the video source; `onvif.source` of the device' }),
    number: z.int().nullable().meta({ description: 'In the order of the recorder; null: it tells it no more' }),
    state: z
      .enum(['free', 'registered', 'retired', 'gone'])
      .meta({ description: '`free`: no device yet; `gone`: a device, and the recorder tells it no more' }),
    device: z.string().nullable().meta({ description: 'Null where there is none, or it is not yours to see' }),
    main: profile,
    sub: profile,
  })
  .meta({ id: 'Channel' });

const registered = z.object({
  created: z.array(z.string()),
  updated: z
    .array(z.string())
    .meta({ description: 'Those that are reached by the address and login of the recorder from now on' }),
  channels: z.array(channel),
});

const ERRORS = ['conflict.state', 'outbound.failed', 'outbound.refused'] as const;

export const channelRoutes: RoutePart = (app, context) => {
  const { recorders } = context;
  app.get(
    '/devices/:id/channels',
    {
      config: { right: 'registry.edit', errors: ERRORS },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Ask a recorder for its channels, and which of them are devices',
        params: deviceParams,
        response: { 200: z.object({ items: z.array(channel) }) },
      },
    },
    async (request) => {
      const { caller, device } = seen(context, request);
      return { items: await recorders.channels(caller, device) };
    },
  );

  app.post(
    '/devices/:id/channels',
    {
      config: { right: 'registry.edit', errors: [...ERRORS, 'conflict.exists', 'conflict.reference'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Register the channels of a recorder as devices below it: all of them or none',
        description:
          'Where it stands, with its address and login. Those that are registered stay, and are reached as it is ' +
          'from now on; so it may be said again, after the recorder got another address or more cameras.',
        params: deviceParams,
        body: z.strictObject({
          sources: z
            .array(z.string().min(1).max(64))
            .min(1)
            .max(CHANNELS_MAX)
            .optional()
            .meta({ description: 'Which ones; all of them without it' }),
          kind: z.string().min(1).max(64).default('camera'),
        }),
        response: { 200: registered },
      },
    },
    async (request) => {
      const { caller, device } = seen(context, request);
      const { sources = null, kind } = request.body;
      return await recorders.register(caller, device, { sources, kind });
    },
  );
};

function seen({ directory }: RouteContext, request: Parameters<typeof callerOf>[0] & { params: { id: string } }) {
  const caller = callerOf(request);
  const device = directory.seenBy(caller, request.params.id);
  if (!device) throw new CitywatchError('not-found');
  return { caller, device };
}
