import { CitywatchError } from '../../core/errors.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { incidentMissing } from '../../platform/records/access-register.ts';
import type { ApiDeps } from '../deps.ts';
import { label } from '../schemas.ts';

/** The one purpose that is left to who may not look for any: technicians. */
const MAINTENANCE = 'maintenance';

/** Query fields of every route that shows what a camera saw. */
export const lookQuery = {
  purpose: label(200)
    .optional()
    .meta({ description: "Why you look; without it the token's purpose, for people `routine`" }),
  case: label(64).optional().meta({
    description: 'Number of the case you look for; must be named where the camera shows pictures for an incident only',
  }),
};

/**
 * For which case this caller looks at pictures of `device`. Errors: `look.incident-missing` where they are shown for an
 * incident only and none is named. The access register asks once more; here nothing has been started for it yet.
 */
export function caseOf(
  { directory }: Pick<ApiDeps, 'directory'>,
  device: DeviceId,
  query: { case?: string | undefined },
): string | null {
  const named = query.case ?? null;
  if (named === null && directory.needsIncident(device)) throw incidentMissing();
  return named;
}

/** Why this caller looks. Ask it only once the caller may know that there is something to see. */
export function purposeOf(
  { authority }: Pick<ApiDeps, 'authority'>,
  caller: Caller,
  query: { purpose?: string | undefined },
): string {
  const purpose = query.purpose ?? caller.purpose;
  if (purpose === null) {
    const message = 'is missing: say why you look, or use a token that has a purpose';
    throw new CitywatchError('request.invalid', { issues: [{ path: 'purpose', message }] });
  }
  if (purpose !== MAINTENANCE && !authority.may(caller, 'looks.any-purpose')) {
    throw new CitywatchError('auth.forbidden', { detail: `A ${caller.role} looks with purpose=${MAINTENANCE}.` });
  }
  return purpose;
}
