import type { Looked } from '../conditions/condition.ts';
import type { Rule } from '../rules.ts';

/** Rules by what of a message they look at, each list in the order of the rules. */
export type RulesOfKind = Readonly<Record<Looked, readonly Rule[]>>;

const ALL: readonly Looked[] = ['message', 'reading', 'event', 'state'];

/**
 * Which rules look at what devices of each kind say. Rules that look at something else cost nothing, and a limit for
 * some devices may make a rule look at more.
 */
export function rulesOfKinds(rules: readonly Rule[]): Map<string, RulesOfKind> {
  const byKind = new Map<string, Record<Looked, Rule[]>>();
  for (const rule of rules) {
    if (rule.by.hears !== 'devices') continue;
    const looked = lookedAt(rule);
    for (const kind of rule.kinds) {
      const found = byKind.get(kind) ?? { message: [], reading: [], event: [], state: [] };
      for (const one of looked) found[one].push(rule);
      byKind.set(kind, found);
    }
  }
  return byKind;
}

function lookedAt({ by, condition, variants }: Rule): Set<Looked> {
  const all = [condition, ...variants.map((variant) => variant.condition)];
  return new Set(all.flatMap((settings) => by.looksAt?.(settings) ?? ALL));
}
