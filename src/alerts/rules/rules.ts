import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { DAY_S } from '../../core/clock.ts';
import { CitywatchError, type Issue } from '../../core/errors.ts';
import type { DeviceKind, FieldSpec } from '../../core/types.ts';

/** Severities of CAP 1.2, gravest first. */
export const SEVERITIES = ['extreme', 'severe', 'moderate', 'minor'] as const;
export type Severity = (typeof SEVERITIES)[number];

const name = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'use lower-case letters, digits and dashes');
const fieldName = z.string().min(1).max(64);
const seconds = z.number().min(0).max(DAY_S);

const clause = z.union([
  z.strictObject({ field: fieldName, equals: z.union([z.boolean(), z.string()]) }),
  z.strictObject({ field: fieldName, above: z.number(), clear_below: z.number().optional() }),
  z.strictObject({ field: fieldName, below: z.number(), clear_above: z.number().optional() }),
]);

const condition = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('threshold'),
    any: z.array(clause).min(1).max(16),
    hold_s: seconds.default(0),
    clear_hold_s: seconds.default(0),
  }),
  z.strictObject({
    type: z.literal('event'),
    event: fieldName,
    where: z.record(fieldName, z.union([z.string(), z.number(), z.boolean()])).default({}),
    watchlist: z.strictObject({ field: fieldName }).optional(),
  }),
  // The gateway says so itself (gateway-alerts.ts): no message is judged.
  z.strictObject({ type: z.literal('gateway') }),
  z.strictObject({ type: z.literal('absence'), silent_for_s: z.number().min(1).max(604_800) }),
]);

const ruleFile = z.strictObject({
  rule: name,
  version: z.number().int().min(1),
  title: z.strictObject({ en: z.string().min(1).max(200), zh: z.string().min(1).max(200) }),
  severity: z.enum(SEVERITIES),
  kinds: z.array(name).min(1).max(64),
  condition,
});

export type Condition = z.infer<typeof condition>;
export type Clause = z.infer<typeof clause>;

/** One rule: for devices of `kinds`, raise a finding of `severity` when `condition` becomes true. */
export interface Rule extends z.infer<typeof ruleFile> {}

/** What rules need to know of the kinds they name. */
export interface KindCatalogue {
  latest(kind: string): DeviceKind | undefined;
}

/**
 * Reads every `*.yaml` of a folder. Throws `config.invalid` with file and line of every fault: an unknown key, a kind
 * or field that does not exist, a threshold outside the field's range, a clear level on the wrong side.
 */
export async function loadRules(directory: string, kinds: KindCatalogue): Promise<Rule[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.yaml')).sort();
  const issues: Issue[] = [];
  const rules: Rule[] = [];
  for (const file of files) {
    const text = await readFile(join(directory, file), 'utf8');
    const result = parseRule(text, kinds);
    if ('rule' in result) rules.push(result.rule);
    else issues.push(...result.issues.map(({ path, message }) => ({ path: `${file}${path}`, message })));
  }
  const seen = new Map<string, number>();
  for (const { rule } of rules) seen.set(rule, (seen.get(rule) ?? 0) + 1);
  for (const [rule, count] of seen) if (count > 1) issues.push({ path: rule, message: `is defined in ${count} files` });
  if (issues.length > 0) throw new CitywatchError('config.invalid', { detail: 'A rule file is wrong.', issues });
  return rules;
}

/** Parses one rule; issues carry `:line key` as their path. */
export function parseRule(text: string, kinds: KindCatalogue): { rule: Rule } | { issues: Issue[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, maxAliasCount: 0 } as object);
  const lineAt = (path: readonly PropertyKey[]): string => {
    const node = document.getIn([...path] as unknown[], true) as { range?: [number, number, number] } | undefined;
    return node?.range ? `:${lines.linePos(node.range[0]).line}` : '';
  };
  if (document.errors.length > 0) {
    return { issues: document.errors.map(({ pos, message }) => ({ path: `:${lines.linePos(pos[0]).line}`, message })) };
  }
  const parsed = ruleFile.safeParse(document.toJS());
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({
      path: `${lineAt(path)} ${path.join('.')}`,
      message,
    }));
    return { issues };
  }
  const issues = kindIssues(parsed.data, kinds).map(({ path, message }) => ({
    path: `${lineAt(path)} ${path.join('.')}`,
    message,
  }));
  return issues.length > 0 ? { issues } : { rule: parsed.data };
}

type Found = { path: (string | number)[]; message: string };

function kindIssues(rule: Rule, kinds: KindCatalogue): Found[] {
  return rule.kinds.flatMap((kindName, index) => {
    const kind = kinds.latest(kindName);
    if (!kind) return [{ path: ['kinds', index], message: `there is no kind "${kindName}"` }];
    return conditionIssues(rule.condition, kind);
  });
}

function conditionIssues(condition: Condition, kind: DeviceKind): Found[] {
  if (condition.type === 'absence' || condition.type === 'gateway') return [];
  if (condition.type === 'threshold') {
    return condition.any.flatMap((one, index) => clauseIssues(one, kind, ['condition', 'any', index]));
  }
  const event = kind.events.get(condition.event);
  if (!event) return [{ path: ['condition', 'event'], message: `kind ${kind.kind} has no event "${condition.event}"` }];
  const named = [...Object.keys(condition.where), ...(condition.watchlist ? [condition.watchlist.field] : [])];
  return named
    .filter((field) => !event.fields.has(field))
    .map((field) => ({
      path: ['condition'],
      message: `event ${condition.event} of ${kind.kind} has no field "${field}"`,
    }));
}

function clauseIssues(one: Clause, kind: DeviceKind, path: (string | number)[]): Found[] {
  const spec = kind.fields.get(one.field);
  if (!spec) return [{ path: [...path, 'field'], message: `kind ${kind.kind} has no field "${one.field}"` }];
  if ('equals' in one) return equalsIssues(one.equals, spec, path);
  if (spec.type !== 'number' && spec.type !== 'integer') {
    return [{ path: [...path, 'field'], message: `${one.field} is ${spec.type}; only numbers can be above or below` }];
  }
  const limit = 'above' in one ? one.above : one.below;
  const clear = 'above' in one ? one.clear_below : one.clear_above;
  const found: Found[] = [];
  if (limit < spec.min || limit > spec.max) {
    found.push({ path, message: `${limit} is outside the range ${spec.min} to ${spec.max} of ${one.field}` });
  }
  if (clear !== undefined && ('above' in one ? clear > limit : clear < limit)) {
    found.push({ path, message: `the clear level ${clear} lies beyond the limit ${limit}, so it would flap` });
  }
  return found;
}

function equalsIssues(value: boolean | string, spec: FieldSpec, path: (string | number)[]): Found[] {
  const fits =
    typeof value === 'boolean' ? spec.type === 'boolean' : spec.type === 'enum' && spec.values.includes(value);
  return fits ? [] : [{ path: [...path, 'equals'], message: `${JSON.stringify(value)} is no value of this field` }];
}
