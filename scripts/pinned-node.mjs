import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.mjs';
import { SetupError } from './shell.mjs';

/**
 * The Node that the gateway, its tests and its benchmarks run on: a binary inside a package of the npm registry, pinned
 * by package-lock.json with its hash. Another machine than those it is made for uses the Node that started us, if that
 * is of the same line.
 */
export function pinnedNode() {
  const binary = join(ROOT, 'node_modules', packageName(), 'bin', 'node');
  if (existsSync(binary)) return binary;
  const [line] = Object.values(readManifest().optionalDependencies)[0].split('.');
  if (process.versions.node.split('.')[0] === line) return process.execPath;
  const machine = `${process.platform} ${process.arch}`;
  throw new SetupError(`citywatch has no Node of its own for ${machine}; start it with a Node ${line} of yours.`);
}

function readManifest() {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
}

export function packageName() {
  return `node-${process.platform}-${process.arch}`;
}
