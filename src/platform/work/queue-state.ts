import type { Batches } from '../../core/mechanisms/batches.ts';
import type { Claim } from './noting.ts';
import type { Wakes } from './wakes.ts';

/** Keys claimed by one statement. */
export const CLAIMS_MAX = 64;

/** What a handler says when it returns: nothing more to do, or look again at that time. */
export type WorkResult = { again: null } | { again: { atMs: number } };

export const DONE: WorkResult = { again: null };

/** Done, and deleted by the handler itself together with what it wrote ({@link ending}). */
export const ENDED: WorkResult = { again: null };

export type WorkHandler = (key: string, signal: AbortSignal, claim: Claim) => Promise<WorkResult>;

export interface Settled {
  claim: Claim;
  result: WorkResult;
  /** By which kind of error the handler ended; null where it returned. */
  failedBy: string | null;
  /** When it ended, by the clock of then. */
  notedAtMs: number;
}

/** What is known of one queue. */
export interface QueueState {
  queue: string;
  handler: WorkHandler;
  atOnce: number;
  crowded: (() => string[]) | null;
  running: number;
  /** Keys that are being worked on. */
  keys: Set<string>;
  /** How many of them have this first word. */
  held: Map<string, number>;
  /** Looks at the times at which handlers want to look again. */
  wakes: Wakes;
  isClaiming: boolean;
  /** Somebody rang since the last claim began. */
  rung: boolean;
  /** Something may be due that there was no room for. */
  left: boolean;
  /** How many first words were crowded at the last claim. */
  crowd: number;
  /** Tells whether the key is due again at once. */
  settling: Batches<Settled, boolean>;
}

/** Whether it is worth a claim: not for each handler that ends while hundreds run. */
export function hasRoomAgain({ left, running, atOnce, crowd, crowded }: QueueState): boolean {
  if (left && atOnce - running >= Math.min(CLAIMS_MAX, atOnce / 4)) return true;
  return crowd > 0 && crowded !== null && crowded().length < crowd;
}
