import { z } from 'zod';
import { CitywatchError } from '../../core/errors.ts';
import { requireSeen } from '../guards/alert-desks.ts';
import { callerOf } from '../guards/auth.ts';
import { seenExports } from '../guards/exports.ts';
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
  askRoute(app, context);
  newestRoute(app, context);
}

function newestRoute(app: ApiApp, context: RouteContext): void {
  const { exports } = context.recordings;
  app.get(
    '/alerts/:id/bundle',
    {
      config: { right: ['recordings.export', 'recordings.approve'] },
      schema: {
        tags: ['alerts'],
        summary: 'How the newest bundle of an alert is; it is taken away by `GET /recording-exports/{id}/export.tar`',
        params: alertParams,
        response: { 200: exportView },
      },
    },
    async (request) => {
      const [caller, { id }] = [callerOf(request), request.params];
      requireSeen(context, caller, await context.alerts.queries.get(caller, id));
      const [newest] = await exports.list((some) => {
        return seenExports(
          context,
          caller,
          some.filter(({ bundle }) => bundle?.alert === id),
        );
      });
      if (!newest) throw new CitywatchError('not-found', { detail: 'Nobody has asked for a bundle of it: POST here.' });
      return shownExport(newest);
    },
  );
}

function askRoute(app: ApiApp, context: RouteContext): void {
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
