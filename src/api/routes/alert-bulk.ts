import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AlertFilter } from '../../alerts/desk/filter.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Caller } from '../../core/types.ts';
import { ALERT_HANDLERS, handledDesk } from '../guards/alert-desks.ts';
import { alertFilter, filterFor } from '../guards/alert-filter.ts';
import { callerOf } from '../guards/auth.ts';
import { moment } from '../schemas.ts';
import { bulkDeed, deedOf } from './alert-actions.ts';
import { alertParams, alertView } from './alert-schemas.ts';
import type { ApiApp, RouteContext } from './route.ts';

/** An old count says little about what is meant now. */
const PREVIEW_MAX_MS = 10 * 60_000;
const TOKEN_MAX = 256;

const { open: _open, ...filterFields } = alertFilter;
const filter = z.strictObject(filterFields).meta({ description: 'As of `GET /alerts`; open alerts only' });
const asked = { filter, action: bulkDeed };
const bulk = z
  .object({
    id: z.string(),
    state: z.enum(['going', 'done']),
    alerts: z.int().meta({ description: 'How many it may take' }),
    done: z.int(),
    unchanged: z.int().meta({ description: 'That stood so already' }),
    refused: z.int(),
    refusals: z
      .array(z.object({ alert: z.string(), detail: z.string() }))
      .meta({ description: 'The first that were refused, and why' }),
    createdAt: moment,
    endedAt: moment.nullable(),
  })
  .meta({ id: 'AlertBulk' });

type Asked = z.output<z.ZodObject<typeof asked>>;
const tags = ['alerts'];
const config = { right: ALERT_HANDLERS };

/** One thing done with all open alerts that a filter means: first counted, then done. */
export function alertBulkRoutes(app: ApiApp, context: RouteContext): void {
  previewRoute(app, context);
  doRoutes(app, context);
}

function previewRoute(app: ApiApp, context: RouteContext): void {
  const { bulk: many } = context.alerts;

  app.post(
    '/alerts/bulk/preview',
    {
      config: { ...config, asksOnly: true },
      schema: {
        tags,
        summary: 'How many open alerts are meant, and a token to do it with; changes nothing',
        body: z.strictObject(asked),
        response: {
          200: z.object({
            count: z.int(),
            alerts: z.array(alertView).meta({ description: 'The newest, 20 at most' }),
            token: z.string().meta({ description: 'For this filter and action, for 10 minutes' }),
          }),
        },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { count, seq, alerts } = await many.preview(caller, filterOf(context, request, request.body.filter));
      const token = context.cursors.seal(scopeOf(caller, request.body), `${count} ${seq} ${context.clock.nowMs()}`);
      return { count, alerts, token };
    },
  );
}

function doRoutes(app: ApiApp, context: RouteContext): void {
  const { bulk: many } = context.alerts;

  app.post(
    '/alerts/bulk',
    {
      config: { ...config, errors: ['request.cursor', 'conflict.state'] },
      schema: {
        tags,
        summary: 'Do it: up to 200 before the answer, more in the background',
        body: z.strictObject({ ...asked, token: z.string().max(TOKEN_MAX) }),
        response: { 200: bulk },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { token, ...body } = request.body;
      const [count = 0, seq = 0, atMs = 0] = (context.cursors.open(scopeOf(caller, body), token) ?? '')
        .split(' ')
        .map(Number);
      if (context.clock.nowMs() - atMs > PREVIEW_MAX_MS) {
        throw new CitywatchError('conflict.state', {
          detail: 'That preview is older than 10 minutes: make another one.',
        });
      }
      const { does, ...said } = body.action;
      return await many.begin(caller, {
        filter: filterOf(context, request, body.filter),
        deed: deedOf(does, said),
        previewed: { count, seq },
      });
    },
  );

  app.get(
    '/alerts/bulk/:id',
    {
      config,
      schema: { tags, summary: 'How far it is, for who began it', params: alertParams, response: { 200: bulk } },
    },
    async (request) => many.get(callerOf(request), request.params.id),
  );
}

/** What is asked for, on the desks on which the caller handles alerts. */
function filterOf(context: RouteContext, request: FastifyRequest, asked: Asked['filter']): AlertFilter {
  const meant = filterFor(context, request, asked);
  const desk = handledDesk(context, callerOf(request));
  return desk === undefined ? meant : { ...meant, wanted: { ...meant.wanted, desk } };
}

function scopeOf(caller: Caller, { filter, action }: Asked) {
  return { route: 'alert-bulk', filter: { filter, action }, caller };
}
