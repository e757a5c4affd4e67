import { priorityOf } from './alert.ts';

/** Work on findings; the key is the dedup key. */
export const DESK_QUEUE = 'desk';
/** Work on the outbox; the key is `subscription alert`. */
export const DELIVERY_QUEUE = 'delivery';
/** Pictures; the key is the alert's id. */
export const EVIDENCE_QUEUE = 'evidence';
/** Clips for alerts; the key is the alert's id. */
export const ALERT_CLIPS_QUEUE = 'alert-clips';
/** Work orders for alerts; the key is the alert's id. */
export const ALERT_ORDERS_QUEUE = 'alert-orders';
/** Timers of stages; the key is `stage timer`. */
export const STAGE_QUEUE = 'stage';
/** What runs out of an alert at some time; the key is the alert's id. */
export const ALERT_LIFE_QUEUE = 'alert-life';
/** What is done with many alerts; the key is its id. */
export const BULK_QUEUE = 'alert-bulk';
/** Silences that begin or end; the key is the silence's id. */
export const SILENCE_QUEUE = 'silence';
/** Ends of watchlists that run out; the key is the list's id. */
export const WATCHLIST_ENDS_QUEUE = 'watchlist-ends';
/** How long an uncertain hit waits before it is told again. */
export const UNCONFIRMED_MS = 120_000;
/** Uncertain hits that nobody has confirmed; the key is the alert's id. */
export const HIT_WAITS_QUEUE = 'hit-waits';

/** Pictures and work orders come after all first news, whatever their alerts are worth (P3). */
export const PICTURE_PRIORITY = 9;

/**
 * Of work on the outbox, as {@link priorityOf}: that there is an alert goes before other news of those as grave, and
 * pictures come last.
 */
export function urgencyOf(severity: string, type: string): number {
  if (type === 'alert.evidence') return PICTURE_PRIORITY;
  return priorityOf(severity) + (type === 'alert.opened' ? 0 : 1);
}
