import type { FastifyReply, FastifyRequest } from 'fastify';
import { CitywatchError } from '../core/errors.ts';

/** Version of what is made and ended, but never changed. */
export const ONLY_VERSION = 1;

/** Each tag may cost a look into the database; nobody has read more versions of one thing and wants them all. */
const TAGS_MAX = 10;
const TAG = /(?:W\/)?"[\x21\x23-\x7e]*"/g;
const OURS = /^"(\d{1,15})"$/;

/** An ETag is the version in quotes, so that a list's `version` serves for If-Match as well. */
export function setEtag(reply: Pick<FastifyReply, 'header'>, version: number): void {
  reply.header('etag', `"${version}"`);
}

/**
 * Does `change` to the version that the caller has read, from If-Match. Of a list (`"1", "2"`) each is tried until
 * one is the present version, which `change` itself finds out in the transaction that makes the change.
 *
 * Errors: 428 without the header or with `*` (which would undo the protection), 412 when none of it is one of our
 * ETags or each is stale, 400 for a list of more than 10; whatever else `change` fails with.
 */
export async function ifMatch<Result>(
  request: FastifyRequest,
  change: (version: number) => Promise<Result>,
): Promise<Result> {
  let stale = new CitywatchError('precondition.stale');
  for (const version of versionsOf(request)) {
    try {
      return await change(version);
    } catch (error) {
      if (!(error instanceof CitywatchError) || error.code !== 'precondition.stale') throw error;
      stale = error;
    }
  }
  throw stale;
}

/** As {@link ifMatch}, where the header is there; without it `change` does what it does to any version. */
export async function ifMatchGiven<Result>(
  request: FastifyRequest,
  change: (version?: number) => Promise<Result>,
): Promise<Result> {
  return request.headers['if-match'] === undefined ? await change() : await ifMatch(request, change);
}

/** The protection of {@link ifMatch} for what has only one version. */
export function requireOnlyVersion(request: FastifyRequest): void {
  if (!versionsOf(request).includes(ONLY_VERSION)) throw new CitywatchError('precondition.stale');
}

/** Weak tags (`W/"1"`) are left out: RFC 9110 has If-Match compare strongly, so they never match. */
function versionsOf(request: FastifyRequest): number[] {
  const header = request.headers['if-match']?.trim() ?? '';
  if (header === '') throw new CitywatchError('precondition.missing');
  if (header === '*') {
    const detail = '`If-Match: *` would overwrite what others changed since you read it, so it is not taken here.';
    throw new CitywatchError('precondition.missing', { detail });
  }
  const tags = header.match(TAG) ?? [];
  if (header.replace(TAG, '').replace(/[\s,]/g, '') !== '') throw new CitywatchError('precondition.stale');
  if (tags.length > TAGS_MAX) {
    const issues = [{ path: 'if-match', message: `names more than ${TAGS_MAX} ETags; send the one you read` }];
    throw new CitywatchError('request.invalid', { issues });
  }
  const versions = tags.flatMap((tag) => OURS.exec(tag)?.slice(1) ?? []);
  return [...new Set(versions.map(Number))];
}
