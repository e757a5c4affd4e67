import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Issue } from '../../core/errors.ts';
import { folderSignature, yamlFilesIn } from '../../platform/files/folder-watch.ts';
import type { MadeBefore } from '../../platform/files/made-before.ts';
import { resolveKind } from './kind-extends.ts';
import { type KindSource, parseSource, type WrittenSource, withLines } from './kind-file.ts';
import type { KindFile } from './kind-schema.ts';

export interface KindFolder {
  /** The kinds whose files are right, by name. */
  kinds: ReadonlyMap<string, KindFile>;
  /** Every file that is right, bases too, by name without ending. */
  sources: ReadonlyMap<string, KindSource>;
  issues: Issue[];
  /** Of the files as they were when reading began. */
  signature: string;
}

interface Text {
  path: string;
  text: string;
}

/** What is made of files that are all right, as it is kept. */
interface Made {
  sources: (WrittenSource & Text)[];
  kinds: [string, KindFile][];
}

/**
 * Reads every `*.yaml` of a folder; what is wrong in one file leaves the others as they are. Files that are all right
 * and were read before are not parsed again: `before` finds what was made of the same texts.
 */
export async function readKindFolder(directory: string, before: MadeBefore): Promise<KindFolder> {
  const signature = await folderSignature(directory);
  const paths = (await yamlFilesIn(directory)).map((name) => join(directory, name));
  const texts = await Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, 'utf8') })));
  const key = keyOf(texts);
  const found = (await before.find(key)) as Made | null;
  if (found) {
    const sources = new Map(
      found.sources.map(({ path, text, ...source }) => [source.stem, withLines(path, text, source)]),
    );
    return { kinds: new Map(found.kinds), sources, issues: [], signature };
  }
  const made = parseAll(texts);
  // Two files of one name, of which the last counts, are too odd to be worth it.
  const isPlain = made.issues.length === 0 && made.sources.size === texts.length;
  if (isPlain) await before.keep(key, kept(texts, made));
  return { ...made, signature };
}

/** Issues and lines name the paths, so those are part of it. */
function keyOf(texts: Text[]): string {
  const hash = createHash('sha256');
  for (const { path, text } of texts) hash.update(JSON.stringify([path, text]));
  return `kinds-${hash.digest('hex').slice(0, 32)}`;
}

function parseAll(texts: Text[]): Omit<KindFolder, 'signature'> {
  const sources = new Map<string, KindSource>();
  const paths = new Map<string, string>();
  const issues: Issue[] = [];
  for (const { path, text } of texts) {
    const source = parseSource(path, text);
    if ('issues' in source) issues.push(...source.issues);
    else {
      sources.set(source.stem, source);
      paths.set(source.stem, path);
    }
  }
  const kinds = new Map<string, KindFile>();
  for (const [stem, source] of sources) {
    if (!source.kind) continue;
    const path = paths.get(stem)!;
    if (source.kind.kind !== stem) {
      const message = `kind is "${source.kind.kind}", so the file must be named ${source.kind.kind}.yaml`;
      issues.push({ path, message });
      continue;
    }
    const resolved = resolveKind(source.kind, source, sources);
    if ('issues' in resolved) issues.push(...resolved.issues);
    else kinds.set(stem, resolved.kind);
  }
  return { kinds, sources, issues };
}

function kept(texts: Text[], { kinds, sources }: Pick<KindFolder, 'kinds' | 'sources'>): Made {
  const written = [...sources.values()].map(({ stem, kind, content }, index) => ({
    stem,
    kind,
    content,
    ...texts[index]!,
  }));
  return { sources: written, kinds: [...kinds] };
}
