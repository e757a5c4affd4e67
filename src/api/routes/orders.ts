import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { OrderConflict } from '../../devices/orders/conflict.ts';
import { orderInput, orderStepInput } from '../../devices/orders/input.ts';
import type { WorkOrder } from '../../devices/orders/order.ts';
import type { OrderDetail } from '../../devices/orders/order-list.ts';
import type { SitePhoto } from '../../devices/photos/photo.ts';
import { setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, label, listOf, moment, pageQuery } from '../schemas.ts';
import { numberParams, order, orderFields, shown, state } from './order-schemas.ts';
import { photo, shownPhoto } from './photos.ts';
import { type ApiApp, defined, pageOf, type RouteContext, type RoutePart } from './route.ts';

const ORDER_TAGS = ['orders'];

const step = z.object({
  id: z.uuid(),
  what: z.enum(['opened', 'came-again', 'changed', 'noted']),
  at: moment,
  by: z.string(),
  state,
  version: z.int(),
  note: z.string().nullable(),
});

const swap = z.object({
  unit: z.string(),
  serial: z.string().nullable(),
  mac: z.string().nullable(),
  how: z.enum(['registered', 'assigned', 'swapped', 'taken-down', 'undone']),
  at: moment,
  by: z.string().nullable(),
});

const detail = z.object({
  ...orderFields,
  steps: z.array(step).meta({ description: 'Oldest first' }),
  photos: z.array(photo).meta({ description: 'Oldest first; `GET /photos/{id}` shows one' }),
  swaps: z.array(swap).meta({ description: 'What came to hang there while the order was under way, oldest first' }),
});

const flag = z.enum(['true']).transform(() => true);

export const orderRoutes: RoutePart = (app, context) => {
  // By the name that the outside contract has, too.
  for (const path of ['/orders', '/work-orders']) {
    listRoute(app, context, path);
    openRoute(app, context, path);
  }
  oneRoute(app, context);
  stepRoute(app, context);
};

function listRoute(app: ApiApp, context: RouteContext, path: string): void {
  const { orderList } = context;
  app.get(
    path,
    {
      config: { right: 'orders.read' },
      schema: {
        tags: ORDER_TAGS,
        summary: 'Work orders, newest first',
        querystring: z.strictObject({
          device: deviceId.optional(),
          state: state.optional(),
          unclosed: flag.optional().meta({ description: 'Only those that are neither verified nor cancelled' }),
          overdue: flag.optional().meta({ description: 'Only unclosed ones whose due date has passed' }),
          assignee: label(128).optional().meta({ description: 'User name of who has it, or it is given to' }),
          mine: flag.optional().meta({ description: 'Only those that you took, or that are given to you' }),
          ...pageQuery,
        }),
        response: { 200: listOf(order) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { limit: _limit, cursor: _cursor, ...filter } = request.query;
      const page = pageOf(context, 'orders', caller, request.query);
      const { items, next } = await orderList.list(caller, { ...defined(filter), ...page.request });
      return { items: items.map(shown), ...page.seal(next) };
    },
  );
}

function oneRoute(app: ApiApp, { orderList, photos }: RouteContext): void {
  app.get(
    '/orders/:number',
    {
      config: { right: 'orders.read' },
      schema: {
        tags: ORDER_TAGS,
        summary: 'A work order with all that was done with it',
        params: numberParams,
        response: { 200: detail },
      },
    },
    async (request, reply) => {
      const found = await orderList.get(callerOf(request), request.params.number);
      setEtag(reply, found.version);
      return shownWhole(found, await photos.ofOrder(found.number));
    },
  );
}

function openRoute(app: ApiApp, { orders }: RouteContext, path: string): void {
  app.post(
    path,
    {
      config: { right: ['orders.work', 'orders.keep'], errors: ['conflict.state', 'idempotency.mismatch'] },
      schema: {
        tags: ORDER_TAGS,
        summary: 'Open a work order for a device',
        description:
          'Where an order of the same `cause` is open for the device this adds to that one, and 200 shows it. The ' +
          'same request again (same `id`) changes nothing and is answered the same.',
        body: orderInput,
        response: { 201: order, 200: order },
      },
    },
    async (request, reply) => {
      const { order: opened, added } = await orders.open(callerOf(request), request.body);
      reply.header('location', `/api/v1/orders/${opened.number}`);
      return send(reply, opened, added ? 200 : 201);
    },
  );
}

function stepRoute(app: ApiApp, { orders }: RouteContext): void {
  app.post(
    '/orders/:number/steps',
    {
      config: { right: ['orders.work', 'orders.keep'], errors: ['conflict.state', 'idempotency.mismatch'] },
      schema: {
        tags: ORDER_TAGS,
        summary: 'Take, do, give back, verify or cancel an order; say who does it and until when; note something',
        description:
          'Each change raises `version` by one, so a queue may name the versions of its own steps before they were ' +
          'sent. 409 where somebody else changed it meanwhile: `conflict.seen` is the order at the version named, ' +
          '`conflict.current` as it is. The same request again (same `id`) is answered the same.',
        params: numberParams,
        body: orderStepInput,
        response: { 200: order },
      },
    },
    async (request, reply) => {
      const changed = orders.step(callerOf(request), request.params.number, request.body).catch(withBothStates);
      return send(reply, await changed, 200);
    },
  );
}

function send(reply: FastifyReply, changed: WorkOrder, status: 200 | 201) {
  setEtag(reply, changed.version);
  return reply.code(status).send(shown(changed));
}

/** A conflict is answered with both states, as the API shows orders. */
function withBothStates(error: unknown): never {
  if (!(error instanceof OrderConflict)) throw error;
  const conflict = { seen: error.seen ? shown(error.seen) : null, current: shown(error.current) };
  throw new CitywatchError(error.code, { detail: error.message, conflict, cause: error });
}

function shownWhole({ steps, swaps, ...rest }: OrderDetail, photos: SitePhoto[]): z.output<typeof detail> {
  const told = steps.map(({ atMs, ...step }) => ({ ...step, at: toRfc3339(atMs) }));
  const hung = swaps.map(({ atMs, ...swap }) => ({ ...swap, at: toRfc3339(atMs) }));
  return { ...shown(rest), steps: told, photos: photos.map(shownPhoto), swaps: hung };
}
