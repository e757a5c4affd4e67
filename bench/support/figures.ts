import { cpus, loadavg, totalmem } from 'node:os';

/** The contract of every measurement: what it gives its figures to. `scripts/bench.mjs` reads and keeps them. */

/** Of a rate, the count is what the figure's name says: messages, alerts, points. */
export type Unit =
  | 's'
  | 'ms'
  | 'µs'
  | 'ns'
  | 'CPU s'
  | 'CPU ms'
  | 'CPU µs'
  | 'cores'
  | '% of a core'
  | '%'
  | 'MiB'
  | 'MiB/s'
  | 'bytes'
  | '/s'
  | '×'
  | 'count';

/** What a figure has to be, and who asks for that, as "issue 10". */
export interface Goal {
  most?: number;
  least?: number;
  source: string;
}

/** What does the same work by other means, measured in the same run; `value` has the unit of the figure. */
interface Baseline {
  beside: string;
  value: number;
}

/** A figure and its unit; null where it could not be measured here, which leaves it out. */
export type Given = readonly [value: number | null, unit: Unit, ...about: (Goal | Baseline)[]];

/** In which case a figure was measured: its rate, its state, its turn. */
export type Case = Readonly<Record<string, string | number | boolean>>;

export function atMost(most: number, source: string): Goal {
  return { most, source };
}

export function atLeast(least: number, source: string): Goal {
  return { least, source };
}

export function beside(name: string, value: number): Baseline {
  return { beside: name, value };
}

/** The same unit for each of several values, as of processes by their name. */
export function each(values: Readonly<Record<string, number>>, unit: Unit): Record<string, Given> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value, unit] as const]));
}

/** Gives figures of one case: `what` names the measurement. */
export function tell(what: string, of: Case, given: Readonly<Record<string, Given>>): void {
  const figures = Object.entries(given).flatMap(([name, [value, unit, ...about]]) =>
    value === null ? [] : [Object.assign({ name, value: rounded(value), unit }, ...about.map(named))],
  );
  print({ bench: what, of, figures });
}

function named(about: Goal | Baseline): object {
  if (!('beside' in about)) return { goal: about };
  return { beside: { name: about.beside, value: rounded(about.value) } };
}

/** Four digits are more than two runs agree on. */
function rounded(value: number): number {
  return Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(4));
}

/** The first line of each measurement. */
export function tellMachine(): void {
  print({
    machine: cpus()[0]?.model ?? 'not known',
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
    loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
  });
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
