import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Display, DisplayView } from '../../access/displays/displays.ts';
import type { Right } from '../../access/rights.ts';
import type { Session } from '../../access/sessions.ts';
import { CitywatchError, type ErrorCode } from '../../core/errors.ts';
import { isStillThere } from '../../core/jurisdiction.ts';
import { type Caller, DEVICE_ID, type DeviceIdentity } from '../../core/types.ts';
import type { View } from '../../streams/pool/types.ts';
import type { ApiDeps } from '../deps.ts';
import type { RateLimits } from '../server/limits.ts';
import { displayOf, requireOwnView } from './displays.ts';
import { refuseForeignPages, requireOwnPage, requireSamePerson, sessionIdOf } from './session-cookie.ts';

export interface DeclaredRoute {
  method: string;
  url: string;
  /** Any one of these opens it; none where it is public. */
  rights: readonly Right[];
  public: boolean;
  lasting: boolean;
  large: boolean;
  displays: readonly DisplayView[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The right that opens the route, or several of which one does. Every route has this or `public`. */
    right?: Right | readonly Right[];
    /** Open to everybody, without a token. */
    public?: boolean;
    /** Also open to whoever shows the metrics token (`ApiSettings.metricsToken`), which opens nothing else. */
    metrics?: boolean;
    /**
     * The answer goes on until one side ends it; the route bounds such answers by `Shares` of its own, and ends them
     * when `request.withdrawn` is aborted.
     */
    lasting?: boolean;
    /**
     * The answer is a file that takes minutes over a slow line: the connection is cut when its right is withdrawn while
     * it is sent. It counts among the work of its caller, and needs no other care of its route.
     */
    large?: boolean;
    /** Serves files by path: what the file server refuses does not exist. */
    files?: boolean;
    /** A POST that only asks: an Idempotency-Key means nothing, and the answer is never kept. */
    asksOnly?: boolean;
    /** A DELETE of what has no versions: If-Match is not asked for. */
    unversioned?: boolean;
    /** The route has a budget of its own for each device; its requests do not count with all others of a minute. */
    ownBudget?: boolean;
    /** Also for people who have to change their password or set up a second factor first: it is what they do it by. */
    whileDue?: boolean;
    /** The field of the answer that is shown once and never kept. */
    oneTimeSecret?: string;
    /** Shows live video, also to whoever comes with a link (`?link=`) instead of a login. */
    linked?: boolean;
    /** Second screens that it is open to, by what they show; closed to all where it is absent. */
    displays?: readonly DisplayView[];
    /** Errors of this route beyond those that follow from its declaration; for the OpenAPI document. */
    errors?: readonly ErrorCode[];
  }
  interface FastifyInstance {
    /** Every route of this server with its rights; the tests of rights are made from it. */
    declaredRoutes: DeclaredRoute[];
  }
  interface FastifyRequest {
    /** Who asks; null on public routes. */
    caller: Caller | null;
    /** The session of the person who asks; null for tokens and devices. */
    session: Session | null;
    /** The second screen that asks; null for everybody else. */
    display: Display | null;
    /** The one look of whoever came with a link. */
    linked: View | null;
    /** A further right that an answer which goes on takes; null for none. */
    alsoBy: Right | null;
  }
}

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

/** The caller of a route that is not public. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new CitywatchError('auth.required');
  return request.caller;
}

/** The session of a person. Errors: `auth.forbidden` for a token, which has none. */
export function sessionOf(request: FastifyRequest): Session {
  if (request.session) return request.session;
  throw new CitywatchError('auth.forbidden', { detail: 'This is for people who are logged in.' });
}

/** The device that speaks for itself; any other id in the path answers like one that does not exist. */
export function senderOf({ directory }: Pick<ApiDeps, 'directory'>, request: FastifyRequest): DeviceIdentity {
  const device = directory.identity(callerOf(request).id);
  if (!device || device.id !== (request.params as { id: string }).id) throw new CitywatchError('not-found');
  return device;
}

/** The rights of which a route asks for one. */
export function rightsOf(config: FastifyContextConfig | undefined): readonly Right[] {
  return [config?.right ?? []].flat();
}

/** Refuses to start with a route that does not say who may use it, and keeps the list of all. */
export function requireDeclaredRights(app: FastifyInstance): void {
  const declared: DeclaredRoute[] = [];
  app.decorate('declaredRoutes', declared);
  app.addHook('onRoute', (route) => {
    const { public: open = false, lasting = false, large = false, displays = [] } = route.config ?? {};
    const rights = rightsOf(route.config);
    if (!open && rights.length === 0) throw new Error(`route ${route.method} ${route.url} does not say who may use it`);
    for (const method of [route.method].flat()) {
      declared.push({ method, url: route.url, rights, public: open, lasting, large, displays });
    }
  });
}

/** Makes an unknown query field an error also on routes that take none. */
export function refuseUnknownQueries(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (!route.config?.public) route.schema = { querystring: z.strictObject({}), ...route.schema };
  });
}

/** Finds out who asks and whether the route is for them, before a byte of the body is read. */
export function authenticate(app: FastifyInstance, deps: ApiDeps, limits: RateLimits): void {
  app.decorateRequest('caller', null);
  app.decorateRequest('session', null);
  app.decorateRequest('display', null);
  app.decorateRequest('linked', null);
  app.decorateRequest('alsoBy', null);
  app.addHook('onRequest', async (request) => {
    await limits.address(request);
    const { config } = request.routeOptions;
    if (request.is404 || config.public) return;
    if (config.metrics && showsMetricsToken(request, deps)) return;
    const who = await identify(request, deps);
    if (!who) {
      await limits.failedAuth(request);
      throw new CitywatchError('auth.required');
    }
    request.caller = who.caller;
    request.session = who.session;
    request.display = who.display;
    request.linked = who.linked;
    if (who.session) {
      requireOwnPage(request);
      requireSamePerson(request, who.session.username);
    }
    // A browser opens a WebSocket to whoever it is told, with its cookie.
    if ((who.session || who.display) && request.ws) refuseForeignPages(request);
    if (who.display) await requireOwnView(request, who.display, deps);
    if (!(config.ownBudget && request.caller.type === 'device')) await limits.caller(request);
    const caller = deps.authority.callerFor(who.caller, rightsOf(config));
    if (!caller) throw forbidden(who.caller);
    request.caller = caller;
    if (!who.display) deps.alerts.roster.seen(caller);
    if (who.session && who.session.duties.length > 0 && !config.whileDue) throw new CitywatchError('auth.duty');
  });
}

/** Says where it is not the role that forbids. */
function forbidden({ police }: Caller): CitywatchError {
  if (police == null) return new CitywatchError('auth.forbidden');
  const detail = `You are limited to the police agency ${police}, or your role does not allow this.`;
  return new CitywatchError('auth.forbidden', { detail });
}

/**
 * Whether the sender of an answer that goes on for long may still have it: asks for the same credentials again. False
 * when they were revoked, or now stand for another area, without the right, or without a grant, a part of their zone or
 * a police agency that it began with. Rejects when that cannot be found out now.
 */
export async function stillAllowed(request: FastifyRequest, deps: ApiDeps): Promise<boolean> {
  const before = callerOf(request);
  const found = (await identify(request, deps))?.caller;
  // By the same right: another one may show less.
  const right = rightsOf(request.routeOptions.config).find((one) => deps.authority.may(before, one));
  const now = found && right && deps.authority.callerFor(found, [right]);
  // Who has two ways to show who they are goes on as the same one, or not at all.
  if (!now || now.id !== before.id || now.jurisdiction !== before.jurisdiction) return false;
  if (request.alsoBy && !deps.authority.may(found, request.alsoBy)) return false;
  return isStillThere(before, now);
}

interface Identified {
  caller: Caller;
  /** Null unless a session says who it is. */
  session: Session | null;
  display: Display | null;
  linked: View | null;
}

const NOTHING_MORE = { session: null, display: null, linked: null };

/** A request with an Authorization header is judged by that alone, whatever cookie it also has. */
async function identify(request: FastifyRequest, deps: ApiDeps): Promise<Identified | null> {
  const header = request.headers.authorization;
  if (header === undefined) {
    const { link } = request.query as { link?: unknown };
    if (request.routeOptions.config.linked && typeof link === 'string') return await byLink(link, request, deps);
    const id = sessionIdOf(request);
    const session = id === undefined ? null : await deps.sessions.verify(id);
    if (session) return { ...NOTHING_MORE, caller: session.caller, session };
    const display = await displayOf(request, deps);
    return display && { ...NOTHING_MORE, caller: display.caller, display };
  }
  const bearer = BEARER.exec(header)?.[1];
  if (bearer === undefined) return null;
  const caller = (await deviceCaller(bearer, deps)) ?? (await deps.tokens.verify(bearer));
  return caller && { ...NOTHING_MORE, caller };
}

async function byLink(link: string, { socket }: FastifyRequest, { streamLinks }: ApiDeps): Promise<Identified | null> {
  const found = await streamLinks.look(link, socket.remoteAddress ?? '');
  return found && { ...NOTHING_MORE, caller: found.caller, linked: found.view };
}

/** `<deviceId>:<secret>`. A token may hold a colon too, so a wrong device secret is still tried as a token. */
async function deviceCaller(bearer: string, { directory }: ApiDeps): Promise<Caller | null> {
  const colon = bearer.indexOf(':');
  const id = bearer.slice(0, Math.max(0, colon));
  if (!DEVICE_ID.test(id)) return null;
  const device = await directory.authenticate(id, bearer.slice(colon + 1));
  if (!device) return null;
  const { jurisdiction } = device;
  return { type: 'device', id: device.id, name: device.id, role: 'device', jurisdiction, purpose: null };
}

/** Compared as hashes, so that the time it takes tells nothing of the token. */
function showsMetricsToken(request: FastifyRequest, { settings: { metricsToken } }: ApiDeps): boolean {
  const shown = BEARER.exec(request.headers.authorization ?? '')?.[1];
  return metricsToken !== undefined && shown !== undefined && timingSafeEqual(hash(shown), hash(metricsToken));
}

function hash(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
