import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_MAX_S } from '../../access/sessions.ts';
import { CitywatchError } from '../../core/errors.ts';
import { hostOf } from '../server/http2.ts';

const NAME = 'cw_session';
const ID = /^[A-Za-z0-9_-]{43}$/;
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** A header that no form and no foreign page without our consent can send. */
const HEADER = 'x-citywatch';
const HEADER_VALUE = 'console';

/** The session id a browser sent; undefined where there is none, or more than one to choose from. */
export function sessionIdOf(request: FastifyRequest): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  const ids = new Set(pairs.filter(([name]) => name === NAME).map(([, value = '']) => value));
  const [id] = ids;
  return ids.size === 1 && id !== undefined && ID.test(id) ? id : undefined;
}

export function setSessionCookie(reply: Pick<FastifyReply, 'header'>, id: string, secure: boolean): void {
  reply.header('set-cookie', cookie(id, SESSION_MAX_S, secure));
}

export function clearSessionCookie(reply: Pick<FastifyReply, 'header'>, secure: boolean): void {
  reply.header('set-cookie', cookie('', 0, secure));
}

function cookie(value: string, maxAgeS: number, secure: boolean): string {
  const parts = [`${NAME}=${value}`, 'Path=/', `Max-Age=${maxAgeS}`, 'HttpOnly', 'SameSite=Strict'];
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ');
}

/** A browser sends its cookie whoever asked it to: what changes something must have been asked for by our own page. */
export function requireOwnPage(request: FastifyRequest): void {
  if (SAFE_METHODS.includes(request.method)) return;
  refuseForeignPages(request);
  if (request.headers[HEADER] === HEADER_VALUE) return;
  throw new CitywatchError('auth.forbidden', { detail: `With a session, send the header ${HEADER}: ${HEADER_VALUE}.` });
}

/**
 * Refuses what a browser says to come from another site. Sec-Fetch-Site goes before Origin, because a proxy may change
 * the Host that Origin is compared with; a client that sends neither is no browser.
 */
export function refuseForeignPages({ headers }: FastifyRequest): void {
  const site = headers['sec-fetch-site'];
  const own = site === undefined ? isOwnOrigin(headers.origin, hostOf(headers)) : site === 'same-origin';
  if (!own) throw new CitywatchError('auth.forbidden', { detail: 'This comes from another site.' });
}

function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
