import { isMap, isScalar, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml';
import type { Issue } from '../../core/errors.ts';
import { isSetting } from '../../core/setup/setting.ts';
import { closest } from './did-you-mean.ts';
import { SETTINGS } from './settings.ts';

/** A value as it stands in the file or a variable, before it is checked. */
export interface FoundValue {
  /** Where it stands, for messages: `config/gateway.yaml:12 http.port` or `CITYWATCH_HTTP_PORT`. */
  place: string;
  value: unknown;
  /** Whether `value` is the path of a file that holds the value. */
  isFile: boolean;
}

/** Finds the settings in the text of a YAML file, by key; wrong syntax and unknown keys become issues. */
export function readSettingsFile(text: string, name: string, issues: Issue[]): Map<string, FoundValue> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  for (const error of document.errors) {
    issues.push({ path: `${name}:${lines.linePos(error.pos[0]).line}`, message: error.message });
  }
  if (document.errors.length > 0 || document.contents === null) return new Map();
  if (!isMap(document.contents)) {
    issues.push({ path: name, message: 'must hold keys and values, such as "http: { port: 8080 }"' });
    return new Map();
  }
  const walk = new Walk(name, lines, issues);
  walk.section(document.contents, SETTINGS, []);
  return walk.found;
}

class Walk {
  readonly found = new Map<string, FoundValue>();
  readonly #name: string;
  readonly #lines: LineCounter;
  readonly #issues: Issue[];

  constructor(name: string, lines: LineCounter, issues: Issue[]) {
    this.#name = name;
    this.#lines = lines;
    this.#issues = issues;
  }

  section(map: YAMLMap, tree: object, above: string[]): void {
    for (const pair of map.items) this.#entry(pair, tree, above);
  }

  #entry(pair: Pair, tree: object, above: string[]): void {
    const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const key = [...above, name].join('.');
    const place = `${this.#name}:${this.#lineOf(pair)} ${key}`;
    const names = namesIn(tree);
    const target = names.get(name);
    if (!target) {
      const near = closest(name, [...names.keys()]);
      const hint = near ? `; did you mean ${[...above, near].join('.')}?` : '';
      this.#issues.push({ path: place, message: `is not a setting${hint}` });
    } else if (!isSetting(target.node)) {
      if (isMap(pair.value)) this.section(pair.value, target.node, [...above, name]);
      else if (!isEmpty(pair.value)) this.#issues.push({ path: place, message: 'must hold keys and values' });
    } else if (!isEmpty(pair.value)) {
      const settingKey = [...above, target.name].join('.');
      const value = toPlain(pair.value);
      if (this.found.has(settingKey)) this.#issues.push({ path: place, message: `set ${settingKey} once, not twice` });
      this.found.set(settingKey, { place, value, isFile: target.name !== name });
    }
  }

  #lineOf(pair: Pair): number {
    const start = (isScalar(pair.key) ? pair.key.range?.[0] : 0) ?? 0;
    return this.#lines.linePos(start).line;
  }
}

interface Target {
  node: object;
  /** Name of the setting, which for `urlFile` is `url`. */
  name: string;
}

/** What may stand in one section: its settings and sections, and `…File` of settings that may come from a file. */
function namesIn(tree: object): Map<string, Target> {
  const names = new Map<string, Target>();
  for (const [name, node] of Object.entries(tree) as [string, object][]) {
    names.set(name, { node, name });
    if (isSetting(node) && node.fromFile) names.set(`${name}File`, { node, name });
  }
  return names;
}

function isEmpty(value: unknown): boolean {
  return value === null || (isScalar(value) && value.value === null);
}

function toPlain(value: unknown): unknown {
  return value !== null && typeof value === 'object' && 'toJSON' in value
    ? (value as { toJSON(): unknown }).toJSON()
    : value;
}
