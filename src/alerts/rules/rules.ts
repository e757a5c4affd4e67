import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { WorkDays } from '../../core/calendar/work-days.ts';
import type { Issue } from '../../core/errors.ts';
import { isJurisdictionCode } from '../../core/jurisdiction.ts';
import type { DeviceKind } from '../../core/types.ts';
import { CLASSES } from './classes.ts';
import type { Condition, ConditionSettings } from './conditions/condition.ts';
import { CONDITIONS } from './conditions/conditions.ts';
import { isLimited, overridesSchema, reachKeys, type Variant } from './reach.ts';
import { scheduleSchema } from './schedule/schedule.ts';
import { scheduled } from './schedule/scheduled.ts';

/** Severities of CAP 1.2, gravest first. */
export const SEVERITIES = ['extreme', 'severe', 'moderate', 'minor'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What PostgreSQL's integers hold, with room for the versions that end a rule. */
const VERSION_MAX = 1_000_000_000;

const name = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'use lower-case letters, digits and dashes');

const STEPS_MAX = 16;
const CONTACTS_MAX = 16;
const bothLanguages = (max: number) =>
  z.strictObject({ en: z.string().min(1).max(max), zh: z.string().min(1).max(max) });

/** Whom to call; of one with areas only for alerts there. */
const contact = z.strictObject({
  name: bothLanguages(100),
  phone: z.string().regex(/^[+0-9][0-9 -]{1,23}$/, 'use digits, spaces and hyphens'),
  areas: z.array(z.string().refine(isJurisdictionCode, 'is no code of a division or zone')).min(1).max(64).optional(),
});
/** Departments that alerts concern beside the one that answers for the device: by a name of theirs, or an id. */
const departments = z.array(z.string().min(1).max(64)).min(1).max(16).optional();
/** The keys of a rule file; those of its condition are the condition's. */
export const ruleKeys = z.strictObject({
  rule: name,
  version: z.number().int().min(1).max(VERSION_MAX),
  title: bothLanguages(200),
  severity: z.enum(SEVERITIES),
  class: z.enum(CLASSES),
  police: z.boolean().optional(),
  kinds: z.array(name).min(1).max(64),
  ...reachKeys,
  departments,
  work_order: z.boolean().optional(),
  clip: z.boolean().optional(),
  procedure: z.array(bothLanguages(300)).min(1).max(STEPS_MAX).optional(),
  contacts: z.array(contact).min(1).max(CONTACTS_MAX).optional(),
  schedule: scheduleSchema.optional(),
  overrides: overridesSchema.optional(),
});

/** What a rule file says. */
export interface RuleFile extends z.infer<typeof ruleKeys> {
  condition: ConditionSettings;
}

/** One rule: for devices of `kinds`, raise a finding of `severity` when `condition` becomes true. */
export interface Rule extends RuleFile {
  /** What judges by the settings in `condition`, or, of devices that have others, by those of a variant. */
  by: Condition;
  variants: readonly Variant[];
}

/** What rules need to know of the kinds they name. */
export interface KindCatalogue {
  latest(kind: string): DeviceKind | undefined;
}

/** What rules are made of besides kinds. */
export interface RuleMeans {
  conditions: readonly Condition[];
  /** For schedules of workdays and days off. */
  workDays: WorkDays;
}

/** Whether an alert of the rule opens a work order: of a fault, unless its file says that it does not. */
export function opensOrder({ class: of, work_order }: Pick<RuleFile, 'class' | 'work_order'>): boolean {
  return work_order ?? of === 'fault';
}

/** The rule as it stands in its file. */
export function fileOf({ by: _, variants: _variants, ...file }: Rule): RuleFile {
  return file;
}

/** A rule, or what is wrong with its text; issues carry `:line key` as their path. */
export type ParsedRule = { rule: Rule } | { issues: Issue[] };

/** As {@link ruleParser}, for one text. */
export function parseRule(text: string, kinds: KindCatalogue, means: Partial<RuleMeans> = {}): ParsedRule {
  return ruleParser(kinds, means)(text);
}

/**
 * Parses texts of rules. Wrong are an unknown key, a kind or field that does not exist, and what the condition itself
 * does not take. To be kept for several: making it takes as long as parsing ten of them.
 */
export function ruleParser(
  kinds: KindCatalogue,
  { conditions = CONDITIONS, workDays = WorkDays.WEEKENDS }: Partial<RuleMeans> = {},
): (text: string) => ParsedRule {
  const schema = schemaWith(conditions);
  return (text) => {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, maxAliasCount: 0 } as object);
    const lineOf = (position: number): string => `:${lines.linePos(position).line}`;
    if (document.errors.length > 0) {
      return { issues: document.errors.map(({ pos, message }) => ({ path: lineOf(pos[0]), message })) };
    }
    const placed = ({ path, message }: Found): Issue => {
      const node = document.getIn([...path] as unknown[], true) as { range?: [number, number, number] } | undefined;
      return { path: `${node?.range ? lineOf(node.range[0]) : ''} ${path.join('.')}`, message };
    };
    const parsed = schema.safeParse(document.toJS());
    if (!parsed.success) return { issues: parsed.error.issues.map(placed) };
    const found = conditions.find(({ type }) => type === parsed.data.condition.type)!;
    const by = found.on?.(workDays) ?? found;
    const { schedule } = parsed.data;
    const { variants, issues: wrong } = variantsOf(parsed.data, by);
    const rule = { ...parsed.data, by: schedule ? scheduled(by, schedule, workDays) : by, variants };
    const issues = [...wrong, ...kindIssues(rule, kinds)].map(placed);
    return issues.length > 0 ? { issues } : { rule };
  };
}

type Found = { path: readonly PropertyKey[]; message: string };

function schemaWith(conditions: readonly Condition[]): z.ZodType<RuleFile> {
  const [first, ...more] = conditions.map(({ schema }) => schema as unknown as z.ZodObject);
  const condition = z.discriminatedUnion('type', [first!, ...more]);
  return ruleKeys.extend({ condition }) as unknown as z.ZodType<RuleFile>;
}

function kindIssues(
  { kinds, condition, by, schedule, variants, class: of, police, ...limits }: Rule,
  catalogue: KindCatalogue,
): Found[] {
  if (schedule && by.hears === 'gateway') {
    return [{ path: ['schedule'], message: 'what the gateway says of itself has no schedule; leave it out' }];
  }
  if (by.hears === 'gateway' && (variants.length > 0 || isLimited(limits))) {
    return [{ path: ['overrides'], message: 'what the gateway says of itself has no limits and chooses nothing' }];
  }
  if (police !== undefined && of === 'incident') {
    return [{ path: ['police'], message: 'an incident is for the police desk anyway; leave it out' }];
  }
  return kinds.flatMap((kindName, index): Found[] => {
    const kind = catalogue.latest(kindName);
    if (!kind) return [{ path: ['kinds', index], message: `there is no kind "${kindName}"` }];
    const found = by.check(condition, kind).map(({ path, message }) => ({ path: ['condition', ...path], message }));
    const others = variants.flatMap(({ chosen, condition: other }, at): Found[] => {
      if (chosen.kinds && !chosen.kinds.includes(kindName)) return [];
      return by.check(other, kind).map(({ path, message }) => ({ path: ['overrides', at, 'with', ...path], message }));
    });
    return [...found, ...others];
  });
}

/** The conditions with other limits, each as strictly read as the rule's own. */
function variantsOf({ condition, overrides = [] }: RuleFile, by: Condition): { variants: Variant[]; issues: Found[] } {
  const variants: Variant[] = [];
  const issues: Found[] = [];
  for (const [at, { with: keys, ...chosen }] of overrides.entries()) {
    const parsed = by.schema.safeParse({ ...condition, ...keys, type: condition.type });
    if (parsed.success) variants.push({ chosen, condition: parsed.data });
    else
      issues.push(
        ...parsed.error.issues.map(({ path, message }) => ({ path: ['overrides', at, 'with', ...path], message })),
      );
    if (Object.keys(chosen).length === 0) {
      issues.push({ path: ['overrides', at], message: 'name devices, kinds, tags, areas or owners that it is for' });
    }
  }
  return { variants, issues };
}
