import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Issue } from '../../core/errors.ts';
import { folderSignature, yamlFilesIn } from '../../platform/files/folder-watch.ts';
import { resolveKind } from './kind-extends.ts';
import { type KindSource, parseSource } from './kind-file.ts';
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

/** Reads every `*.yaml` of a folder; what is wrong in one file leaves the others as they are. */
export async function readKindFolder(directory: string): Promise<KindFolder> {
  const sources = new Map<string, KindSource>();
  const paths = new Map<string, string>();
  const issues: Issue[] = [];
  const signature = await folderSignature(directory);
  for (const name of await yamlFilesIn(directory)) {
    const path = join(directory, name);
    const source = parseSource(path, await readFile(path, 'utf8'));
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
  return { kinds, sources, issues, signature };
}
