import { toRfc3339 } from '../../core/clock.ts';
import type { Caller } from '../../core/types.ts';
import type { Selectable } from '../../platform/database/database.ts';
import type { AlertFilter } from '../desk/filter.ts';
import type { Deed } from '../desk/life/deeds.ts';
import type { AlertBulkTable } from './tables.ts';

/** What is done with many alerts, and how far that is. */
export interface BulkInfo {
  id: string;
  state: AlertBulkTable['state'];
  /** How many it may take. */
  alerts: number;
  done: number;
  /** That stood so already. */
  unchanged: number;
  refused: number;
  refusals: { alert: string; detail: string }[];
  createdAt: string;
  endedAt: string | null;
}

export type BulkRow = Selectable<AlertBulkTable>;

export interface Begun {
  caller: Caller;
  filter: AlertFilter;
  deed: Deed;
  count: number;
  seq: number;
  nowMs: number;
}

/** The row of what begins. */
export function beginning(id: string, { caller, filter, deed, count, seq, nowMs }: Begun) {
  const { granted: _, ...own } = caller;
  return {
    id,
    jurisdiction: caller.jurisdiction,
    police: caller.police ?? null,
    caller: JSON.stringify(own),
    filter: JSON.stringify(filter),
    deed: JSON.stringify(deed),
    alerts: count,
    state: 'going' as const,
    last_id: null,
    previewed_seq: seq,
    created_at_ms: nowMs,
    ended_at_ms: null,
  };
}

/** How many it has looked at. */
export function seenBy({ done, unchanged, refused }: BulkRow): number {
  return done + unchanged + refused;
}

export function show({
  id,
  state,
  alerts,
  done,
  unchanged,
  refused,
  refusals,
  created_at_ms,
  ended_at_ms,
}: BulkRow): BulkInfo {
  const endedAt = ended_at_ms === null ? null : toRfc3339(ended_at_ms);
  return { id, state, alerts, done, unchanged, refused, refusals, createdAt: toRfc3339(created_at_ms), endedAt };
}
