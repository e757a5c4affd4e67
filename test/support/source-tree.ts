import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { ROOT } from './root.ts';

/** Made by a program, so nobody reads or changes it. */
const MADE = 'web/src/ground/openapi.d.ts';

/** Files below `folders` that somebody wrote and git tracks or would track, so that a half-written file counts too. */
export function filesBelow(folders: string[], pattern: RegExp): string[] {
  const below = (path: string): boolean => folders.some((folder) => path.startsWith(`${folder}/`));
  tracked ??= listTracked();
  return tracked.filter((path) => path !== MADE && below(path) && pattern.test(path));
}

let tracked: string[] | null = null;

function listTracked(): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return [...new Set(listed.split('\n'))].filter((path) => existsSync(join(ROOT, path))).sort();
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** A syntax node as oxc gives it: only what the walk needs. */
export interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

export interface ParsedSource {
  path: string;
  text: string;
  /** What it imports or re-exports, static and dynamic, with whether only types are taken. */
  imports: { from: string; start: number }[];
  nodes: Node[];
}

const parsed = new Map<string, ParsedSource>();

/** Parses one source file and flattens its syntax tree; once, however many rules look at it. */
export function parseSource(path: string): ParsedSource {
  const known = parsed.get(path);
  if (known) return known;
  const source = parseText(path, read(path));
  parsed.set(path, source);
  return source;
}

/** As {@link parseSource}, of a text that stands nowhere. */
export function parseText(path: string, text: string): ParsedSource {
  const result = parseSync(path, text);
  if (result.errors.length > 0) throw new Error(`${path}: ${result.errors[0]?.message}`);
  const nodes: Node[] = [];
  collect(result.program as unknown as Node, nodes);
  const imports: { from: string; start: number }[] = [];
  for (const node of nodes) {
    const source = node.source as Node | null | undefined;
    const value = source && typeof source === 'object' ? source.value : undefined;
    if (typeof value === 'string') imports.push({ from: value, start: node.start });
  }
  return { path, text, imports, nodes };
}

function collect(node: Node, into: Node[]): void {
  into.push(node);
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) for (const item of value) collectChild(item, into);
    else collectChild(value, into);
  }
}

function collectChild(value: unknown, into: Node[]): void {
  if (value !== null && typeof value === 'object' && typeof (value as Node).type === 'string') {
    collect(value as Node, into);
  }
}

export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i !== -1 && i < offset; i = text.indexOf('\n', i + 1)) line += 1;
  return line;
}
