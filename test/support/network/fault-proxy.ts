import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Owner } from '../services/services.ts';
import { lasts } from '../time/lasting.ts';

/** What happens to one request instead of being passed on and answered. */
export type Fault =
  /** Answered by the proxy; the server behind never sees it. */
  | { type: 'answer'; status: number; headers?: Record<string, string>; body?: string }
  /** Passed on, but the answer comes late. */
  | { type: 'slow'; ms: number }
  /** The connection is reset, with or without the server having seen the request. */
  | { type: 'reset'; passOn: boolean };

/** What the server behind answered. */
interface Passed {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** An HTTP proxy in front of a real server, which does to each request what a test planned for it. */
export class FaultProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #target: string;
  /** Faults of the next requests in order; when it is empty, `always` decides. */
  readonly plan: (Fault | null)[] = [];
  always: Fault | null = null;
  /** Requests seen so far. */
  requests = 0;
  /** Bodies of the requests, as sent. */
  readonly bodies: Buffer[] = [];

  private constructor(server: Server, target: string, port: number) {
    this.#server = server;
    this.#target = target;
    this.url = `http://127.0.0.1:${port}`;
    server.on('request', (request, response) => {
      this.#handle(request, response).catch(() => request.socket.destroy());
    });
  }

  static async start(t: Owner, target: string): Promise<FaultProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    const proxy = new FaultProxy(server, target, address.port);
    t.teardown(async () => {
      proxy.#server.closeAllConnections();
      proxy.#server.close();
      await once(proxy.#server, 'close');
    });
    return proxy;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    this.requests += 1;
    this.bodies.push(body);
    const fault = this.plan.length > 0 ? (this.plan.shift() ?? null) : this.always;
    if (fault?.type === 'answer') {
      response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
      return;
    }
    if (fault?.type === 'reset' && !fault.passOn) {
      request.socket.resetAndDestroy();
      return;
    }
    const answer = await this.#pass(request, body);
    if (fault?.type === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    if (fault?.type === 'slow') await lasts(fault.ms);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  async #pass(request: IncomingMessage, body: Buffer): Promise<Passed> {
    const headers: Record<string, string> = {};
    for (const name of ['authorization', 'content-type', 'content-encoding']) {
      const value = request.headers[name];
      if (typeof value === 'string') headers[name] = value;
    }
    const hasBody = request.method === 'POST';
    const answer = await fetch(`${this.#target}${request.url}`, {
      method: request.method ?? 'GET',
      headers,
      ...(hasBody ? { body: new Uint8Array(body) } : {}),
    });
    const told = ['content-type', 'x-influxdb-version', 'x-influxdb-build', 'retry-after'];
    const kept = told.flatMap((name) => (answer.headers.has(name) ? [[name, answer.headers.get(name) ?? '']] : []));
    const bytes = Buffer.from(await answer.arrayBuffer());
    return { status: answer.status, headers: Object.fromEntries(kept), body: bytes };
  }
}
