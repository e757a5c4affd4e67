import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { ADMIN, startAlertDesk, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { message, reading } from '../../../support/alerts/alerts.ts';
import { KIOSK_FIRE, rulesReader } from '../../../support/alerts/rules.ts';
import { freshDatabase, sharedRedis } from '../../../support/services/shared-database.ts';
import { until } from '../../../support/time/until.ts';

const postgres = await freshDatabase(t);
const redis = await sharedRedis(t);
const desk = await startAlertDesk(t, { database: postgres.url, redis: redis.url });
let offset = 0;
const rules = rulesReader([KIOSK_FIRE], { ...desk, head: () => offset });

/** A fire at a kiosk of its own; returns which. */
async function fire(jurisdiction: string): Promise<string> {
  offset += 1;
  const records = [reading({ smoke: true }, offset)];
  const device = `kiosk-${offset}`;
  const messages = [message({ device, offset, receivedAtMs: Date.now(), records, jurisdiction })];
  await rules.handle({ lane: 'live', from: offset, to: offset + 1, messages });
  return device;
}

/** What a request said of itself: the id of its delivery, which a second try has too, and what happened where. */
interface Notice {
  id: string;
  what: string;
}

function noticeOf(head: string, body: string): Notice {
  const { type, data } = JSON.parse(body) as { type: string; data: { device: string } };
  return { id: /webhook-id: (.*)/i.exec(head)?.[1]?.trim() ?? '', what: `${type} ${data.device}` };
}

/** Answers each request with `answer`, byte for byte; returns its address and what it was told. */
async function startOddReceiver(t: Test, answer: (socket: Socket) => void) {
  const asked: Notice[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    let request = '';
    socket.on('data', (bytes) => {
      request += bytes.toString('latin1');
      const [head = '', body = ''] = request.split('\r\n\r\n');
      if (body.length < Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.POSITIVE_INFINITY)) return;
      asked.push(noticeOf(head, body));
      request = '';
      answer(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, asked };
}

const subscriptionOf = async (id: string) => (await desk.subscriptions.list(ADMIN)).find((one) => one.id === id)!;

const told = (asked: Notice[]): string[] => asked.map(({ what }) => what).sort();

const TAKEN: [what: string, answer: (socket: Socket) => void][] = [
  ['a body that is announced by nothing and never comes', (socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n')],
  [
    'a body that never ends',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const drip = setInterval(() => socket.write('1\r\nx\r\n'), 20);
      socket.on('close', () => clearInterval(drip));
    },
  ],
  ['a body that breaks off', (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')],
  [
    'a body larger than anybody reads',
    (socket) => void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n${'x'.repeat(900_000)}`),
  ],
  ['no body', (socket) => void socket.write('HTTP/1.1 204 No Content\r\n\r\n')],
  ['HTTP/1.0', (socket) => void socket.end('HTTP/1.0 200 OK\r\n\r\nok')],
];

t.test('the status line decides: whatever becomes of the body, it is delivered once', async (t) => {
  const receivers = [];
  for (const [what, answer] of TAKEN) {
    const { url, asked } = await startOddReceiver(t, answer);
    const { subscription } = await desk.subscriptions.create(ADMIN, {
      name: what,
      ...webhookAt(url),
      jurisdiction: '330203',
    });
    receivers.push({ what, asked, id: subscription.id });
  }
  const kiosks = [await fire('330203'), await fire('330203')];
  for (const { what, asked, id } of receivers) {
    const done = await until(`${what} to be delivered`, async () => {
      const found = await subscriptionOf(id);
      return found.counts.waiting === 0 && found.counts.delivered === 2 ? found : undefined;
    });
    t.match(done, { counts: { dead: 0, withheld: 0 }, lastError: null, lastStatus: null }, what);
    t.same(told(asked), kiosks.map((kiosk) => `alert.opened ${kiosk}`).sort(), `${what}: one notice of each fire`);
    t.equal(new Set(asked.map(({ id }) => id)).size, 2, `${what}: nothing was sent twice`);
    await desk.subscriptions.remove(ADMIN, id);
  }
});

t.test('why a subscription fails is seen at the subscription, redirects and cut answers too', async (t) => {
  const elsewhere = await startOddReceiver(t, (socket) => void socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
  let redirects = true;
  const location = `location: ${elsewhere.url}\r\ncontent-length: 0`;
  const failing: [string, (socket: Socket) => void, { lastStatus: number | null; lastError: RegExp }][] = [
    [
      'redirect',
      (socket) => {
        const answer = redirects ? `HTTP/1.1 308 Permanent Redirect\r\n${location}` : 'HTTP/1.1 204 No Content';
        socket.write(`${answer}\r\n\r\n`);
      },
      { lastStatus: 308, lastError: /status 308, a redirect, which is not followed: make a subscription with/ },
    ],
    [
      'error with an endless body',
      (socket) => void socket.write('HTTP/1.1 500 Oops\r\n\r\n'),
      { lastStatus: 500, lastError: /status 500/ },
    ],
    ['hangs up', (socket) => void socket.destroy(), { lastStatus: null, lastError: /127\.0\.0\.1:\d+: reset/ }],
  ];
  const ids: string[] = [];
  const notices: Notice[][] = [];
  for (const [name, answer] of failing) {
    const { url, asked } = await startOddReceiver(t, answer);
    notices.push(asked);
    ids.push(
      (await desk.subscriptions.create(ADMIN, { name, ...webhookAt(url), jurisdiction: '330212' })).subscription.id,
    );
  }
  t.match(await subscriptionOf(ids[0]!), { lastError: null }, 'nothing was tried yet');
  const kiosk = await fire('330212');
  for (const [index, [name, , seen]] of failing.entries()) {
    const found = await until(`${name} to be seen`, async () => {
      const one = await subscriptionOf(ids[index]!);
      return one.lastError === null ? undefined : one;
    });
    t.match(found, { ...seen, state: 'active', counts: { waiting: 1 } }, name);
  }
  t.same(elsewhere.asked, [], 'nobody went where the redirect pointed');
  redirects = false;
  await until('the redirect to be gone', async () => (await subscriptionOf(ids[0]!)).counts.delivered === 1);
  t.match(await subscriptionOf(ids[0]!), { lastError: null, lastStatus: null });
  for (const asked of notices) {
    t.same(new Set(told(asked)), new Set([`alert.opened ${kiosk}`]));
    t.equal(new Set(asked.map(({ id }) => id)).size, 1, 'each further try is known by the id of the first');
  }
});
