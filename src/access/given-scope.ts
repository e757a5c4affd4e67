import { invalid } from '../core/errors.ts';
import { type AgencyCode, covers, type Jurisdiction, ownArea, type Place } from '../core/jurisdiction.ts';
import type { Caller } from '../core/types.ts';

/** What is asked of the tree of the police; app passes it. */
export interface KnownAgencies {
  /** Whether there is such an agency in the caller's area, or above it. */
  isSeen(caller: Caller, agency: AgencyCode): boolean;
}

export interface KnownAreas {
  jurisdictions: { exists(code: Jurisdiction): boolean };
  agencies: KnownAgencies;
}

/**
 * Errors: `request.invalid` where the caller gives somebody an area that is not the caller's own, or limits them to a
 * police agency that the caller does not see.
 */
export function checkGivenScope({ jurisdictions, agencies }: KnownAreas, caller: Caller, given: Partial<Place>): void {
  const { jurisdiction, police = null } = given;
  if (jurisdiction !== undefined && !(covers(ownArea(caller), jurisdiction) && jurisdictions.exists(jurisdiction))) {
    throw invalid('jurisdiction', 'is no code of GB/T 2260 within your jurisdiction: see GET /jurisdictions');
  }
  if (police !== null && !agencies.isSeen(caller, police)) {
    throw invalid('police', 'is no agency that you may see: see GET /police/agencies');
  }
}
