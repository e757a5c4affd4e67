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

const token = z.string().min(1).max(64);
const renamed = z
  .record(token, token)
  .refine((names) => Object.keys(names).length <= CHANNELS_MAX, `names at most ${CHANNELS_MAX} sources`)
  .meta({ description: 'Tokens that are `gone`, and what the recorder calls the same sources now' });

const registered = z.object({
  created: z.array(z.string()),
  updated: z
    .array(z.string())
    .meta({ description: 'Those that are reached by the address and login of the recorder from now on' }),
  channels: z.array(channel),
});

const hint = z.string().meta({ description: 'What to do where the recorder names its sources otherwise than before' });

/** Firmware that is new, or a recorder that is, may name the same sources otherwise: nobody guesses which is which. */
function hintFor(channels: readonly { state: string }[]): string | null {
  const has = (state: string): boolean => channels.some((one) => one.state === state);
  if (!has('gone') || !has('free')) return null;
  return (
    'Some channels are gone while other sources are free. If the recorder names the same sources otherwise now, say ' +
    'which is which: POST …/channels with {"renamed":{"old token":"new token"}}. The devices and their history stay.'
  );
}

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
        response: { 200: z.object({ items: z.array(channel), hint: hint.nullable() }) },
      },
    },
    async (request) => {
      const { caller, device } = seen(context, request);
      const items = await recorders.channels(caller, device);
      return { items, hint: hintFor(items) };
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
            .array(token)
            .min(1)
            .max(CHANNELS_MAX)
            .optional()
            .meta({ description: 'Which ones; without it all of them, or none where `renamed` is given' }),
          renamed: renamed.optional(),
          kind: z.string().min(1).max(64).default('camera'),
        }),
        response: { 200: registered },
      },
    },
    async (request) => {
      const { caller, device } = seen(context, request);
      const { kind, renamed: names } = request.body;
      const sources = request.body.sources ?? (names ? [] : null);
      return await recorders.register(caller, device, { sources, kind, renamed: new Map(Object.entries(names ?? {})) });
    },
  );
};

function seen({ directory }: RouteContext, request: Parameters<typeof callerOf>[0] & { params: { id: string } }) {
  const caller = callerOf(request);
  const device = directory.seenBy(caller, request.params.id);
  if (!device) throw new CitywatchError('not-found');
  return { caller, device };
}
