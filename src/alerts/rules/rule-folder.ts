import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Issue } from '../../core/errors.ts';
import { folderSignature, yamlFilesIn } from '../../platform/files/folder-watch.ts';
import { type KindCatalogue, type Rule, type RuleMeans, ruleParser } from './rules.ts';

export interface RuleFolder {
  /** The rules whose files are right, by file. */
  rules: Map<string, Rule>;
  /** Every file, right or wrong. */
  files: string[];
  issues: Issue[];
  /** Of the files as they were when reading began. */
  signature: string;
}

/** By what rule files are read. */
export interface RuleFormat extends RuleMeans {
  kinds: KindCatalogue;
}

/** Reads every `*.yaml` of a folder; what is wrong in one file leaves the others as they are. */
export async function readRuleFolder(directory: string, { kinds, ...means }: RuleFormat): Promise<RuleFolder> {
  const signature = await folderSignature(directory);
  const files = await yamlFilesIn(directory);
  const rules = new Map<string, Rule>();
  const issues: Issue[] = [];
  const parse = ruleParser(kinds, means);
  for (const file of files) {
    const result = parse(await readFile(join(directory, file), 'utf8'));
    if ('rule' in result) rules.set(file, result.rule);
    else issues.push(...result.issues.map(({ path, message }) => ({ path: `${file}${path}`, message })));
  }
  return { rules, files, issues, signature };
}

/** Names that stand in several files. */
export function twice(rules: Iterable<Rule>): Issue[] {
  const count = new Map<string, number>();
  for (const { rule } of rules) count.set(rule, (count.get(rule) ?? 0) + 1);
  const several = [...count].filter(([, times]) => times > 1);
  return several.map(([path, times]) => ({ path, message: `is defined in ${times} files` }));
}
