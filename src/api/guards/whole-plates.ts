import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { PlateWish } from '../../alerts/watchlists/permits/whole-plates.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { maskPlatesWithin } from '../../core/plates.ts';
import type { RouteContext } from '../routes/route.ts';
import { callerOf } from './auth.ts';
import { lookQuery, purposeOf } from './look.ts';

/** How whoever asks for alerts wants their plates. */
export const platesQuery = {
  plates: z
    .enum(['masked', 'whole'])
    .default('masked')
    .meta({
      description:
        '`whole`: for who has `alerts.plates`, with `purpose` and `case`, or a permit (`/plate-permits`); ' +
        'where neither is for the place of an alert it is masked. The look is registered first',
    }),
  purpose: lookQuery.purpose.meta({ description: "Of whole plates by role; without it the token's, or `routine`" }),
  case: lookQuery.case.meta({
    description: 'Number of the case that whole plates are asked for; of permits, only those of it',
  }),
};

interface Asked {
  plates: 'masked' | 'whole';
  purpose?: string | undefined;
  case?: string | undefined;
}

/**
 * By which right a caller has plates whole; null where they are asked for masked. An answer that goes on ends when the
 * role has the right no more; where a permit ends they are masked from then on. Errors: `request.invalid` where the
 * role allows it and no case is named; `auth.forbidden` where neither role nor permit does.
 */
export function plateWish(context: RouteContext, request: FastifyRequest, asked: Asked): PlateWish | null {
  if (asked.plates === 'masked') return null;
  const caller = callerOf(request);
  const { authority, alerts } = context;
  const named = asked.case ?? null;
  const isByPermit = alerts.permits.holds(caller.id, named);
  if (!authority.may(caller, 'alerts.plates')) {
    if (isByPermit) return { byRole: () => null, case: named };
    const detail = 'Whole plates take the right alerts.plates, or a permit of this case that has not ended.';
    throw new CitywatchError('auth.forbidden', { detail });
  }
  if (named === null) {
    if (isByPermit) return { byRole: () => null, case: null };
    throw invalid('case', 'is missing: plates are told whole only for a case');
  }
  request.alsoBy = 'alerts.plates';
  const reason = { purpose: purposeOf(context, caller, asked), case: named };
  return {
    byRole: (place) => (authority.may(caller, 'alerts.plates', place) ? reason : null),
    case: named,
  };
}

/** What the register says of a question: without what belongs to the look, and without a plate that stands in it. */
export function askedOf(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { plates: _, purpose: _purpose, case: _case, cursor: _cursor, after: _after, ...fields } = query;
  const told = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    told.map(([name, value]) => [name, typeof value === 'string' ? maskPlatesWithin(value) : value]),
  );
}
