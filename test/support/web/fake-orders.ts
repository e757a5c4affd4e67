import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FakeDevices } from './fake-devices.ts';

/** A work order as the API answers it. */
export interface FakeOrder {
  number: string;
  device: string;
  state: string;
  version: number;
  assignee: string | null;
  steps: { id: string; what: string; at: string; by: string; state: string; version: number; note: string | null }[];
  photos: { id: string; what: string; bytes: number }[];
  [field: string]: unknown;
}

/** Work orders of the made-up gateway, and what happens on the way to it. */
export interface FakeOrders {
  all: FakeOrder[];
  /** What was done, in order, each thing once however often it was asked for. */
  done: string[];
  /** While true, what comes is done and its answer is lost. */
  losesAnswers: boolean;
  /** How many requests came that change something. */
  asked: number;
  /** Changes an order, as somebody else does. */
  change(number: string, fields: Partial<FakeOrder>, by: string, note?: string | null): void;
}

/** A photo as it comes out of a file field: one pixel. */
export const PHOTO = {
  name: 'after.png',
  mimeType: 'image/png',
  buffer: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
    'base64',
  ),
};

const AT = '2026-11-20T08:00:00.000Z';

export function orderLike(number: string, fields: Partial<FakeOrder> = {}): FakeOrder {
  const opened = { id: `opened-${number}`, what: 'opened', at: AT, by: '王伟', state: 'open', version: 1, note: null };
  return {
    number,
    device: 'kiosk-00001',
    title: '无读数 No readings',
    text: '上午起无数据',
    cause: 'fault:offline',
    state: 'open',
    version: 1,
    assignee: null,
    due: null,
    opened: AT,
    openedBy: '王伟',
    occurrences: 1,
    last: AT,
    closed: null,
    unitBefore: 'u-1',
    unitAfter: null,
    steps: [opened],
    photos: [],
    swaps: [],
    ...fields,
  };
}

export function someOrders(): FakeOrders {
  const orders: FakeOrders = {
    all: [orderLike('W-2026-1', { state: 'taken', version: 2, assignee: '小张' }), orderLike('W-2026-2')],
    done: [],
    losesAnswers: false,
    asked: 0,
    change: (number, fields, by, note = null) => {
      const order = orders.all.find((one) => one.number === number)!;
      Object.assign(order, fields, { version: order.version + 1 });
      noteStep(order, { id: `other-${order.version}`, by, note });
    },
  };
  return orders;
}

function noteStep(
  order: FakeOrder,
  { id, by, note }: { id: string; by: string; note: string | null },
  what = 'changed',
) {
  order.steps.push({ id, what, at: new Date().toISOString(), by, state: order.state, version: order.version, note });
}

interface Fake {
  devices: FakeDevices;
  orders: FakeOrders;
}

/** User name of who is signed in. */
type SignedIn = () => string | null;

interface StepBody {
  id: string;
  version?: number;
  to?: string;
  note?: string;
}

const NEXT: Record<string, string[]> = { open: ['taken', 'cancelled'], taken: ['done', 'open', 'cancelled'] };

/** Routes that the views of work orders ask for. */
export function orderRoutes(app: FastifyInstance, fake: Fake, signedIn: SignedIn): void {
  const answers = new Map<string, object>();
  const of = (request: FastifyRequest) => {
    const { number } = request.params as { number: string };
    return fake.orders.all.find((one) => one.number === number);
  };
  app.addContentTypeParser(
    ['image/jpeg', 'image/png'],
    { parseAs: 'buffer' },
    async (_: unknown, body: unknown) => body,
  );
  app.get('/api/v1/orders', (request) => {
    const { device, state, mine, unclosed } = request.query as Record<string, string>;
    const items = fake.orders.all.filter((one) => {
      return (
        (device === undefined || one.device === device) &&
        (state === undefined || one.state === state) &&
        (mine === undefined || one.assignee === signedIn()) &&
        (unclosed === undefined || NEXT[one.state] !== undefined || one.state === 'done')
      );
    });
    return { items };
  });
  app.get('/api/v1/units', () => ({ items: [] }));
  app.get('/api/v1/orders/:number', (request, reply) => of(request) ?? reply.code(404).send({ code: 'not-found' }));
  // As the real one: who made it must be who is signed in; the same request again is answered the same.
  app.addHook('preHandler', async (request, reply) => {
    const person = request.headers['x-citywatch-person'];
    if (person === undefined) return;
    fake.orders.asked += 1;
    if (person !== signedIn()) return reply.code(403).send({ code: 'auth.other-person' });
    const before = answers.get(keyOf(request));
    if (!before) return;
    const answer = answered(fake, reply, before);
    return answer === reply ? reply : reply.send(answer);
  });
  const once = (run: (request: FastifyRequest, reply: FastifyReply) => object) => {
    return (request: FastifyRequest, reply: FastifyReply) => {
      const answer = run(request, reply);
      if (answer === reply) return reply;
      const { secret: _secret, ...kept } = answer as Record<string, unknown>;
      answers.set(keyOf(request), structuredClone(kept));
      return answered(fake, reply, structuredClone(answer));
    };
  };
  app.post(
    '/api/v1/orders/:number/steps',
    once((request, reply) => step({ fake, signedIn, order: of(request) }, request, reply)),
  );
  app.post(
    '/api/v1/orders/:number/photos',
    { bodyLimit: 9_000_000 },
    once((request) => photo(fake, of(request)!, request)),
  );
  app.post(
    '/api/v1/devices/:id/swap',
    once((request, reply) => swap(fake, request, reply)),
  );
}

/** An answer that is lost on its way; or not. */
function answered({ orders }: Fake, reply: FastifyReply, answer: object): object {
  if (!orders.losesAnswers) return answer;
  reply.hijack();
  reply.raw.socket?.destroy();
  return reply;
}

function keyOf(request: FastifyRequest): string {
  const { id } = { ...(request.query as object), ...(request.body as object) } as { id?: string };
  return `${request.url} ${request.headers['idempotency-key'] ?? id}`;
}

interface Stepping {
  fake: Fake;
  signedIn: SignedIn;
  order: FakeOrder | undefined;
}

function step({ fake: { orders }, signedIn, order }: Stepping, request: FastifyRequest, reply: FastifyReply) {
  const { id, version, to, note = null } = request.body as StepBody;
  if (!order) return reply.code(404).send({ code: 'not-found' });
  if (to !== undefined && (version !== order.version || !NEXT[order.state]?.includes(to))) {
    return reply.code(409).send({ code: 'conflict.state', detail: `It is ${order.state}.` });
  }
  if (to !== undefined) {
    order.state = to;
    order.version += 1;
    order.assignee = to === 'taken' ? signedIn() : order.assignee;
  }
  noteStep(order, { id, by: signedIn() ?? '', note }, to === undefined ? 'noted' : 'changed');
  orders.done.push(to ?? `note ${note}`);
  return order;
}

function photo({ orders }: Fake, order: FakeOrder, request: FastifyRequest) {
  const { id, what } = request.query as { id: string; what: string };
  order.photos.push({ id, what, bytes: (request.body as Buffer).length });
  orders.done.push(`photo ${what}`);
  return { id };
}

function swap({ orders, devices }: Fake, request: FastifyRequest, reply: FastifyReply) {
  const { id } = request.params as { id: string };
  const device = devices.all.find((one) => one.id === id);
  const { replaces, unit } = request.body as { replaces: string; unit: { serial: string } };
  if (device?.unit?.id !== replaces) return reply.code(409).send({ code: 'conflict.state', detail: 'Another unit.' });
  devices.done.push({ what: `POST ${request.url.replace('/api/v1', '')}`, body: request.body });
  orders.done.push(`swap ${unit.serial}`);
  device.unit = { maker: null, model: null, ...unit, id: `u-${unit.serial}` };
  device.version += 1;
  return { ...device, secret: 'a-secret-that-is-shown-once' };
}
