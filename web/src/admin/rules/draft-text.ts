import { keepValues, valuesOf } from '../common/drafts.ts';

/** Under which name the draft of a rule is kept: one at a time. */
export const DRAFT = 'rules.draft';

/** The text of the draft; empty where there is none. */
export function draftText(): string {
  return valuesOf(DRAFT).yaml ?? '';
}

/** Where the gateway has the text of a rule in force. */
export function textPath(rule: string): string {
  return `/rules/text?rule=${encodeURIComponent(rule)}`;
}

/** Begins a draft with the text of a rule in force, as its next version. */
export function beginDraft(yaml: string): void {
  keepValues(DRAFT, { yaml: yaml.replace(/^version: (\d+)$/m, (_, version) => `version: ${Number(version) + 1}`) });
  showDraft();
}

/** Brings the draft into sight, to go on with it. */
export function showDraft(): void {
  document.getElementById('rules-draft')?.scrollIntoView();
}

/** Which rule the draft is of, empty where its text does not say; null where there is none. */
export function draftOf(): string | null {
  const yaml = draftText();
  return yaml === '' ? null : (ruleIn(yaml) ?? '');
}

/** Which rule a text is of, as it stands at the beginning of a line; null where it says none. */
export function ruleIn(yaml: string): string | null {
  const [, name] = /^rule:\s*["']?([a-z][a-z0-9-]{0,63})["']?\s*$/m.exec(yaml) ?? [];
  return name ?? null;
}

/** What a rule that is new may begin with. */
export const EMPTY_RULE = `rule: name-of-the-rule
version: 1
title:
  en: What happened
  zh: 发生了什么
severity: minor
class: fault
kinds: []
condition:
  type: threshold
  any:
    - { field: fill_pct, above: 90 }
`;
