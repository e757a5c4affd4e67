import type { ParseArgsConfig } from 'node:util';
import { type Clock, systemClock } from '../../core/clock.ts';
import { createObserver, type KnownSecrets, type Observer } from '../../core/observe.ts';
import { type Config, loadConfig } from '../config/config.ts';

export type Options = NonNullable<ParseArgsConfig['options']>;

export interface Arguments {
  words: string[];
  options: Record<string, string | boolean | (string | boolean)[] | undefined>;
}

/** One command of `citywatch`. To add one: a file here and a line in cli.ts. */
export interface Command {
  name: string;
  summary: string;
  /** Words and options after the name, for the help. */
  usage: string;
  /** More help, line by line. */
  details: string[];
  options: Options;
  /** Runs to the end and resolves with the exit status. Throws UsageError for wrong arguments. */
  run(given: Arguments, terminal: Terminal): Promise<number>;
}

/** Where a command speaks. */
export interface Terminal {
  print(line: string): void;
  complain(line: string): void;
  /** Secrets that neither may show. */
  secrets: KnownSecrets;
}

/** Wrong words or options: exit status 2. */
export class UsageError extends Error {}

export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** What most commands begin with. */
export function prepare({ secrets }: Terminal): { config: Config; clock: Clock; observer: Observer } {
  const config = loadConfig({ secrets });
  return { config, clock: systemClock, observer: createObserver({ level: config.log.level, secrets }) };
}

/** As {@link prepare} for commands whose output is read by people: warnings and errors alone are logged. */
export function prepareQuietly(terminal: Terminal): ReturnType<typeof prepare> {
  const { config, clock } = prepare(terminal);
  return { config, clock, observer: createObserver({ level: 'silent', secrets: terminal.secrets }) };
}
