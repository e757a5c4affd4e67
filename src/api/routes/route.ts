import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Caller } from '../../core/types.ts';
import type { PageCursors } from '../cursors.ts';
import type { ApiDeps } from '../deps.ts';
import type { Shares } from '../guards/shares.ts';
import type { RateLimits } from '../server/limits.ts';

/** The server as route files see it: schemas are zod and give handlers their types. */
export type ApiApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export interface RouteContext extends ApiDeps {
  cursors: PageCursors;
  /** Questions to the time series and the journal; beyond the share of a caller or district 429. */
  heavy: Shares;
  rates: RateLimits;
  /** Aborted when the server begins to stop: answers without an end must end. */
  stopping: AbortSignal;
}

/** One file of routes. A new one is this function and a line in index.ts. */
export type RoutePart = (app: ApiApp, context: RouteContext) => void;

interface ListQuery {
  limit: number;
  cursor?: string | undefined;
  [filter: string]: unknown;
}

/** The two ends of a list's cursor: where to go on, and what to answer as `next`. */
export function pageOf({ cursors }: RouteContext, route: string, caller: Caller, query: ListQuery) {
  const { limit, cursor, ...filter } = query;
  const scope = { route, filter, caller };
  const after = cursors.open(scope, cursor);
  return {
    request: { limit, ...(after === undefined ? {} : { after }) },
    seal: (next: string | null) => (next === null ? {} : { next: cursors.seal(scope, next) }),
  };
}

/** Leaves out fields that are undefined: an absent filter is absent, not undefined. */
export function defined<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
