import { ownArea } from '../../../core/jurisdiction.ts';
import type { Caller } from '../../../core/types.ts';

/** Whether somebody sees what they saw then: what was counted in another area would show what is no longer theirs. */
export function seesTheSame(now: Caller, then: Caller): boolean {
  return areaText(now) === areaText(then);
}

function areaText(caller: Caller): string {
  const { members, ...area } = ownArea(caller);
  return JSON.stringify([area, [...members].sort()]);
}
