import { CitywatchError, type Issue } from '../../core/errors.ts';
import { InTurn } from '../../core/mechanisms/one-at-a-time.ts';
import { type KeptRule, overlay } from './kept/kept.ts';
import { type RuleFolder, type RuleFormat, readRuleFolder, twice } from './rule-folder.ts';
import { fileOf, opensOrder, type ParsedRule, type Rule, ruleParser } from './rules.ts';

/** A rule that a reload put in force, changed or ended; `from` and `to` are versions, 0 where there was or is none. */
export interface RuleChange {
  rule: string;
  from: number;
  to: number;
}

/** What taking rules over came to. */
export interface TakenOver {
  changes: RuleChange[];
  issues: Issue[];
}

/** What people keep by the API, as it stands; throws `store.unavailable`. */
export type KeptRules = () => Promise<readonly KeptRule[]>;

/** Puts rules in force; throws `store.unavailable` while that cannot be. */
export type ApplyRules = (rules: readonly Rule[]) => Promise<void>;

/**
 * The rules in force: those of `config/rules/*.yaml`, taken over again while the gateway runs, and over them those that
 * people put in force by the API.
 */
export class RuleBook {
  readonly directory: string;
  readonly #format: RuleFormat;
  #byFile: Map<string, Rule>;
  #inForce: readonly Rule[];
  readonly #turns = new InTurn();
  #titles: Map<string, Rule['title']>;
  #signature: string;

  private constructor(directory: string, format: RuleFormat, { rules, signature }: RuleFolder) {
    this.directory = directory;
    this.#format = format;
    this.#byFile = rules;
    this.#inForce = inOrder(rules);
    this.#titles = titlesOf(this.#inForce);
    this.#signature = signature;
  }

  /** Throws `config.invalid` with file and line of every fault. */
  static async load(directory: string, format: RuleFormat): Promise<RuleBook> {
    const folder = await readRuleFolder(directory, format);
    const issues = [...folder.issues, ...twice(folder.rules.values())];
    if (folder.files.length === 0) issues.push(noRule(directory));
    if (issues.length > 0) throw new CitywatchError('config.invalid', { detail: 'A rule file is wrong.', issues });
    return new RuleBook(directory, format, folder);
  }

  /** What a text would be as a file of the folder; nothing is taken over. */
  parse(text: string): ParsedRule {
    const { kinds, ...means } = this.#format;
    return ruleParser(kinds, means)(text);
  }

  get signature(): string {
    return this.#signature;
  }

  /** The rules in force, in the order of their files; those that have none come last. */
  current(): readonly Rule[] {
    return this.#inForce;
  }

  /** The version of a rule in the files; 0 where none has it. */
  versionOfFile(rule: string): number {
    for (const one of this.#byFile.values()) if (one.rule === rule) return one.version;
    return 0;
  }

  /** Whether an alert of this rule opens a work order. */
  opensOrder(rule: string): boolean {
    for (const one of this.#inForce) if (one.rule === rule) return opensOrder(one);
    return false;
  }

  /** Whether an alert of this rule has a clip among its evidence. */
  wantsClip(rule: string): boolean {
    for (const one of this.#inForce) if (one.rule === rule) return one.clip === true;
    return false;
  }

  /** The departments that a rule names. */
  departmentsOf(rule: string): readonly string[] {
    return this.#inForce.find((one) => one.rule === rule)?.departments ?? [];
  }

  /** Of a rule that is in force no more: its name. */
  titleOf(rule: string): Rule['title'] {
    return this.#titles.get(rule) ?? { en: rule, zh: rule };
  }

  /**
   * Reads the folder again. A file that is right is taken over; one that is wrong, or has other content under a version
   * that is not higher, leaves its rule as it was, and an issue says why. A file that is gone ends its rule once no
   * new file is wrong. `apply` puts the rules in force, with the kept ones over them; when it throws, nothing is taken
   * over.
   */
  reload(kept: KeptRules, apply: ApplyRules): Promise<TakenOver> {
    return this.#turns.run(async () => {
      const folder = await readRuleFolder(this.directory, this.#format);
      const { next, issues } = this.#merge(folder);
      const taken = await this.#put(next, await kept(), apply);
      this.#byFile = next;
      this.#signature = folder.signature;
      return { changes: taken.changes, issues: [...issues, ...taken.issues] };
    });
  }

  /** Takes over what people keep by the API, with the files as they were read last. Throws as `kept` and `apply` do. */
  takeKept(kept: KeptRules, apply: ApplyRules): Promise<TakenOver> {
    return this.#turns.run(async () => this.#put(this.#byFile, await kept(), apply));
  }

  async #put(files: Map<string, Rule>, kept: readonly KeptRule[], apply: ApplyRules): Promise<TakenOver> {
    const { rules: next, issues } = overlay({ files: inOrder(files), inForce: this.#inForce }, kept, (text) =>
      this.parse(text),
    );
    const changes = changesOf(this.#inForce, next);
    if (changes.length > 0) {
      // Known before the first finding of a new rule comes to the desk.
      for (const [rule, title] of titlesOf(next)) this.#titles.set(rule, title);
      await apply(next);
      this.#titles = titlesOf(next);
      this.#inForce = next;
    }
    return { changes, issues };
  }

  #merge(folder: RuleFolder): { next: Map<string, Rule>; issues: Issue[] } {
    const issues = [...folder.issues];
    // A folder that is not mounted is empty too.
    if (folder.files.length === 0) return { next: this.#byFile, issues: [noRule(this.directory)] };
    const before = new Map([...this.#byFile.values()].map((rule) => [rule.rule, rule]));
    const next = new Map<string, Rule>();
    for (const file of folder.files) {
      const kept = this.#byFile.get(file);
      const read = folder.rules.get(file);
      const old = read && before.get(read.rule);
      const same = read && old && canonical(read) === canonical(old);
      if (read && old && !same && read.version <= old.version) {
        issues.push({ path: file, message: `its content changed: raise version to ${old.version + 1}` });
        next.set(file, old);
      } else if (read ?? kept) next.set(file, same ? old : (read ?? kept)!);
    }
    // A new file that is wrong may be the one that is gone, under another name.
    if (folder.files.some((file) => !folder.rules.has(file) && !this.#byFile.has(file))) {
      const names = new Set([...next.values()].map(({ rule }) => rule));
      for (const [file, old] of this.#byFile) if (!names.has(old.rule)) next.set(file, old);
    }
    const several = twice(next.values());
    return several.length > 0 ? { next: this.#byFile, issues: [...issues, ...several] } : { next, issues };
  }
}

function inOrder(files: ReadonlyMap<string, Rule>): Rule[] {
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}

function noRule(directory: string): Issue {
  return { path: directory, message: 'holds no rule (*.yaml)' };
}

function titlesOf(rules: Iterable<Rule>): Map<string, Rule['title']> {
  return new Map([...rules].map(({ rule, title }) => [rule, title]));
}

function changesOf(before: Iterable<Rule>, after: Iterable<Rule>): RuleChange[] {
  const old = new Map([...before].map((rule) => [rule.rule, rule.version]));
  const now = new Map([...after].map((rule) => [rule.rule, rule.version]));
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((rule) => ({ rule, from: old.get(rule) ?? 0, to: now.get(rule) ?? 0 }))
    .filter(({ from, to }) => from !== to);
}

/** JSON with sorted keys: the order of keys in a file is not content. */
function canonical(rule: Rule): string {
  return JSON.stringify(fileOf(rule), (_, inner: unknown) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
