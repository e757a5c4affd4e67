import { createServer } from 'node:net';

/** Why nothing can listen on this address, as the system's code (`EADDRINUSE`, `EACCES`); null when it can. */
export function listenProblem(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
