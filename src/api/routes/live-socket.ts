import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { CitywatchError } from '../../core/errors.ts';
import { LIVE_LIMITS, LiveChannels } from '../../streams/live/live-channels.ts';
import { type LiveNews, type LiveOrder, liveOrder } from '../../streams/live/live-protocol.ts';
import { OrderPace } from '../../streams/live/order-pace.ts';
import { callerOf } from '../guards/auth.ts';
import { OwnCameras } from '../guards/displays.ts';
import { Shares } from '../guards/shares.ts';
import { codedViewOf, mosaicViewOf } from '../guards/views.ts';
import { bytesOf } from '../schemas.ts';
import type { RouteContext, RoutePart } from './route.ts';

/** A page has one; a control room has some. */
const SOCKETS = { total: 1_000, perCaller: 16, retryAfterS: 10 };

/** A page that opens a wall of 64 pictures, and turns it over once, has said all it has to in a moment. */
const ORDERS = { perS: 20, atOnce: 200, viewersMax: 4_096 };

/** A second screen goes dark within ten seconds of its end; so does what it does not show any more. */
const SHOWN_MS = 8_000;

/** RFC 6455 §7.4.1 and the registry of IANA. */
const CLOSE = { going: 1001, policy: 1008, later: 1013 } as const;

/** Live video for Media Source Extensions: every picture of a page over one WebSocket, as browsers open few others. */
export const liveSocketRoutes: RoutePart = (app, context) => {
  const shares = new Shares(SOCKETS);
  const pace = new OrderPace(context.clock, ORDERS);
  app.route({
    method: 'GET',
    url: '/live',
    exposeHeadRoute: false,
    config: { right: 'video.look', lasting: true, displays: ['wall', 'desk'], errors: ['request.upgrade'] },
    schema: {
      tags: ['streams'],
      summary: 'Live video of several cameras over one WebSocket, as fragments of MP4',
      description: 'See docs/live-socket.md. Every look is registered before its first byte.',
      response: { 101: bytesOf('application/octet-stream', 'Messages until one side ends it') },
    },
    handler: async () => {
      throw new CitywatchError('request.upgrade');
    },
    wsHandler: (socket, request) => {
      try {
        socket.once('close', shares.enter(callerOf(request)));
      } catch (error) {
        return socket.close(CLOSE.later, (error as CitywatchError).detail);
      }
      serve(socket, request, { ...context, pace });
    },
  });
};

function serve(socket: WebSocket, request: FastifyRequest, context: RouteContext & { pace: OrderPace }): void {
  const { clock, streams, stopping, pace } = context;
  const caller = callerOf(request);
  const sink = {
    news: (news: LiveNews) => socket.send(JSON.stringify(news)),
    video: (message: Buffer) => socket.send(message),
    get backlogBytes() {
      return socket.bufferedAmount;
    },
    cut: (why: 'stuck' | 'flood') => {
      if (why === 'stuck') socket.terminate();
      else socket.close(CLOSE.policy, 'request.rate: orders come too fast.');
    },
  };
  const { display } = request;
  const own = new OwnCameras(context, display);
  let orders = Promise.resolve();
  const channels = new LiveChannels({
    clock,
    streams,
    viewOf: ({ camera = '', cameras, ...said }) => {
      if (!(cameras ?? [camera]).every((one) => own.has(one))) throw new CitywatchError('not-found');
      // Nobody at a second screen could say for which case.
      const look = display ? { ...said, case: undefined } : said;
      return cameras ? mosaicViewOf(context, caller, cameras, look) : codedViewOf(context, caller, camera, look);
    },
    sink,
    limits: LIVE_LIMITS,
    pace,
    viewer: `${caller.type}:${caller.id}`,
  });
  // In their order, also where somebody asks first what is on a wall by now. A look itself is not waited for.
  const take = async (order: LiveOrder) => {
    await own.learn(camerasIn(order));
    void channels.take(order);
  };
  const inTurn = (run: () => Promise<void>) => {
    orders = orders.then(run).catch(() => socket.close(CLOSE.later));
  };
  // What it shows changes: an alert is closed, a wall is kept anew. Looks that go on are held against it each second.
  const stopLearning = display ? clock.every(SHOWN_MS, () => inTurn(() => own.learn([]))) : () => {};
  const gone = () => socket.close(CLOSE.going);
  const withdrawn = () => socket.close(CLOSE.policy, 'The right to look was withdrawn.');
  stopping.addEventListener('abort', gone, { once: true });
  request.withdrawn.addEventListener('abort', withdrawn, { once: true });
  socket.once('close', () => {
    stopping.removeEventListener('abort', gone);
    stopLearning();
    channels.stop();
  });
  // What it sends wrongly closes it; there is nothing more to say.
  socket.on('error', () => socket.terminate());
  socket.on('message', (data: Buffer, isBinary) => {
    const order = isBinary ? null : liveOrder.safeParse(parsed(data)).data;
    if (!order) socket.close(CLOSE.policy, 'This is no order of live video; see docs/live-socket.md.');
    else inTurn(() => take(order));
  });
}

function camerasIn(order: LiveOrder): readonly string[] {
  if (order.type !== 'open') return [];
  return order.cameras ?? (order.camera === undefined ? [] : [order.camera]);
}

function parsed(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    return null;
  }
}
