import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TargetFields } from '../../../src/alerts/sinks/sink.ts';
import type { Owner } from '../services/services.ts';
import { mailWorld } from './others/mail-world.ts';

/** How the other side of a sink answers from now on. */
export type Answer = 'taken' | 'failed' | 'busy' | 'hopeless' | 'gone' | 'hangs up' | 'says nothing' | 'raves';

/** What the other side of any protocol may do. */
export const NEEDED_ANSWERS: readonly Answer[] = ['taken', 'failed', 'hangs up', 'says nothing', 'raves'];

/** How long `busy` asks to be left alone. */
export const BUSY_S = 7;

export interface Arrived {
  id: string;
  /** All that is to be the same in each try. */
  body: string;
}

/** The other side of one kind of sink, as its conformance test needs it. */
export interface SinkWorld {
  /** What is set for this kind of sink. */
  settings: Readonly<Record<string, unknown>>;
  /** What a subscription would say; all secret fields are given. */
  target: TargetFields;
  /** Targets that must not be contacted. */
  forbidden: TargetFields[];
  /** Of {@link NEEDED_ANSWERS} all; others that this protocol does not know are left out. */
  answers: readonly Answer[];
  answer(how: Answer): void;
  arrived: Arrived[];
  /** Nobody listens there any more. */
  down(): Promise<void>;
}

const HOST = '127.0.0.1';
/** Outside of every network that tests allow. */
const FORBIDDEN_HOST = '10.1.2.3';

/** By the sink's type. A sink without a world fails its test. */
export const SINK_WORLDS: Record<string, (t: Owner) => Promise<SinkWorld>> = {
  webhook: webhookWorld,
  cap: capWorld,
  mail: mailWorld,
  template: templateWorld,
  lines: linesWorld,
};

const SECRET = `whsec_${Buffer.from('a secret of nobody in particular').toString('base64')}`;

function webhookWorld(t: Owner): Promise<SinkWorld> {
  return httpWorld(t, 'webhook-id', ({ url }) => ({
    settings: {},
    target: { url, secret: SECRET },
    forbidden: [{ url: `http://${FORBIDDEN_HOST}/hook` }, { url: `http://user:${SECRET}@${HOST}/` }],
  }));
}

function capWorld(t: Owner): Promise<SinkWorld> {
  return httpWorld(t, 'webhook-id', ({ url }) => ({
    settings: { sender: 'citywatch.test' },
    target: { url, secret: SECRET },
    forbidden: [{ url: `http://${FORBIDDEN_HOST}/hook` }],
  }));
}

function templateWorld(t: Owner): Promise<SinkWorld> {
  const json = { msgtype: 'text', text: { content: '{{drill}}{{title}} {{severity}} {{districtName}} {{at}}' } };
  return httpWorld(t, 'x-citywatch-id', ({ url }) => {
    const target = { url, json, query: 'access_token=of-nobody-at-all', authorization: 'Bearer of-nobody-at-all' };
    return {
      settings: { networks: ['127.0.0.0/8'] },
      target,
      forbidden: [{ ...target, url: `http://${FORBIDDEN_HOST}/robot` }],
    };
  });
}

type OfHttp = Pick<SinkWorld, 'settings' | 'target' | 'forbidden'>;

async function httpWorld(t: Owner, idHeader: string, of: (at: { url: string }) => OfHttp): Promise<SinkWorld> {
  const arrived: Arrived[] = [];
  let how: Answer = 'taken';
  const server = createHttpServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    arrived.push({ id: String(request.headers[idHeader]), body: Buffer.concat(chunks).toString() });
    answerHttp(response, how);
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const down = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  t.teardown(down);
  return {
    ...of({ url: `http://${HOST}:${(server.address() as AddressInfo).port}/hook` }),
    answers: ['taken', 'failed', 'busy', 'gone', 'hangs up', 'says nothing', 'raves'],
    answer: (next) => {
      how = next;
    },
    arrived,
    down,
  };
}

function answerHttp(response: ServerResponse, how: Answer): void {
  if (how === 'hangs up') response.destroy();
  else if (how === 'raves') response.socket?.end('nonsense\r\n\r\n');
  else if (how === 'busy') response.writeHead(503, { 'retry-after': String(BUSY_S) }).end();
  else if (how !== 'says nothing') response.writeHead(how === 'taken' ? 204 : how === 'gone' ? 410 : 500).end();
}

const LINES: Record<Exclude<Answer, 'hangs up' | 'says nothing'>, string> = {
  taken: 'OK\n',
  failed: 'NO\n',
  busy: `BUSY ${BUSY_S}\n`,
  hopeless: 'BAD\n',
  gone: 'GONE\n',
  raves: 'nonsense\n',
};

async function linesWorld(t: Owner): Promise<SinkWorld> {
  const arrived: Arrived[] = [];
  const open = new Set<Socket>();
  let how: Answer = 'taken';
  const server = createServer((socket) => {
    open.add(socket.on('error', () => {}).on('close', () => open.delete(socket)));
    let line = '';
    socket.setEncoding('utf8').on('data', (text) => {
      line += text;
      if (!line.endsWith('\n')) return;
      arrived.push({ id: JSON.parse(line).id, body: line });
      if (how === 'hangs up') socket.destroy();
      else if (how !== 'says nothing') socket.write(LINES[how]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const down = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  t.teardown(down);
  const { port } = server.address() as AddressInfo;
  return {
    settings: { networks: ['127.0.0.0/8'] },
    target: { host: HOST, port, token: 'a token of nobody' },
    forbidden: [{ host: FORBIDDEN_HOST, port, token: 'a token of nobody' }],
    answers: ['taken', 'failed', 'busy', 'hopeless', 'gone', 'hangs up', 'says nothing', 'raves'],
    answer: (next) => {
      how = next;
    },
    arrived,
    down,
  };
}
