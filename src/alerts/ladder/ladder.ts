import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { MINUTE_MS } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { LEVELS, type Level } from './levels.ts';

const MINUTES_MAX = 24 * 60;

const minutes = z.int().min(0).max(MINUTES_MAX);
const waits = z
  .strictObject({ county: minutes.optional(), city: minutes.optional() })
  .refine(({ county = 0, city = MINUTES_MAX }) => county <= city, {
    path: ['city'],
    message: 'must not be fewer minutes than those of the county',
  });

const file = z.strictObject({ extreme: waits, severe: waits, moderate: waits, minor: waits });

type Waits = Record<string, z.infer<typeof waits>>;

/** The next level that is to be told, and how long after the one before, ms. */
export interface Rung {
  level: number;
  afterMs: number;
}

/** How long alerts wait for somebody to take them before the next level is told. */
export class Ladder {
  readonly #waits: Waits;

  private constructor(waits: Waits) {
    this.#waits = waits;
  }

  /** Nothing climbs. */
  static readonly NONE = new Ladder({});

  /** Reads a file like config/ladder.yaml. Throws `config.invalid`, which names what is wrong. */
  static async load(path: string): Promise<Ladder> {
    return Ladder.parse(await readFile(path, 'utf8'), path);
  }

  /** As {@link load}, of text; `path` is for the error. */
  static parse(text: string, path: string): Ladder {
    const wrong = (issues: { path: string; message: string }[]): CitywatchError =>
      new CitywatchError('config.invalid', { detail: `${path} is wrong.`, issues });
    let read: unknown;
    try {
      read = parse(text, { maxAliasCount: 0 });
    } catch (error) {
      throw wrong([{ path, message: messageOf(error) }]);
    }
    const parsed = file.safeParse(read);
    if (parsed.success) return new Ladder(parsed.data);
    throw wrong(parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })));
  }

  /** Which level comes behind `level`; null where none has a time. */
  next(severity: string, level: number): Rung | null {
    const of = this.#waits[severity] ?? {};
    const above = LEVELS.findIndex((name, at) => at > level && minutesTo(of, name) !== undefined);
    if (above < 0) return null;
    const before = minutesTo(of, LEVELS[level]!) ?? 0;
    return { level: above, afterMs: Math.max(0, minutesTo(of, LEVELS[above]!)! - before) * MINUTE_MS };
  }
}

function minutesTo(of: Waits[string], level: Level): number | undefined {
  return level === 'station' ? undefined : of[level];
}
