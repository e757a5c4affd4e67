import { createHash } from 'node:crypto';
import type { OnvifAccess } from '../registry/connections.ts';

/**
 * Tells whether a camera is reached as before: where, by which login, which of its eyes, believed by what. Where the
 * last two are absent it is the hash of the others alone, as it is kept of cameras of before.
 */
export function accessHash({ xaddr, username, password, source, fingerprint }: OnvifAccess): string {
  return createHash('sha256')
    .update(
      JSON.stringify([
        xaddr,
        username,
        password,
        ...(source || fingerprint ? [source ?? null, fingerprint ?? null] : []),
      ]),
    )
    .digest('hex');
}
