import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../root.mjs';

/** Where kept figures are: `bench/results/NAME.json`, one file for each bench, of its last kept runs. */
export const RESULTS = 'bench/results';

/**
 * The figures of several runs of one bench: the same figure of the same case has one value for each run, in their
 * order. What it measures beside itself (its baseline, from the same run) has as many.
 */
export function figuresOf(runs) {
  const kept = new Map();
  for (const { bench, of, figures } of runs.flat()) {
    for (const { name, value, unit, goal, beside } of figures) {
      const key = JSON.stringify([bench, of, name]);
      const figure = kept.get(key) ?? { bench, of, name, unit, goal, values: [], beside: undefined };
      figure.values.push(value);
      if (beside) {
        figure.beside ??= { name: beside.name, values: [] };
        figure.beside.values.push(beside.value);
      }
      kept.set(key, figure);
    }
  }
  return [...kept.values()];
}

/** What the file says of its origin: revision, with a mark where files were changed since; settings of this bench. */
export function originOf() {
  const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
  const settings = Object.entries(process.env).filter(([name]) => /^CITYWATCH_BENCH_(?!PROFILE)/.test(name));
  const changed = git('status', '--porcelain', '--', ':!bench/results', ':!docs') !== '';
  return {
    date: new Date().toISOString().slice(0, 10),
    revision: `${git('rev-parse', '--short=8', 'HEAD')}${changed ? ', with changes' : ''}`,
    settings: Object.fromEntries(settings.sort()),
  };
}

/** One line for each figure, so that a difference shows what changed. */
export function keep(name, { figures, ...about }) {
  const path = join(ROOT, RESULTS, `${name}.json`);
  mkdirSync(dirname(path), { recursive: true });
  const head = JSON.stringify(about, null, 2).slice(0, -2);
  const lines = figures.map((figure) => `    ${JSON.stringify(figure)}`).join(',\n');
  writeFileSync(path, `${head},\n  "figures": [\n${lines}\n  ]\n}\n`);
}

/** Kept results by the name of their bench, in its order. */
export function keptResults() {
  const below = join(ROOT, RESULTS);
  const names = readdirSync(below, { recursive: true }).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => ({
    name: name.slice(0, -'.json'.length),
    ...JSON.parse(readFileSync(join(below, name), 'utf8')),
  }));
}
