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
 * A second screen has the routes of its view, of these the cameras of its wall, and nothing that is shown for a case
 * only: nobody at it could say for which. Errors: `auth.forbidden`.
 */
export async function requireOwnView(request: FastifyRequest, display: Display, deps: ApiDeps): Promise<void> {
  const { routeOptions, query, params } = request;
  const isOpen = routeOptions.config.displays?.includes(display.view) ?? false;
  const { id } = params as { id?: string };
  if (isOpen && (query as { case?: unknown }).case === undefined) {
    const cameras = id === undefined ? null : await camerasOf(deps, display);
    if (cameras === null || cameras.has(id ?? '')) return;
  }
  throw new CitywatchError('auth.forbidden', {
    detail: 'A second screen sees what it was made for, and nothing else.',
  });
}

/** The cameras that a second screen may look at; null where it was made for no wall but for all that its area tells. */
export async function camerasOf(
  { walls }: Pick<ApiDeps, 'walls'>,
  { caller, view, wall }: Display,
): Promise<ReadonlySet<string> | null> {
  if (view !== 'wall') return null;
  const found = wall === null ? null : await walls.get(caller, wall).catch(unlessThere);
  return new Set(found?.cameras ?? []);
}

function unlessThere(error: unknown): null {
  if (error instanceof CitywatchError && error.code === 'not-found') return null;
  throw error;
}
