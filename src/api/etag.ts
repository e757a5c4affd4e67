import type { FastifyReply, FastifyRequest } from 'fastify';
import { CitywatchError } from '../core/errors.ts';

/** Version of what is made and ended, but never changed. */
export const ONLY_VERSION = 1;

/** An ETag is the version in quotes, so that a list's `version` serves for If-Match as well. */
export function setEtag(reply: Pick<FastifyReply, 'header'>, version: number): void {
  reply.header('etag', `"${version}"`);
}

/**
 * The version the caller has read, from If-Match.
 *
 * Errors: 428 without the header or with `*` (which would undo the protection), 412 when it cannot be one of our ETags.
 */
export function requireVersion(request: FastifyRequest): number {
  const header = request.headers['if-match']?.trim();
  if (header === undefined || header === '' || header === '*') throw new CitywatchError('precondition.missing');
  const match = /^"(\d{1,15})"$/.exec(header);
  if (!match) throw new CitywatchError('precondition.stale');
  return Number(match[1]);
}

/** The protection of {@link requireVersion} for what has only one version. */
export function requireOnlyVersion(request: FastifyRequest): void {
  if (requireVersion(request) !== ONLY_VERSION) throw new CitywatchError('precondition.stale');
}
