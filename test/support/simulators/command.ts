import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Verdict, verdict as verdictSchema } from '../../../simulators/report/verdict.ts';
import { ROOT } from '../root.ts';
import type { Owner } from '../services/services.ts';

/** A city that was typed at the command line, with a gateway of its own. */
export interface Run {
  child: ChildProcess;
  out: string;
  /** What it said so far, output and complaints. */
  lines: string[];
  /** Its exit status. */
  ended: Promise<number | null>;
}

/** Runs `citywatch simulate` of this city with seed 7, in `directory`; it is killed where the test ends before it. */
export function simulate(
  t: Owner,
  directory: string,
  { city, words }: { city: string; words: readonly string[] },
): Run {
  const [file, out] = [join(directory, 'city.yaml'), join(directory, 'out')];
  writeFileSync(file, city);
  const child = spawn(join(ROOT, 'scripts/citywatch'), ['simulate', file, '--out', out, '--seed', '7', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  const ended = once(child, 'close').then(([status]) => status as number | null);
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, out, lines, ended };
}

export function verdictOf({ out }: Run): Verdict {
  return verdictSchema.parse(JSON.parse(readFileSync(join(out, 'verdict.json'), 'utf8')));
}
