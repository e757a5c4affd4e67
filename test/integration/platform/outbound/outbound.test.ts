import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Clock, systemClock } from '../../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { machineNames } from '../../../../src/platform/outbound/names.ts';
import { failureReason, type HttpRequest, Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { ManualClock } from '../../../support/time/clock.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(t: Tap, handler: Handler, where: string | number = 0): Promise<Server> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve);
    else server.listen(where, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

type Tap = Pick<typeof t, 'teardown'>;

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

function outbound(t: Tap, over: { clock?: Clock; addresses?: string[][] } = {}): Outbound {
  const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
  const { addresses } = over;
  const cameras = {
    addresses: async () =>
      (addresses!.shift() ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    lookup: machineNames.cameras.lookup,
  };
  const names = { ...machineNames, ...(addresses ? { cameras } : {}) };
  const made = new Outbound({ clock: over.clock ?? systemClock, observer, names });
  t.teardown(() => made.close());
  return made;
}

const within = (cidrs: string[]) => ({ cidrs, names: 'cameras' }) as const;

function get(url: string, over: Partial<HttpRequest> = {}): HttpRequest {
  return { url, method: 'GET', deadlineMs: 5_000, maxBytes: 1_000, networks: 'services', ...over };
}

t.test('a request carries its body and headers, and the answer comes back whole', async (t) => {
  const server = await serve(t, async (request, response) => {
    const chunks = await request.toArray();
    response.writeHead(207, { 'x-seen': request.headers['x-a'] as string }).end(Buffer.concat(chunks));
  });
  const body = Buffer.from([0, 255, 1]);
  const answer = await outbound(t).http(
    get(`http://127.0.0.1:${portOf(server)}/write?db=x`, { method: 'POST', headers: { 'x-a': 'b' }, body }),
  );
  t.equal(answer.status, 207);
  t.equal(answer.headers['x-seen'], 'b');
  t.ok(answer.body.equals(body));
});

t.test('a service may be reached through a unix socket', async (t) => {
  // Socket paths are short; the test directory's is not.
  const directory = await mkdtemp(join(tmpdir(), 'cw-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const path = join(directory, 'service.sock');
  await serve(t, (request, response) => void response.end(request.url), path);
  const answer = await outbound(t).http(get(`http+unix://${encodeURIComponent(path)}/ping?verbose=true`));
  t.equal(answer.body.toString(), '/ping?verbose=true');
});

t.test('a redirect is an answer, not an order', async (t) => {
  const server = await serve(
    t,
    (_, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
  );
  t.equal((await outbound(t).http(get(`http://127.0.0.1:${portOf(server)}/`))).status, 302);
});

t.test('an answer that drips is ended by the total deadline', async (t) => {
  const clock = new ManualClock();
  const server = await serve(t, (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'), 5);
    response.on('close', () => clearInterval(timer));
  });
  const closed = new Promise((resolve) => server.on('request', (_, response) => response.on('close', resolve)));
  const seen = new Promise((resolve) => server.on('request', resolve));
  const pending = outbound(t, { clock }).http(get(`http://127.0.0.1:${portOf(server)}/`));
  pending.catch(() => {});
  await seen;
  await clock.advance(5_000);
  const error = await pending.then(
    () => null,
    (reason: unknown) => reason,
  );
  t.match(error, { code: 'outbound.failed' });
  t.equal(failureReason(error), 'timeout');
  await closed;
});

t.test('an answer larger than allowed is cut off, announced or not', async (t) => {
  const server = await serve(t, (request, response) => {
    if (request.url === '/announced') response.writeHead(200, { 'content-length': 5_000 });
    response.end('x'.repeat(5_000));
  });
  const out = outbound(t);
  for (const path of ['/announced', '/chunked']) {
    const error = await out.http(get(`http://127.0.0.1:${portOf(server)}${path}`)).then(
      () => null,
      (reason: unknown) => reason,
    );
    t.equal(failureReason(error), 'too-big', path);
  }
});

t.test('an address outside the allowed networks is refused and the setting is named', async (t) => {
  const server = await serve(t, (_, response) => void response.end('reached'));
  const port = portOf(server);
  const out = outbound(t);
  const narrow = { networks: within(['127.64.0.0/16']), setting: 'CITYWATCH_CAMERA_NETWORKS' };
  const spellings = [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::1]',
    'localhost',
  ];
  for (const host of spellings) {
    await t.rejects(out.http(get(`http://${host}:${port}/`, narrow)), {
      code: 'outbound.refused',
      message: /CITYWATCH_CAMERA_NETWORKS/,
    });
  }
  const wide = { networks: within(['127.0.0.0/8']) };
  t.equal((await out.http(get(`http://127.0.0.1:${port}/`, wide))).body.toString(), 'reached');
  await t.rejects(
    out.http(get(`http://127.0.0.1:${port}/`, narrow)),
    { code: 'outbound.refused' },
    'also with a connection open',
  );
});

t.test('a name is looked up once per connection, and only its allowed addresses are used', async (t) => {
  const server = await serve(
    t,
    (request, response) => void response.writeHead(200, { connection: 'close' }).end(request.headers.host),
  );
  const port = portOf(server);
  const addresses = [['10.9.9.9', '127.0.0.1'], ['169.254.169.254'], []];
  const out = outbound(t, { addresses });
  const request = get(`http://camera.example:${port}/`, {
    networks: within(['127.0.0.0/8']),
    setting: 'CITYWATCH_CAMERA_NETWORKS',
  });
  t.equal((await out.http(request)).body.toString(), `camera.example:${port}`);
  await t.rejects(out.http(request), { code: 'outbound.refused' }, 'the name was moved to a forbidden address');
  await t.rejects(out.http(request), { code: 'outbound.refused' }, 'the name has no address');
  t.equal(addresses.length, 0);
});

t.test('other schemes, junk and URLs with a password are refused without repeating them', async (t) => {
  const out = outbound(t);
  for (const url of [
    'file:///etc/passwd',
    'ftp://h/',
    'nonsense',
    '',
    'http://u:hunter22@127.0.0.1/',
    'http+unix://%2Ftmp%2Fx/',
  ]) {
    const error = (await out
      .http(get(url, { networks: within(['0.0.0.0/0']) }))
      .catch((reason: Error) => reason)) as Error;
    t.match(error, { code: 'outbound.refused' }, url);
    t.notMatch(error.message, /hunter22/);
  }
});

t.test('what fails is told apart, and nothing of the answer is repeated', async (t) => {
  const junk = createSocketServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('secret-banner of something that is not HTTP\r\n\r\n'));
  });
  const hangup = createSocketServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.destroy());
  });
  for (const server of [junk, hangup]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
  }
  const closedPort = await serve(t, () => {});
  const port = portOf(closedPort);
  await new Promise((resolve) => closedPort.close(resolve));
  const out = outbound(t);
  const cases: [string, string][] = [
    [`http://127.0.0.1:${port}/`, 'unreachable'],
    [`http://127.0.0.1:${portOf(junk)}/`, 'malformed'],
    [`http://127.0.0.1:${portOf(hangup)}/`, 'reset'],
    [`https://127.0.0.1:${portOf(junk)}/`, 'tls'],
  ];
  for (const [url, reason] of cases) {
    const error = (await out.http(get(url)).catch((thrown: Error) => thrown)) as Error;
    t.equal(failureReason(error), reason, url);
    t.notMatch(JSON.stringify([error.message, error.cause, (error.cause as Error).message]), /secret-banner/);
  }
});

t.test('the caller may give up', async (t) => {
  const server = await serve(t, () => {});
  const controller = new AbortController();
  server.on('request', () => controller.abort());
  const error = await outbound(t)
    .http(get(`http://127.0.0.1:${portOf(server)}/`, { signal: controller.signal }))
    .catch((reason: unknown) => reason);
  t.equal(failureReason(error), 'aborted');
});

t.test('requests that wait for news take no room from those that ask', async (t) => {
  const server = await serve(t, (request, response) => {
    if (request.url === '/ask') response.end('here');
  });
  const out = outbound(t);
  const url = `http://127.0.0.1:${portOf(server)}`;
  const ends = (over: Partial<HttpRequest>) => out.http(get(`${url}/wait`, over)).then(String, failureReason);
  const waiting = Array.from({ length: 1_001 }, () => ends({ waits: true, deadlineMs: 200 }));
  const asked = await out.http(get(`${url}/ask`, { deadlineMs: 60_000 }));
  t.equal(asked.body.toString(), 'here');
  t.same([...new Set(await Promise.all(waiting))], ['timeout']);
});
