import { messageOf } from '../../../core/errors.ts';
import type { RawBuilder, Tables } from '../../../platform/database/database.ts';
import type { AlertRow } from '../../desk/tables.ts';
import type { Change, Raised, Stage, StageResult, StageTimer } from './stage.ts';

export interface StageRun {
  nowMs: number;
  /** Keys of timers that have come due, by the name of their stage. */
  due: ReadonlyMap<string, readonly string[]>;
  /** Told of a stage that is passed over. */
  fault(stage: string, what: string): void;
}

/** A timer, and whose it is. */
export interface OwnedTimer extends Omit<StageTimer, 'of'> {
  stage: string;
}

export interface StagesResult {
  /** All that came in, in its order, and what stages added. */
  changes: readonly Change[];
  timers: OwnedTimer[];
  /** What must hold when the changes are written. */
  conditions: RawBuilder<boolean>[];
}

/** Takes changes through the stages one after the other. Rejects where one that is needed is at fault. */
export async function runStages(
  tx: Tables,
  stages: readonly Stage[],
  changes: readonly Change[],
  run: StageRun,
): Promise<StagesResult> {
  let standing = numbered(changes);
  const timers: OwnedTimer[] = [];
  const conditions: RawBuilder<boolean>[] = [];
  for (const stage of stages) {
    const due = run.due.get(stage.name) ?? [];
    const known = await stage.read(tx, standing, due);
    if (stage.memory) conditions.push(stage.memory.holds(known));
    const result = checked(standing, () => stage.run(standing, { nowMs: run.nowMs, due, known }));
    if (typeof result === 'string') {
      if (stage.needed) throw new Error(`The stage ${stage.name} is at fault: ${result}.`);
      run.fault(stage.name, result);
      continue;
    }
    standing = numbered(result.changes);
    timers.push(...result.timers.map(({ of, ...timer }) => ({ ...timer, stage: of ?? stage.name })));
  }
  return { changes: standing, timers, conditions };
}

/** What a stage gave, or what is wrong with it. */
function checked(before: readonly Change[], run: () => StageResult): StageResult | string {
  try {
    const result = run();
    return faultOf(before, result.changes) ?? result;
  } catch (error) {
    return `it failed: ${messageOf(error)}`;
  }
}

/** With a place for each, and closed: a stage that writes into what it was given is at fault. */
function numbered(changes: readonly Change[]): readonly Change[] {
  let next = 1 + Math.max(-1, ...changes.map(({ place }) => place ?? -1));
  return Object.freeze(
    changes.map((change) => {
      Object.freeze(change.alert);
      Object.freeze(change.deliveries);
      return Object.freeze(change.place === null ? { ...change, place: next++ } : change);
    }),
  );
}

/** Why `after` is nothing that a stage may make of `before`; null when it may. */
export function faultOf(before: readonly Change[], after: readonly Change[]): string | null {
  const kept = after.filter(({ place }) => place !== null);
  if (kept.length !== before.length || kept.some(({ place }, index) => place !== before[index]?.place)) {
    return 'it lost, doubled or reordered changes';
  }
  for (const [index, change] of kept.entries()) {
    const fault = faultOfChange(before[index]!, change);
    if (fault) return fault;
  }
  return after.some(({ deliveries }) => hasTwice(deliveries)) ? 'it told one subscription twice of a change' : null;
}

function faultOfChange(before: Change, after: Change): string | null {
  if (before === after) return null;
  const isSame = (['type', 'actor', 'atMs', 'isFirst'] as const).every((name) => before[name] === after[name]);
  if (!isSame || !isSameAlert(before.alert, after.alert)) return 'it rewrote a change';
  if (before.deliveries === after.deliveries) return null;
  const states = new Map(after.deliveries.map(({ subscription, state }) => [subscription, state]));
  for (const { subscription, state } of before.deliveries) {
    const now = states.get(subscription);
    if (now === undefined) return 'it took a delivery away';
    if (state === 'withheld' && now !== 'withheld') return 'it let go what an earlier stage holds back';
  }
  return null;
}

/** But for its visibility, who hides it, what it is a part of or stands for, how far up it is told, and whom. */
function isSameAlert(before: AlertRow, after: AlertRow): boolean {
  if (before === after) return true;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof AlertRow>;
  names.delete('visibility');
  names.delete('hidden');
  names.delete('incident');
  names.delete('storm');
  names.delete('storm_count');
  names.delete('level');
  names.delete('climbs_at_ms');
  names.delete('departments');
  return [...names].every((name) => before[name] === after[name]);
}

function hasTwice(deliveries: readonly Raised[]): boolean {
  return new Set(deliveries.map(({ subscription }) => subscription)).size < deliveries.length;
}
