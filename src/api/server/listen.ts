import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { CitywatchError } from '../../core/errors.ts';
import { whyNotListening } from '../../core/setup/listening.ts';
import type { TlsFiles } from '../deps.ts';

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
    const path = error.code === 'EADDRNOTAVAIL' ? 'CITYWATCH_HTTP_HOST' : 'CITYWATCH_HTTP_PORT';
    const issues = [{ path, message: `port ${port} on ${host} ${whyNotListening(error.code)}` }];
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
