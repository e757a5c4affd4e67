import { z } from 'zod';
import { DAY_S, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { DeviceId } from '../../core/types.ts';
import { DEADMAN_MS } from '../../devices/ptz/driver.ts';
import { callerOf } from '../guards/auth.ts';
import { caseOf, lookQuery, purposeOf } from '../guards/look.ts';
import { deviceParams, label, listOf, moment, noContent } from '../schemas.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const speed = z.number().min(-1).max(1).default(0);
const preset = z.object({ token: z.string(), name: z.string() });
const token = label(64).meta({ description: '`token` of a preset' });

const settings = {
  home: token.nullable().meta({ description: 'Preset to which the camera returns; null: it stays' }),
  idleS: z.int().min(10).max(DAY_S).meta({ description: 'When nobody has moved it for so long' }),
  maxSpeed: z.number().min(0.05).max(1).meta({ description: 'Full speed of whoever moves it, of that of the camera' }),
};

const status = z
  .object({
    ...settings,
    holder: z
      .object({ name: z.string(), rank: z.int(), since: moment, until: moment })
      .nullable()
      .meta({ description: 'Who moves it now; free at `until` without another order' }),
    takenOver: z
      .object({ by: z.string(), at: moment })
      .nullable()
      .meta({ description: 'Who took it over from you, while that one has it' }),
  })
  .meta({ id: 'PtzStatus' });

const RIGHT = { right: 'ptz.move', errors: ['conflict.state', 'outbound.failed'] } as const;
const TURNING = { right: 'ptz.move', errors: [...RIGHT.errors, 'look.incident-missing'] } as const;

export const ptzRoutes: RoutePart = (app, context) => {
  readingRoutes(app, context);
  moveRoute(app, context);
  stopRoutes(app, context);
  presetRoutes(app, context);
  settingsRoute(app, context);
};

function seen({ directory }: RouteContext, request: Parameters<typeof callerOf>[0] & { params: { id: string } }) {
  const caller = callerOf(request);
  const device = directory.seenBy(caller, request.params.id);
  if (!device) throw new CitywatchError('not-found');
  return { caller, device };
}

function readingRoutes(app: ApiApp, context: RouteContext): void {
  const { ptz } = context;
  app.get(
    '/devices/:id/ptz',
    {
      config: { right: 'ptz.move' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Who moves a camera now, and where it returns to',
        params: deviceParams,
        response: { 200: status },
      },
    },
    async (request) => {
      const { caller, device } = seen(context, request);
      const { holder, takenOver, ...rest } = await ptz.status(caller, device);
      return {
        ...rest,
        holder: holder && {
          name: holder.name,
          rank: holder.rank,
          since: toRfc3339(holder.sinceMs),
          until: toRfc3339(holder.untilMs),
        },
        takenOver: takenOver && { by: takenOver.by, at: toRfc3339(takenOver.atMs) },
      };
    },
  );

  app.get(
    '/devices/:id/ptz/presets',
    {
      config: RIGHT,
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'The presets that the camera keeps',
        params: deviceParams,
        response: { 200: listOf(preset) },
      },
    },
    async (request) => ({ items: await ptz.presets(seen(context, request).device) }),
  );
}

function moveRoute(app: ApiApp, context: RouteContext): void {
  app.post(
    '/devices/:id/ptz/move',
    {
      config: { ...TURNING, asksOnly: true },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Move a camera, as long as this is said again',
        description:
          `It stops ${DEADMAN_MS} ms after the last such request: say it again two or three times a second while a ` +
          'button is held. 409 where somebody of the same or a higher rank moves it; a higher rank takes it over.',
        params: deviceParams,
        querystring: z.strictObject(lookQuery),
        body: z.strictObject({ pan: speed, tilt: speed, zoom: speed }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      const { caller, device } = seen(context, request);
      const reason = reasonOf(context, request, device.id);
      await context.ptz.move(caller, device, request.body, reason);
      return reply.code(204).send(null);
    },
  );
}

interface Looking {
  query: { purpose?: string | undefined; case?: string | undefined };
}

/**
 * Why somebody turns a camera: who may not see its pictures without an incident may not choose what it looks at either.
 * Errors: `look.incident-missing`.
 */
function reasonOf(context: RouteContext, request: Parameters<typeof callerOf>[0] & Looking, device: DeviceId) {
  const purpose = purposeOf(context, callerOf(request), request.query);
  return { purpose, case: caseOf(context, device, request.query) };
}

function stopRoutes(app: ApiApp, context: RouteContext): void {
  app.post(
    '/devices/:id/ptz/stop',
    {
      config: { ...RIGHT, asksOnly: true },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Stop a camera',
        params: deviceParams,
        querystring: z.strictObject(lookQuery),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      const { caller, device } = seen(context, request);
      // A camera that turns is stopped whatever is missing.
      const reason = { purpose: purposeOf(context, caller, request.query), case: request.query.case ?? null };
      await context.ptz.stop(caller, device, reason);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/devices/:id/ptz/release',
    {
      config: { ...RIGHT, asksOnly: true },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Let others move a camera that one has moved; it is stopped',
        params: deviceParams,
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      const { caller, device } = seen(context, request);
      await context.ptz.release(caller, device);
      return reply.code(204).send(null);
    },
  );
}

function presetRoutes(app: ApiApp, context: RouteContext): void {
  app.post(
    '/devices/:id/ptz/goto',
    {
      config: { ...TURNING, asksOnly: true },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Move a camera to one of its presets',
        params: deviceParams,
        querystring: z.strictObject(lookQuery),
        body: z.strictObject({ preset: token }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      const { caller, device } = seen(context, request);
      await context.ptz.goto(caller, device, request.body.preset, reasonOf(context, request, device.id));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/devices/:id/ptz/presets',
    {
      config: TURNING,
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Keep where a camera looks now as a preset',
        params: deviceParams,
        querystring: z.strictObject(lookQuery),
        body: z.strictObject({ name: label(32) }),
        response: { 201: preset },
      },
    },
    async (request, reply) => {
      const { caller, device } = seen(context, request);
      const reason = reasonOf(context, request, device.id);
      const kept = await context.ptz.keepPreset(caller, device, request.body.name, reason);
      return reply.code(201).send(kept);
    },
  );
}

function settingsRoute(app: ApiApp, context: RouteContext): void {
  app.post(
    '/devices/:id/ptz/settings',
    {
      config: { right: 'registry.edit' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Say where a camera returns to when nobody moves it, and how fast it may be moved',
        params: deviceParams,
        body: z.strictObject(settings),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      const { caller, device } = seen(context, request);
      await context.ptz.set(caller, device, request.body);
      return reply.code(204).send(null);
    },
  );
}
