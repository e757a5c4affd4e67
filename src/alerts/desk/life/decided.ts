import type { AlertRow } from '../tables.ts';

/** What people, and the time, made of an uncertain read of a plate: the next read of it takes nothing of that away. */
export function decidedOf({ confirmed_by, escalated, escalated_at }: AlertRow['data']): AlertRow['data'] {
  return {
    ...(confirmed_by !== undefined && { candidate: false, confirmed_by }),
    ...(escalated !== undefined && { escalated, escalated_at }),
  };
}
