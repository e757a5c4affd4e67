import type { Clause } from '../../../../src/alerts/rules/conditions/parts/clauses.ts';
import type { Rule } from '../../../../src/alerts/rules/rules.ts';
import type { EventSet, Sent } from './happenings.ts';
import { Clerk, type Worked } from './operator.ts';

/** One message that is forwarded. */
interface Forwarded {
  atMs: number;
  device: string;
}

/**
 * Plain forwarding: whatever crosses a limit of a rule, and each event that a rule asks for, goes to the operator as it
 * comes, first in, first out. The limits are those of the rules; there is no hysteresis and no hold, nothing is put
 * together, and nothing is held back. A value that stays over its limit is forwarded once. What is found only by
 * looking at several readings or devices is not forwarded at all. `faults`: with what is no matter of the police.
 */
export function plainly(set: EventSet, rules: readonly Rule[], { faults }: { faults: boolean }): Worked {
  const forwarded = forwardedOf(set.sent, faults ? rules : rules.filter((rule) => rule.class === 'incident'));
  const clerk = new Clerk(set.happenings);
  let freeAtMs = set.fromMs;
  for (const { atMs: shownAtMs, device } of forwarded) {
    const atMs = Math.max(freeAtMs, shownAtMs);
    if (atMs >= set.toMs) clerk.worked.left += 1;
    else freeAtMs = atMs + clerk.take([device], { shownAtMs, atMs }) * 1_000;
  }
  return clerk.worked;
}

function forwardedOf(sent: readonly Sent[], rules: readonly Rule[]): Forwarded[] {
  const over = new Set<string>();
  const forwarded: Forwarded[] = [];
  for (const one of sent) {
    for (const rule of rules.filter(({ kinds }) => kinds.includes(one.kind))) {
      if (crosses(one, rule, over)) forwarded.push({ atMs: one.atMs, device: one.device });
    }
  }
  return forwarded;
}

/** Whether a message is an alarm by itself; notes what is over its limit. */
function crosses({ device, payload }: Sent, { rule, condition }: Rule, over: Set<string>): boolean {
  const { event, any, watchlist } = condition as { event?: string; any?: Clause[]; watchlist?: object };
  if (condition.type === 'event') return payload.type === event && !watchlist;
  if (condition.type !== 'threshold' || payload.values === undefined) return false;
  const values = payload.values as Record<string, unknown>;
  let isNew = false;
  for (const [at, clause] of (any ?? []).entries()) {
    const value = values[clause.field];
    if (value === undefined) continue;
    const key = `${rule} ${device} ${at}`;
    const isOver = isOverLimit(clause, value);
    isNew ||= isOver && !over.has(key);
    if (isOver) over.add(key);
    else over.delete(key);
  }
  return isNew;
}

function isOverLimit(clause: Clause, value: unknown): boolean {
  if ('equals' in clause) return value === clause.equals;
  return typeof value === 'number' && ('above' in clause ? value > clause.above : value < clause.below);
}
