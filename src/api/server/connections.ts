import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { Newcomers, peerOf } from '../../core/mechanisms/newcomers.ts';
import { Counter, Gauge, type Registry } from '../../core/observe.ts';
import type { ApiLimits } from '../deps.ts';

/**
 * Counts connections, refuses those beyond the limit, closes the oldest of an address (or of all) on which nobody has
 * shown who they are when there are too many, and ends the unused ones when the server stops. Node's own way to close
 * idle connections passes over those that never sent a request, and stopping would wait for their time limit.
 */
export function watchConnections(app: FastifyInstance, limits: ApiLimits, metrics: Registry): void {
  const { server } = app;
  const open = new Set<Socket>();
  /** Answers that are under way, by connection; HTTP/2 shows its socket by another object. */
  const working = new Map<string, number>();
  server.maxConnections = limits.connectionsMax;
  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  watchNewcomers(app, limits, metrics);
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const peer = peerOf(socket);
    working.set(peer, (working.get(peer) ?? 0) + 1);
    response.once('close', () => {
      const left = (working.get(peer) ?? 1) - 1;
      if (left > 0) working.set(peer, left);
      else working.delete(peer);
    });
  });
  app.addHook('preClose', async () => {
    for (const socket of open) if (!working.has(peerOf(socket))) socket.destroy();
  });
  count(metrics, open, (refused) => server.on('drop', refused));
}

/** Watched from the first byte of a TLS handshake on: who never ends it counts too. */
function watchNewcomers(app: FastifyInstance, limits: ApiLimits, metrics: Registry): void {
  const { unprovenMax: max, unprovenPerAddressMax: perAddressMax } = limits;
  const newcomers = new Newcomers({ max, perAddressMax });
  const closed = new Counter({
    name: 'citywatch_http_newcomers_closed_total',
    help: 'Connections closed because too many had not shown who they are.',
    registers: [metrics],
  });
  app.server.on('connection', (socket: Socket) => {
    newcomers.add(socket, () => {
      closed.inc();
      socket.destroy();
    });
  });
  // After every hook that finds out who asks, and before the body is read.
  app.addHook('preParsing', async ({ caller, socket }) => {
    if (caller) newcomers.proven(socket);
  });
}

function count(metrics: Registry, open: ReadonlySet<Socket>, onDrop: (refused: () => void) => void): void {
  new Gauge({
    name: 'citywatch_http_connections',
    help: 'Open connections.',
    registers: [metrics],
    collect() {
      this.set(open.size);
    },
  });
  const refused = new Counter({
    name: 'citywatch_http_connections_refused_total',
    help: 'Connections closed at once because the limit was reached.',
    registers: [metrics],
  });
  onDrop(() => refused.inc());
}
