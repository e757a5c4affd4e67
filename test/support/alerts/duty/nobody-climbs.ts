import { Ladder } from '../../../../src/alerts/ladder/ladder.ts';
import { ALWAYS_MANNED } from '../../../../src/alerts/route/stages/climb.ts';
import { NO_DEPARTMENTS } from '../no-departments.ts';

/** Of stages in which no level but the first is ever told. */
export const NOBODY_CLIMBS = { ladder: Ladder.NONE, manned: ALWAYS_MANNED };
/** The same, and no alert concerns a department. */
export const NOBODY_ELSE = { ...NOBODY_CLIMBS, departments: NO_DEPARTMENTS };
