import type { Issue } from '../../../core/errors.ts';
import type { ParsedRule, Rule } from '../rules.ts';

/** A rule as people put it in force by the API; without a text it is ended. */
export interface KeptRule {
  rule: string;
  version: number;
  text: string | null;
}

/** Rules of files with what people put in their place. */
export interface Overlaid {
  rules: Rule[];
  issues: Issue[];
}

/**
 * Puts kept rules over those of files: of each name the higher version counts, so a file raised above it comes back.
 * A text that is not right any more, because a kind lost a field, is told, and leaves the rule of that version as it is
 * in force, or that of the file where it is not.
 */
export function overlay(
  { files, inForce }: { files: readonly Rule[]; inForce: readonly Rule[] },
  kept: readonly KeptRule[],
  parse: (text: string) => ParsedRule,
): Overlaid {
  const rules = new Map(files.map((rule) => [rule.rule, rule]));
  const issues: Issue[] = [];
  for (const { rule, version, text } of kept) {
    if (version <= (rules.get(rule)?.version ?? 0)) continue;
    const parsed = text === null ? null : parse(text);
    if (parsed === null) rules.delete(rule);
    else if ('rule' in parsed) rules.set(rule, parsed.rule);
    else {
      const before = inForce.find((one) => one.rule === rule && one.version === version);
      if (before) rules.set(rule, before);
      issues.push(...parsed.issues.map(({ path, message }) => ({ path: `${rule}@${version}${path}`, message })));
    }
  }
  return { rules: [...rules.values()], issues };
}
