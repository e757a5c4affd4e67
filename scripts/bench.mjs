import './node-version.mjs';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundleGateway } from './bundle.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { ROOT } from './root.mjs';
import { runScript, setUpPackages, setUpPrograms } from './setup.mjs';
import { say } from './shell.mjs';

/** Runs message-cost among what it does itself, so it is run by its name only. */
const RUNS_ANOTHER = 'peers';

/**
 * Runs every file of bench/ but {@link RUNS_ANOTHER}, or those whose names are given; prints one JSON line per result,
 * then tables per file.
 */
await runScript(async () => {
  await setUpPackages();
  await setUpPrograms();
  const gateway = await bundleGateway();
  const asked = process.argv.slice(2);
  const names = readdirSync(join(ROOT, 'bench'), { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('support'))
    .map((name) => name.slice(0, -3))
    .filter((name) => (asked.length === 0 ? name !== RUNS_ANOTHER : asked.includes(name)));
  const tables = [];
  for (const name of names.sort()) {
    const { rows, status } = await measure(name, gateway);
    if (rows.length > 0) tables.push(`\n${name}\n${alike(rows).map(table).join('\n\n')}`);
    if (status !== 0) {
      say(`bench/${name}.ts ended with status ${status}`);
      process.exitCode = 1;
    }
  }
  process.stdout.write(`${tables.join('\n')}\n`);
  if (tables.length === 0) process.exitCode = 1;
});

/** One process per file, so that no measurement warms up another. */
async function measure(name, gateway) {
  const child = spawn(pinnedNode(), [join('bench', `${name}.ts`)], {
    cwd: ROOT,
    env: { ...process.env, TEST_GATEWAY: gateway },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.on('exit', (status) => resolve(status ?? 1)));
  const rows = [];
  for await (const line of createInterface({ input: child.stdout })) {
    process.stdout.write(`${line}\n`);
    const row = readResult(line);
    if (row) rows.push(row);
  }
  return { rows, status: await ended };
}

function readResult(line) {
  try {
    const row = JSON.parse(line);
    return typeof row === 'object' && row !== null && 'bench' in row ? row : null;
  } catch {
    return null;
  }
}

/** Results with the same columns stand together, in the order in which the first of each came. */
function alike(rows) {
  const groups = new Map();
  for (const row of rows) {
    const columns = Object.keys(row).join(' ');
    groups.set(columns, [...(groups.get(columns) ?? []), row]);
  }
  return [...groups.values()];
}

function table(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [columns, ...rows.map((row) => columns.map((column) => show(row[column])))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index].length)));
  return cells
    .map((line) =>
      line
        .map((cell, index) => cell.padEnd(widths[index]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function show(value) {
  if (value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
