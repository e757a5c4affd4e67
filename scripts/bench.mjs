import './node-version.mjs';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArguments } from './benches/arguments.mjs';
import { writePage } from './benches/page.mjs';
import { figuresOf, keep, keptResults, originOf } from './benches/results.mjs';
import { table } from './benches/table.mjs';
import { bundleGateway } from './bundle.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { ROOT } from './root.mjs';
import { runScript, setUpPackages, setUpPrograms } from './setup.mjs';
import { SetupError, say } from './shell.mjs';

/** Runs message-cost among what it does itself, so it is run by its name only. */
const RUNS_ANOTHER = 'peers';

/**
 * Runs every file of bench/ but {@link RUNS_ANOTHER}, or those whose names are given; prints one JSON line per case,
 * then tables per file. With `--keep` the figures are kept too, and the page of the figures is made anew.
 */
await runScript(async () => {
  const { names: asked, keep: isKept, runs, page } = parseArguments(process.argv.slice(2));
  if (page) return writePage(keptResults());
  const all = benches();
  const unknown = asked.find((name) => !all.includes(name));
  if (unknown) throw new SetupError(`there is no bench ${unknown}: ${all.join(', ')}`);
  await setUpPackages();
  await setUpPrograms();
  const gateway = await bundleGateway();
  const tables = [];
  for (const name of all.filter((name) => (asked.length === 0 ? name !== RUNS_ANOTHER : asked.includes(name)))) {
    const made = await measureTimes(name, gateway, runs);
    const figures = figuresOf(made.runs);
    if (figures.length > 0) tables.push(`\n${name}\n${table(figures)}`);
    if (made.status !== 0) {
      say(`bench/${name}.ts ended with status ${made.status}${isKept ? ': its figures are not kept' : ''}`);
      process.exitCode = 1;
    } else if (isKept) {
      keep(name, { ...originOf(), runs, machine: made.machine, figures });
      writePage(keptResults());
    }
  }
  process.stdout.write(`${tables.join('\n')}\n`);
  if (tables.length === 0) process.exitCode = 1;
});

function benches() {
  return readdirSync(join(ROOT, 'bench'), { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('support'))
    .map((name) => name.slice(0, -3))
    .sort();
}

/** The runs of one bench; the machine is that of the first, with its load before it and after the last. */
async function measureTimes(name, gateway, times) {
  const runs = [];
  let machine;
  let status = 0;
  for (let turn = 0; turn < times && status === 0; turn += 1) {
    const one = await measure(name, gateway);
    machine ??= one.machine;
    ({ status } = one);
    runs.push(one.rows);
  }
  if (machine) machine.loadAfter = Math.round(loadavg()[0] * 100) / 100;
  return { runs, machine, status };
}

/** One process per run, so that no measurement warms up another. */
async function measure(name, gateway) {
  const child = spawn(pinnedNode(), [join('bench', `${name}.ts`)], {
    cwd: ROOT,
    env: { ...process.env, TEST_GATEWAY: gateway },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.on('exit', (status) => resolve(status ?? 1)));
  const rows = [];
  let machine;
  for await (const line of createInterface({ input: child.stdout })) {
    process.stdout.write(`${line}\n`);
    const row = readLine(line);
    if (row?.machine && !machine) machine = machineOf(row);
    if (row?.figures) rows.push(row);
  }
  return { rows, machine, status: await ended };
}

function machineOf({ machine: model, cores, memoryBytes, node, loadAverage }) {
  return { model, cores, memoryBytes, node: `Node ${node}`, loadBefore: loadAverage[0] };
}

function readLine(line) {
  try {
    const row = JSON.parse(line);
    return typeof row === 'object' ? row : null;
  } catch {
    return null;
  }
}
