import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_MAX_S } from '../../access/sessions.ts';
import { DAY_S } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { hostOf } from '../server/http2.ts';

const NAME = 'cw_session';
/** Of a second screen. */
const DISPLAY = 'cw_display';
/** The longest that browsers keep a cookie: a screen is signed in until somebody revokes it. */
const DISPLAY_MAX_S = 400 * DAY_S;
const ID = /^[A-Za-z0-9_-]{43}$/;
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** A header that no form and no foreign page without our consent can send. */
const HEADER = 'x-citywatch';
const HEADER_VALUE = 'console';
const PERSON = 'x-citywatch-person';

/** The session id a browser sent; undefined where there is none, or more than one to choose from. */
export function sessionIdOf(request: FastifyRequest): string | undefined {
  return idIn(NAME, request);
}

/** The same of a second screen. */
export function displayIdOf(request: FastifyRequest): string | undefined {
  return idIn(DISPLAY, request);
}

function idIn(cookieName: string, request: FastifyRequest): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  const ids = new Set(pairs.filter(([name]) => name === cookieName).map(([, value = '']) => value));
  const [id] = ids;
  return ids.size === 1 && id !== undefined && ID.test(id) ? id : undefined;
}

export function setSessionCookie(reply: Pick<FastifyReply, 'header'>, id: string, secure: boolean): void {
  reply.header('set-cookie', cookie({ name: NAME, value: id, maxAgeS: SESSION_MAX_S, secure }));
}

export function clearSessionCookie(reply: Pick<FastifyReply, 'header'>, secure: boolean): void {
  reply.header('set-cookie', cookie({ name: NAME, value: '', maxAgeS: 0, secure }));
}

export function setDisplayCookie(reply: Pick<FastifyReply, 'header'>, id: string, secure: boolean): void {
  reply.header('set-cookie', cookie({ name: DISPLAY, value: id, maxAgeS: DISPLAY_MAX_S, secure }));
}

interface Cookie {
  name: string;
  value: string;
  maxAgeS: number;
  secure: boolean;
}

function cookie({ name, value, maxAgeS, secure }: Cookie): string {
  const parts = [`${name}=${value}`, 'Path=/', `Max-Age=${maxAgeS}`, 'HttpOnly', 'SameSite=Strict'];
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
 * What somebody entered while there was no network names them (`x-citywatch-person`, a user name, percent-encoded): by
 * the time it is sent, another one may be signed in at the same browser. Errors: `auth.other-person`.
 */
export function requireSamePerson({ headers }: FastifyRequest, username: string): void {
  const named = headers[PERSON];
  if (named !== undefined && named !== encodeURIComponent(username)) throw new CitywatchError('auth.other-person');
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
