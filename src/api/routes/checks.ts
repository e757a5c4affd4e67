import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { CheckReport, ShownPicture } from '../../devices/checks/checks.ts';
import { deviceInput } from '../../devices/registry/input.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, deviceParams, label, moment } from '../schemas.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

export const checkStep = z
  .object({
    name: z.string().meta({
      description:
        'Of a camera in this order: `reach`, `port`, `clock`, `login`, `identity`, `profiles`, `rtsp` (first ' +
        'picture), `snapshot`; of what sends by itself: `connected`, `publishing`, `fits`, `clock`, `firmware`, ' +
        '`signal`',
    }),
    grade: z.enum(['ok', 'warning', 'failed', 'not-tried']),
    seen: z.string().nullable().meta({ description: 'What was seen, in one sentence, or why it was not tried' }),
    problem: z.string().nullable().meta({ description: 'A stable word for programs, such as `auth`' }),
    hint: z.string().nullable().meta({ description: 'What to do about it, for who stands under the pole' }),
    tookMs: z.int(),
  })
  .meta({ id: 'CheckStep' });

export const report = {
  grade: z.enum(['ok', 'warning', 'failed']),
  cause: checkStep.nullable().meta({ description: 'The first step that failed, or else that warned' }),
  steps: z.array(checkStep),
  at: moment,
  tookMs: z.int(),
  unit: z
    .object({
      maker: z.string().nullable(),
      model: z.string().nullable(),
      serial: z.string().nullable(),
      firmware: z.string().nullable(),
      mac: z.string().nullable(),
      endpoint: z.string().nullable(),
    })
    .nullable()
    .meta({ description: 'Who answered, as text; null where it did not get so far' }),
};

const picture = z
  .object({
    jpeg: z.string().nullable().meta({ description: 'Base64, at most 1,280 pixels wide' }),
    withheld: z.string().nullable().meta({ description: 'Why no picture is shown, in one sentence' }),
  })
  .meta({ description: 'Shown only for an open work order, once the look stands in the access register' });

const deviceCheck = z.object({
  device: deviceId,
  ...report,
  shared: z.boolean().meta({ description: 'The answer of a check that somebody else had begun' }),
  picture,
  opened: z
    .object({ order: z.string(), added: z.boolean().meta({ description: 'It was open for this cause already' }) })
    .nullable()
    .meta({ description: 'The work order that was asked for by `open`; null where nothing is to be done' }),
});

const underWay = z.object({
  device: deviceId,
  running: z.boolean(),
  steps: z.array(checkStep).meta({ description: 'Those that are over; a later one may still mend an earlier one' }),
});

const order = label(64).optional().meta({ description: 'Number of an open work order, to see the picture' });

const open = z.boolean().default(false).meta({
  description: 'Open a work order where it fails, one for each cause; needs `orders.work`',
});

const address = z
  .strictObject({ onvif: deviceInput.shape.onvif, stream: deviceInput.shape.stream })
  .refine(({ onvif, stream }) => Boolean(onvif ?? stream), {
    error: 'send `onvif`, `stream` or both',
    path: ['onvif'],
  });

export const checkRoutes: RoutePart = (app, context) => {
  progressRoute(app, context);
  const { checks, checkOrders, directory, authority } = context;
  app.post(
    '/devices/:id/check',
    {
      config: { right: 'devices.check', asksOnly: true },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Check a device step by step, within 15 s',
        params: deviceParams,
        body: z.strictObject({ order, open }).nullish(),
        response: { 200: deviceCheck },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const device = directory.seenBy(caller, request.params.id);
      if (!device) throw new CitywatchError('not-found');
      const order = request.body?.order ?? null;
      if (order !== null && !authority.may(caller, 'video.look')) throw new CitywatchError('auth.forbidden');
      const opens = request.body?.open ?? false;
      if (opens && !authority.may(caller, 'orders.work')) throw new CitywatchError('auth.forbidden');
      const found = await checks.device(caller, device, order);
      const opening = opens ? await checkOrders.open(caller, device.id, found) : null;
      const opened = opening && { order: opening.order.number, added: opening.added };
      return { device: device.id, ...reported(found), shared: found.shared, picture: shown(found.picture), opened };
    },
  );

  app.post(
    '/devices/check',
    {
      config: { right: 'registry.edit', asksOnly: true },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Check a camera before it is registered; its login is kept nowhere, and no picture is shown',
        body: address,
        response: { 200: z.object(report) },
      },
    },
    async (request) => reported(await checks.address(callerOf(request), request.body)),
  );
};

function reported({ grade, cause, steps, atMs, tookMs, unit }: CheckReport) {
  return { grade, cause, steps, at: toRfc3339(atMs), tookMs, unit };
}

function shown(found: ShownPicture): z.output<typeof picture> {
  if ('withheld' in found) return { jpeg: null, withheld: found.withheld };
  return { jpeg: found.jpeg.toString('base64'), withheld: null };
}

function progressRoute(app: ApiApp, { checks, directory }: RouteContext): void {
  app.get(
    '/devices/:id/check',
    {
      config: { right: 'devices.check' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'How far the check of a camera is that is under way; it answers itself when it is over',
        params: deviceParams,
        response: { 200: underWay },
      },
    },
    async (request) => {
      const device = directory.seenBy(callerOf(request), request.params.id);
      if (!device) throw new CitywatchError('not-found');
      const steps = checks.progress(device.id);
      return { device: device.id, running: steps !== null, steps: [...(steps ?? [])] };
    },
  );
}
