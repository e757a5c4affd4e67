import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port below those that the kernel gives to outgoing connections: while a server on one of those is down, a client
 * that looks for it can connect to itself, and the server never gets its port back.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = randomInt(20_000, 32_000);
  const opened = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (!(await opened)) return await freePort();
  server.close();
  await once(server, 'close');
  return port;
}
