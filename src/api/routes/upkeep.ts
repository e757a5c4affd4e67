import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { CameraTime } from '../../devices/onvif/services/time.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceParams, label, moment, momentOrNull } from '../schemas.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const range = z.object({ min: z.number(), max: z.number() }).nullable();
const number = z.number().nullable();
const irCut = z
  .enum(['on', 'off', 'auto'])
  .meta({ description: 'The filter against infrared: on by day, off by night' });
const wdrMode = z.enum(['on', 'off']);

const picture = z
  .object({
    source: z.string().meta({ description: "The camera's name for the eye" }),
    settings: z.object({
      brightness: number,
      contrast: number,
      saturation: number,
      sharpness: number,
      irCut: irCut.nullable(),
      wdr: z.object({ mode: wdrMode, level: number }).nullable().meta({ description: 'Wide dynamic range' }),
    }),
    ranges: z
      .object({
        brightness: range,
        contrast: range,
        saturation: range,
        sharpness: range,
        irCut: z.array(irCut),
        wdr: z.object({ modes: z.array(wdrMode), level: range }),
      })
      .meta({ description: 'What this camera takes; null or empty: it cannot be set' }),
  })
  .meta({ id: 'CameraPicture', description: "In the camera's own units" });

const pictureChange = z
  .strictObject({
    brightness: z.number(),
    contrast: z.number(),
    saturation: z.number(),
    sharpness: z.number(),
    irCut,
    wdr: z.strictObject({ mode: wdrMode, level: z.number().optional() }),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'name what is to be set');

const servers = z.array(z.string());
const time = z
  .object({
    at: moment.nullable().meta({ description: 'The time by the clock of the camera; null where it tells none' }),
    skewMs: z.number().nullable().meta({ description: 'Its clock minus ours' }),
    follows: z.enum(['ntp', 'manual']),
    zone: z.string().nullable().meta({ description: 'POSIX, such as CST-8 for China' }),
    daylightSavings: z.boolean(),
    ntp: z.object({ fromDhcp: z.boolean(), servers }).nullable(),
  })
  .meta({ id: 'CameraTime' });

/** POSIX 1003.1 §8.3, as loosely as cameras take it. */
const zone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z<][\w<>+:,./-]*$/, 'use a POSIX time zone, such as CST-8');
const timeWish = z.strictObject({
  to: z.enum(['now', 'ntp']).meta({ description: '`now`: to the time of the gateway; `ntp`: follow its time servers' }),
  zone: zone.optional().meta({ description: 'Without it the zone of the camera stays' }),
});
const server = label(128).regex(/^[A-Za-z0-9](?:[A-Za-z0-9.:-]*[A-Za-z0-9])?$/, 'use an address or a host name');
const ntpWish = z
  .strictObject({ fromDhcp: z.boolean().default(false), servers: z.array(server).max(4).default([]) })
  .refine(({ fromDhcp, servers: named }) => fromDhcp !== named.length > 0, 'name servers, or let DHCP name them');

const network = z
  .object({
    hostname: z.string().nullable(),
    interfaces: z.array(
      z.object({
        name: z.string().nullable(),
        mac: z.string().nullable(),
        enabled: z.boolean(),
        dhcp: z.boolean(),
        addresses: z.array(z.string()),
      }),
    ),
    gateways: z.array(z.string()),
    dns: z.array(z.string()),
    protocols: z.array(z.object({ name: z.string(), enabled: z.boolean(), ports: z.array(z.number()) })),
  })
  .meta({ id: 'CameraNetwork' });

const ERRORS = ['conflict.state', 'outbound.failed', 'outbound.refused'] as const;
const TEND = { right: 'cameras.tend', errors: ERRORS } as const;

export const upkeepRoutes: RoutePart = (app, context) => {
  pictureRoutes(app, context);
  timeRoutes(app, context);
  otherRoutes(app, context);
};

function seen({ directory }: RouteContext, request: Parameters<typeof callerOf>[0] & { params: { id: string } }) {
  const caller = callerOf(request);
  const device = directory.seenBy(caller, request.params.id);
  if (!device) throw new CitywatchError('not-found');
  return { caller, device };
}

function pictureRoutes(app: ApiApp, context: RouteContext): void {
  const { upkeep } = context;
  app.get(
    '/devices/:id/camera/picture',
    {
      config: TEND,
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'How the picture of a camera is set, and what may be set; shows no picture',
        params: deviceParams,
        response: { 200: picture },
      },
    },
    (request) => upkeep.picture(seen(context, request).device),
  );

  app.post(
    '/devices/:id/camera/picture',
    {
      config: TEND,
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Set the picture of a camera; what is left out stays',
        params: deviceParams,
        body: pictureChange,
        response: { 200: picture },
      },
    },
    async (request) => {
      const { caller, device } = seen(context, request);
      return await upkeep.setPicture(caller, device, request.body);
    },
  );
}

function timeRoutes(app: ApiApp, context: RouteContext): void {
  const { upkeep, clock } = context;
  const answer = ({ skewMs, ...rest }: CameraTime): z.output<typeof time> => {
    const at = momentOrNull(skewMs === null ? null : clock.nowMs() + skewMs);
    return { at, skewMs: skewMs === null ? null : Math.round(skewMs), ...rest };
  };
  app.get(
    '/devices/:id/camera/time',
    {
      config: TEND,
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'The clock of a camera and its time servers',
        params: deviceParams,
        response: { 200: time },
      },
    },
    async (request) => answer(await upkeep.time(seen(context, request).device)),
  );

  app.post(
    '/devices/:id/camera/time',
    {
      config: TEND,
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Set the clock of a camera; zone and summer time stay as they are',
        params: deviceParams,
        body: timeWish,
        response: { 200: time },
      },
    },
    async (request) => {
      const { caller, device } = seen(context, request);
      return answer(await upkeep.setTime(caller, device, request.body));
    },
  );

  app.post(
    '/devices/:id/camera/ntp',
    {
      config: TEND,
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Name the time servers of a camera',
        params: deviceParams,
        body: ntpWish,
        response: { 200: time },
      },
    },
    async (request) => {
      const { caller, device } = seen(context, request);
      return answer(await upkeep.setServers(caller, device, request.body));
    },
  );
}

function otherRoutes(app: ApiApp, context: RouteContext): void {
  const { upkeep } = context;
  app.get(
    '/devices/:id/camera/network',
    {
      config: TEND,
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'How a camera is set up in its network',
        params: deviceParams,
        response: { 200: network },
      },
    },
    (request) => upkeep.network(seen(context, request).device),
  );

  app.post(
    '/devices/:id/camera/restart',
    {
      config: { right: 'cameras.restart', errors: [...ERRORS, 'request.confirm'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Restart a camera; asks back first, and holds its alerts back until it is there again',
        params: deviceParams,
        body: z.strictObject({ confirm: z.boolean().default(false) }),
        response: {
          200: z.object({
            quietUntil: moment
              .nullable()
              .meta({ description: 'When its alerts are told again; null: it was in maintenance anyway' }),
          }),
        },
      },
    },
    async (request) => {
      const { caller, device } = seen(context, request);
      const { quietUntilMs } = await upkeep.restart(caller, device, request.body.confirm);
      return { quietUntil: quietUntilMs === null ? null : toRfc3339(quietUntilMs) };
    },
  );
}
