import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../../core/clock.ts';
import { PLAIN_ENVIRONMENT } from './run.ts';

/** One line that the simulated city said. */
export type CityEvent = { event: string } & Record<string, unknown>;

export interface SimulatedCityOptions {
  /** The scenario of a demonstration, or a whole city that is judged; the first where it is absent. */
  program?: keyof typeof PROGRAMS;
  /** Words after the program's name. Never a secret: the token goes in a file. */
  args: string[];
  clock: Clock;
  /** How long it may take to end when it is asked to. */
  stopMs: number;
  onEvent?(event: CityEvent): void;
  /** Each line of its output as it is. */
  onLine?(line: string): void;
  onComplaint(line: string): void;
}

/**
 * Thousands of devices make much that is short-lived: with the usual room for that, 10,000 of them at 5,000 messages a
 * second took 317 MB, with this much 221 MB, for a quarter more processor time. On a busy machine much of it grows old
 * before it is looked at: 70 MB lived, and the heap grew to 306 and the process to 437 MB until all was looked
 * through; growing by half of what lives it stays at 241 MB, for the same processor time.
 */
export const CITY_NODE_OPTIONS = ['--max-semi-space-size=4', '--heap-growing-percent=50'] as const;
const PROGRAMS = {
  scenario: ['simulators/main.ts'],
  city: [...CITY_NODE_OPTIONS, 'simulators/cities/main.ts'],
} as const;
const ROOT = join(import.meta.dirname, '../../..');
const LINE_CHARS_MAX = 4_000;

/** The simulated city as a child: it stands in for devices in the field and knows only the gateway's public doors. */
export class SimulatedCity {
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #stopMs: number;
  /** Resolves with the exit status (or null after a signal) when it has ended. */
  readonly ended: Promise<number | null>;

  constructor(options: SimulatedCityOptions) {
    const { program = 'scenario', args, clock, stopMs, onEvent, onLine, onComplaint } = options;
    this.#clock = clock;
    this.#stopMs = stopMs;
    const words = ['--pdeathsig', 'KILL', '--', process.execPath, ...PROGRAMS[program], ...args];
    this.#child = spawn('setpriv', words, {
      cwd: ROOT,
      env: PLAIN_ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve(1));
      this.#child.once('close', (status) => resolve(status));
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      onLine?.(line);
      const event = onEvent ? parseEvent(line.slice(0, LINE_CHARS_MAX)) : null;
      if (event) onEvent?.(event);
    });
    createInterface({ input: this.#child.stderr! }).on('line', (line) => onComplaint(line.slice(0, LINE_CHARS_MAX)));
  }

  /** Asks it to end, and ends it when it does not in time. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const cancel = this.#clock.after(this.#stopMs, () => this.#child.kill('SIGKILL'));
    await this.ended;
    cancel();
  }
}

function parseEvent(line: string): CityEvent | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof (value as CityEvent | null)?.event === 'string' ? (value as CityEvent) : null;
  } catch {
    return null;
  }
}
