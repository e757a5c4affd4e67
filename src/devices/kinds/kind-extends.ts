import type { Issue } from '../../core/errors.ts';
import type { CommandFiles } from './kind-command.ts';
import { issuesOf, type KindSource, parseSource } from './kind-file.ts';
import { type BaseFile, type KindFile, kindFile, type WrittenKind } from './kind-schema.ts';

type Parts = Pick<BaseFile, 'fields' | 'events'> & { commands: CommandFiles };

/** Reads the text of one kind file with what it takes over from `others`. */
export function parseKindFile(
  file: string,
  text: string,
  others: ReadonlyMap<string, KindSource> = new Map(),
): { kind: KindFile } | { issues: Issue[] } {
  const source = parseSource(file, text);
  if ('issues' in source) return source;
  if (!source.kind) return { issues: [{ path: file, message: 'is a base, and no kind' }] };
  return resolveKind(source.kind, source, others);
}

/** Something wrong on the way up; ends the search. */
class Wrong extends Error {
  readonly issue: Issue;

  constructor(source: KindSource, message: string) {
    super(message);
    this.issue = { path: source.at(['extends']), message: `extends: ${message}` };
  }
}

/**
 * A kind with the fields, events and commands of the files it extends. What it says itself replaces what it takes over;
 * two files that say different things of one name are an issue, since nobody could tell which one counts.
 */
export function resolveKind(
  written: WrittenKind,
  source: KindSource,
  others: ReadonlyMap<string, KindSource>,
): { kind: KindFile } | { issues: Issue[] } {
  let parts: Parts;
  try {
    parts = partsOf(source, others, []);
  } catch (error) {
    if (error instanceof Wrong) return { issues: [error.issue] };
    throw error;
  }
  const { extends: _, commands: __, ...own } = written;
  const { commands, ...taken } = parts;
  const some = Object.keys(commands).length > 0 ? { commands } : {};
  const result = kindFile.safeParse({ ...own, ...taken, ...some });
  if (result.success) return { kind: result.data };
  // What came from another file is not found in this one: there the line that took it over is named.
  const at = (path: readonly PropertyKey[]) => source.at(isOwn(written, path) ? path : ['extends']);
  return { issues: issuesOf(result.error, at) };
}

function isOwn(written: WrittenKind, [set, name]: readonly PropertyKey[]): boolean {
  if ((set !== 'fields' && set !== 'events' && set !== 'commands') || name === undefined) return true;
  return Object.hasOwn(written[set] ?? {}, name);
}

function partsOf(source: KindSource, others: ReadonlyMap<string, KindSource>, below: string[]): Parts {
  const chain = [...below, source.stem];
  const { fields, events, commands = {}, extends: named = [] } = source.content;
  const taken: Parts = { fields: {}, events: {}, commands: {} };
  for (const stem of [named].flat()) {
    if (chain.includes(stem)) throw new Wrong(source, `goes in a circle: ${[...chain, stem].join(' → ')}`);
    const other = others.get(stem);
    if (!other) throw new Wrong(source, `there is no ${stem}.yaml here, or it is wrong itself`);
    const parts = partsOf(other, others, chain);
    join(taken.fields, parts.fields, { source, own: fields, stem });
    join(taken.events, parts.events, { source, own: events, stem });
    join(taken.commands, parts.commands, { source, own: commands, stem });
  }
  return {
    fields: { ...taken.fields, ...fields },
    events: { ...taken.events, ...events },
    commands: { ...taken.commands, ...commands },
  };
}

interface From {
  source: KindSource;
  own: Record<string, unknown>;
  stem: string;
}

function join<Part>(into: Record<string, Part>, parts: Record<string, Part>, { source, own, stem }: From): void {
  for (const [name, part] of Object.entries(parts)) {
    const other = into[name];
    if (other !== undefined && other !== part && !Object.hasOwn(own, name)) {
      throw new Wrong(source, `${stem} and another file both have ${name}, and differ`);
    }
    into[name] = part;
  }
}
