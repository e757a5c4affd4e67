import { type Document, isMap, isScalar, LineCounter, type ParsedNode, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { type Issue, messageOf } from '../../core/errors.ts';
import { type BaseFile, baseFile, type WrittenKind, writtenKind } from './kind-schema.ts';

const FILE_CHARACTERS_MAX = 256_000;
const ALIASES_MAX = 100;

/** What is written in one file of the folder. */
export interface WrittenSource {
  /** `camera` or `_health`: the name of the file without its ending. */
  stem: string;
  /** Null for a base. */
  kind: WrittenKind | null;
  content: WrittenKind | BaseFile;
}

/** One file of the folder, as it was written. */
export interface KindSource extends WrittenSource {
  /** `camera.yaml:12`: where a key stands, or the deepest one on the way to it that there is. */
  at(path: readonly PropertyKey[]): string;
}

/** A source whose text was parsed before, and is again once somebody asks where something stands. */
export function withLines(file: string, text: string, written: WrittenSource): KindSource {
  let parsed: ReturnType<typeof parseSource> | null = null;
  const at = (path: readonly PropertyKey[]): string => {
    parsed ??= parseSource(file, text);
    return 'issues' in parsed ? file : parsed.at(path);
  };
  return { ...written, at };
}

/**
 * Reads the text of a kind, or of a base when the file's name begins with `_`. Issues carry `file:line` and say which
 * key is wrong and what would be right.
 */
export function parseSource(file: string, text: string): KindSource | { issues: Issue[] } {
  if (text.length > FILE_CHARACTERS_MAX) return { issues: [{ path: file, message: 'is larger than 256 KB' }] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const line = (offset: number | undefined) => `${file}:${lines.linePos(offset ?? 0).line}`;
  const broken = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    path: line(pos[0]),
    message: message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, ''),
  }));
  // The schema passes over this key in silence.
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === '__proto__') {
        broken.push({ path: line(key.range?.[0]), message: '__proto__ is not a name' });
      }
    },
  });
  if (broken.length > 0) return { issues: broken };
  const written = plain(document);
  if (written instanceof Error) return { issues: [{ path: file, message: written.message }] };
  const at = (path: readonly PropertyKey[]) => line(offsetOf(document.contents, path));
  const stem = stemOf(file);
  if (stem.startsWith('_')) {
    const base = baseFile.safeParse(written);
    return base.success ? { stem, kind: null, content: base.data, at } : { issues: issuesOf(base.error, at) };
  }
  const kind = writtenKind.safeParse(written);
  return kind.success ? { stem, kind: kind.data, content: kind.data, at } : { issues: issuesOf(kind.error, at) };
}

function stemOf(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.ya?ml$/, '');
}

/** What a schema found, each at its line and led by its key. */
export function issuesOf(error: z.ZodError, at: KindSource['at']): Issue[] {
  return error.issues.map((issue) => {
    const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
    const told = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
    const message = issue.code === 'unrecognized_keys' ? 'unknown key' : (told ?? issue.message);
    return { path: at(path), message: `${path.join('.') || 'file'}: ${message}` };
  });
}

/** The document as plain objects, or the error of one whose aliases would multiply into a huge one. */
function plain(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    return error instanceof ReferenceError ? error : new ReferenceError(messageOf(error));
  }
}

/** Where the deepest part of `path` that exists stands: the key, so that a wrong block is found by its name. */
function offsetOf(root: ParsedNode | null, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = root;
  let offset = root?.range[0];
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (!pair) return offset;
      offset = (pair.key as ParsedNode).range[0];
      node = pair.value;
    } else if (node && typeof node === 'object' && 'items' in node && typeof step === 'number') {
      node = (node.items as unknown[])[step];
      offset = (node as ParsedNode | undefined)?.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
