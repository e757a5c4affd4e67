import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller, DeviceIdentity } from '../../core/types.ts';
import type { Acceptance } from '../../devices/life/acceptances.ts';
import { acceptanceInput } from '../../devices/life/input.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, deviceParams, listOf, moment, pageQuery } from '../schemas.ts';
import { checkStep } from './checks.ts';
import { REGISTRY_TAGS } from './device-schemas.ts';
import { pageOf, type RouteContext, type RoutePart } from './route.ts';

const acceptance = z
  .object({
    id: z.uuid(),
    device: deviceId,
    at: moment,
    by: z.string(),
    purpose: z.string().meta({ description: 'What the device is for, as it was said then' }),
    note: z.string().nullable(),
    photo: z.uuid().meta({ description: 'The photo of its sign; `GET /photos/{id}` shows it' }),
    unit: z.string().meta({ description: 'Id of the unit that hung there' }),
    grade: z.enum(['ok', 'warning', 'failed']).meta({ description: 'What the check found at that moment' }),
    steps: z.array(checkStep),
    despite: z.string().nullable().meta({ description: 'Why it was accepted though the check failed' }),
  })
  .meta({ id: 'Acceptance' });

export const acceptanceRoutes: RoutePart = (app, context) => {
  const { acceptances, directory, registry } = context;
  app.post(
    '/devices/:id/acceptance',
    {
      config: { right: 'registry.edit', errors: ['conflict.state', 'idempotency.mismatch', 'request.rate'] },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'Accept a device that is installed: with a check, a photo of its sign and its purpose',
        description:
          'The gateway checks the device first, within 15 s; where that fails, `despite` says why it is accepted all ' +
          'the same. The same request again (same `id`) is answered the same.',
        params: deviceParams,
        body: acceptanceInput,
        response: { 201: acceptance },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const device = directory.seenBy(caller, request.params.id);
      if (!device) throw new CitywatchError('not-found');
      const accepted = await acceptances.accept(caller, device, request.body);
      approvePicture(context, caller, device);
      return reply.code(201).send(shown(accepted));
    },
  );

  app.get(
    '/devices/:id/acceptance',
    {
      config: { right: 'registry.read' },
      schema: {
        tags: REGISTRY_TAGS,
        summary: 'How a device was accepted, newest first',
        params: deviceParams,
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(acceptance) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id } = await registry.get(caller, request.params.id);
      const page = pageOf(context, `devices/${id}/acceptance`, caller, request.query);
      const { items, next } = await acceptances.list(id, page.request);
      return { items: items.map(shown), ...page.seal(next) };
    },
  );
};

/**
 * What an accepted camera shows is what it should show. Nobody waits for it. Pictures of minors are looked at for an
 * incident only, so there somebody approves one who has one.
 */
function approvePicture(
  { approvedPictures, directory, kinds }: RouteContext,
  caller: Caller,
  of: DeviceIdentity,
): void {
  if (!kinds.latest(of.kind)?.stream || directory.needsIncident(of.id)) return;
  const { type, id, name } = caller;
  const viewer = { type, id, name };
  void approvedPictures.approveFirst(
    { caller, of },
    { deviceId: of.id, viewer, purpose: 'maintenance', case: null, quality: 'main', use: 'snapshot' },
  );
}

function shown({ atMs, ...rest }: Acceptance): z.output<typeof acceptance> {
  return { ...rest, at: toRfc3339(atMs) };
}
