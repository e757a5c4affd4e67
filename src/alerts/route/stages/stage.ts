import type { RawBuilder, Tables } from '../../../platform/database/database.ts';
import type { EventType } from '../../desk/alert.ts';
import type { AlertRow } from '../../desk/tables.ts';
import type { Recipient } from '../outbox.ts';

/** That one subscription is told of a change, or is not, because a stage holds it back. Both are counted (P3). */
export interface Raised {
  readonly subscription: string;
  readonly state: 'waiting' | 'withheld';
  /** Where it goes, where the stage knows; else it is read. */
  readonly to?: Recipient;
}

/** Something that happened to an alert, on its way into the log and to those who are told. */
export interface Change {
  /** Its own among all changes of one run; null for one that a stage adds, until the run gives it one. */
  readonly place: number | null;
  readonly type: EventType;
  /** The alert as it stands after it. */
  readonly alert: AlertRow;
  /** Who did it: a person's or token's name, or `citywatch`. */
  readonly actor: string;
  readonly atMs: number;
  /** Each subscription at most once. */
  readonly deliveries: readonly Raised[];
  /** Of an alert that a stage held back until now, and of which nobody was told before. */
  readonly isFirst?: boolean;
  /** Nobody is told of this one, though its alert is shown: it counts as withheld. */
  readonly isQuiet?: boolean;
}

/** To run the stage again at a time, whatever happens in between. It outlives restarts. */
export interface StageTimer {
  /** The stage's own name of it, up to 200 characters. A second one of the same key can only be earlier. */
  readonly key: string;
  readonly atMs: number;
  /** Name of the stage that is run; the one that sets it where none is named. */
  readonly of?: string;
}

export interface StageContext<Known> {
  readonly nowMs: number;
  /** Keys of its timers that have come due. */
  readonly due: readonly string[];
  /** What the stage has read. */
  readonly known: Known;
}

export interface StageResult {
  readonly changes: readonly Change[];
  readonly timers: readonly StageTimer[];
}

/** What a stage remembers from one run to the next costs no reading: who writes the changes asks whether it holds. */
export interface StageMemory<Known> {
  /** Whether what was read stands so in the database, as part of the statement that writes. */
  holds(known: Known): RawBuilder<boolean>;
  /** Something that was read has changed: the next run reads anew. */
  forget(): void;
}

/**
 * One step between what happened and who is told: the fan-out to subscriptions, later silences, inhibition, shelving,
 * groups and escalation. `run` is pure: the same changes and context give the same result, and nothing is changed.
 *
 * It may turn the visibility of an alert, how far up it is told, which departments it concerns and what it stands for,
 * hold deliveries back, keep a change quiet, add deliveries and changes. It may lose, reorder or rewrite no change,
 * take no delivery away, and let none go that an earlier one holds back: then it is passed over.
 * `docs/sinks-and-stages.md` shows how to add one.
 */
export interface Stage<Known = unknown> {
  /** Names its timers; never changes. */
  readonly name: string;
  /**
   * Without it nobody would be told, so that a fault in it refuses the whole transaction, which is tried again. Any
   * other stage is passed over: an alert that should have been held back is told, and none is lost.
   */
  readonly needed: boolean;
  /**
   * Whether it locks what it reads, so that nobody else changes it before the changes are written. Then both are done
   * in one transaction; else the changes are one statement, which costs less.
   */
  readonly locks: boolean;
  /** Reads what the stage decides by, before the changes are written. */
  read(tx: Tables, changes: readonly Change[], due: readonly string[]): Promise<Known>;
  /** Of a stage that reads once and remembers. */
  memory?: StageMemory<Known>;
  run(changes: readonly Change[], context: StageContext<Known>): StageResult;
}
