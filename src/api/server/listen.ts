import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import type { TlsFiles } from '../deps.ts';

const REASONS: Record<string, string> = {
  EADDRINUSE: 'is taken by another program; stop that program or choose another port (0 = any free one)',
  EACCES: 'may not be opened by this user; choose a port of 1024 or more',
  EADDRNOTAVAIL: 'cannot be opened: this machine has no such address; set CITYWATCH_HTTP_HOST to one it has',
};

/**
 * Opens the port; 0 takes any free one. Answers the port and an address to print.
 *
 * Errors: `config.invalid` naming port and setting when the port cannot be had.
 */
export async function listen(
  app: FastifyInstance,
  { host, port }: { host: string; port: number },
): Promise<{ url: string; port: number }> {
  await app.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
    const reason = REASONS[error.code ?? ''] ?? `cannot be opened: ${messageOf(error)}`;
    const path = error.code === 'EADDRNOTAVAIL' ? 'CITYWATCH_HTTP_HOST' : 'CITYWATCH_HTTP_PORT';
    const issues = [{ path, message: `port ${port} on ${host} ${reason}` }];
    throw new CitywatchError('config.invalid', { detail: 'The API cannot listen.', issues, cause: error });
  });
  const address = app.server.address() as AddressInfo;
  const scheme = isTls(app) ? 'https' : 'http';
  return { url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${address.port}`, port: address.port };
}

/** Uses another certificate for new connections; open ones stay. Throws when certificate and key do not fit. */
export function reloadTls(app: FastifyInstance, { cert, key }: TlsFiles): void {
  if (isTls(app)) (app.server as unknown as TlsServer).setSecureContext({ cert, key });
}

function isTls(app: FastifyInstance): boolean {
  return 'setSecureContext' in app.server;
}
