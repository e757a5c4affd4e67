import { createServer } from 'node:net';

/** `port` when nobody listens on it, else 0: any free one. */
export function freeOrAny(host: string, port: number): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(0));
    server.listen({ host, port }, () => server.close(() => resolve(port)));
  });
}
