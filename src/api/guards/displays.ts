import type { FastifyRequest } from 'fastify';
import type { Display } from '../../access/displays/displays.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { ApiDeps } from '../deps.ts';
import { displayIdOf } from './session-cookie.ts';

/** The second screen that asks, by its cookie and its address; null where it is none. */
export async function displayOf(request: FastifyRequest, { displays }: ApiDeps): Promise<Display | null> {
  const id = displayIdOf(request);
  return id === undefined ? null : await displays.verify(id, request.ip);
}

/**
 * A second screen has the routes of its view, of these the cameras that it shows, and nothing that is shown for a case
 * only: nobody at it could say for which. Errors: `auth.forbidden`.
 */
export async function requireOwnView(request: FastifyRequest, display: Display, deps: ApiDeps): Promise<void> {
  const { routeOptions, query, params } = request;
  const isOpen = routeOptions.config.displays?.includes(display.view) ?? false;
  const { id } = params as { id?: string };
  if (isOpen && (query as { case?: unknown }).case === undefined) {
    if (id === undefined || (await shownOn(deps, display, [id])).has(id)) return;
  }
  throw new CitywatchError('auth.forbidden', {
    detail: 'A second screen sees what it was made for, and nothing else.',
  });
}

/**
 * Which of some cameras a second screen may look at: those of its wall, and, where it shows alerts, those that an open
 * one of them has pictures of or is about.
 */
async function shownOn(
  { walls, alerts }: Pick<ApiDeps, 'walls' | 'alerts'>,
  { caller, view, wall }: Display,
  cameras: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = wall === null ? null : await walls.get(caller, wall).catch(unlessThere);
  const own = new Set(found?.cameras ?? []);
  const others = view === 'desk' ? cameras.filter((camera) => !own.has(camera)) : [];
  const seeing = others.length > 0 ? await alerts.open.seenBy(caller, others) : new Set<string>();
  return new Set(cameras.filter((camera) => own.has(camera) || seeing.has(camera)));
}

/** The cameras that may be looked at over one connection: all, and at a second screen those that it shows by now. */
export class OwnCameras {
  readonly #deps: Pick<ApiDeps, 'walls' | 'alerts'>;
  readonly #display: Display | null;
  #shown: ReadonlySet<string> = new Set();

  constructor(deps: Pick<ApiDeps, 'walls' | 'alerts'>, display: Display | null) {
    this.#deps = deps;
    this.#display = display;
  }

  /** As of when {@link learn} was called last. */
  has(camera: string): boolean {
    return this.#display === null || this.#shown.has(camera);
  }

  /** Asks anew of those that it had, and of these. */
  async learn(cameras: readonly string[]): Promise<void> {
    if (!this.#display) return;
    this.#shown = await shownOn(this.#deps, this.#display, [...new Set([...this.#shown, ...cameras])]);
  }
}

function unlessThere(error: unknown): null {
  if (error instanceof CitywatchError && error.code === 'not-found') return null;
  throw error;
}
