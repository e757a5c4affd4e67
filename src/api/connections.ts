import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, type Registry } from '../core/observe.ts';

/**
 * Counts connections, refuses those beyond `max`, and ends the unused ones when the server stops. Node's own way to
 * close idle connections passes over those that never sent a request, and stopping would wait for their time limit.
 */
export function watchConnections(app: FastifyInstance, max: number, metrics: Registry): void {
  const { server } = app;
  const open = new Set<Socket>();
  const working = new Map<Socket, number>();
  server.maxConnections = max;
  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    working.set(socket, (working.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (working.get(socket) ?? 1) - 1;
      if (left > 0) working.set(socket, left);
      else working.delete(socket);
    });
  });
  app.addHook('preClose', async () => {
    for (const socket of open) if (!working.has(socket)) socket.destroy();
  });
  count(metrics, open, (refused) => server.on('drop', refused));
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
