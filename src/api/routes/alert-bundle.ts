import { z } from 'zod';
import { requireSeen } from '../guards/alert-desks.ts';
import { callerOf } from '../guards/auth.ts';
import { lookQuery, purposeOf } from '../guards/look.ts';
import { alertParams } from './alert-schemas.ts';
import { exportView, shownExport } from './recording-exports.ts';
import type { ApiApp, RouteContext } from './route.ts';

const body = z.strictObject({
  plates: z.enum(['masked', 'whole']).default('masked').meta({
    description:
      '`masked`: pictures that show one are left out. `whole`: for who has `alerts.plates` or a permit, with a `case`',
  }),
  ...lookQuery,
});

/** A signed bundle of what belongs to an alert: asked for here, then handled as exports of recordings are. */
export function alertBundleRoute(app: ApiApp, context: RouteContext): void {
  const { queries, bundles } = context.alerts;
  app.post(
    '/alerts/:id/bundle',
    {
      config: {
        right: 'recordings.export',
        errors: ['auth.forbidden', 'look.incident-missing', 'not-found', 'conflict.state', 'store.full'],
      },
      schema: {
        tags: ['alerts'],
        summary: 'Take an alert away as a signed bundle: itself, its log, findings, readings, pictures and clip',
        params: alertParams,
        body,
        response: { 202: exportView },
      },
    },
    async (request, reply) => {
      const [caller, { id }] = [callerOf(request), request.params];
      requireSeen(context, caller, await queries.get(caller, id));
      const { plates, case: named = null } = request.body;
      const purpose = purposeOf(context, caller, request.body);
      return reply.code(202).send(shownExport(await bundles.ask(caller, id, { plates, purpose, case: named })));
    },
  );
}
