import type { Caller } from '../../../core/types.ts';
import { type RawBuilder, sql } from '../../../platform/database/database.ts';

/** Stands among those who may see an alert for everybody who confirms reads of plates. */
export const CONFIRMING_DESK = 'desk:confirming';

/** Ids of callers, or {@link CONFIRMING_DESK}; null where everybody may see an alert who sees its place. */
export type SeenBy = readonly string[] | null;

/** Under which names somebody may be among those who see an alert. */
export function namesOf({ id, confirms = false }: Pick<Caller, 'id' | 'confirms'>): string[] {
  return confirms ? [id, CONFIRMING_DESK] : [id];
}

/** Whether an alert is for one of these names; where it happened is asked elsewhere. */
export function isFor(seenBy: SeenBy | undefined, names: readonly string[]): boolean {
  return seenBy == null || names.some((name) => seenBy.includes(name));
}

/**
 * The same as a condition on rows of `alert` and `alert_event`. Every query of alerts that somebody asked has it,
 * beside the area.
 */
export function forCaller(caller: Pick<Caller, 'id' | 'confirms'>): RawBuilder<boolean> {
  return sql<boolean>`(seen_by is null or seen_by && ${namesOf(caller)}::text[])`;
}

/** Who may see an alert, as it is shown. */
export function audienceOf(seenBy: SeenBy | undefined): 'everyone' | 'confirming' | 'named' {
  if (seenBy == null) return 'everyone';
  return seenBy.includes(CONFIRMING_DESK) ? 'confirming' : 'named';
}
