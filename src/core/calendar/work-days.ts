import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { chinaDayAt, DAY_MS, startOfChinaDay } from '../clock.ts';
import { CitywatchError, messageOf } from '../errors.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const day = z.string().regex(DAY, 'write a day as 2026-01-04').refine(isDay, 'there is no such day');
/** A day, or the first and the last of some: `2026-02-15..2026-02-23`. */
const span = z
  .string()
  .transform((text) => (text.includes('..') ? text.split('..') : [text, text]))
  .pipe(z.tuple([day, day]))
  .refine(([first, last]) => first <= last, 'the last day comes before the first')
  .refine(([first, last]) => startOfChinaDay(last) - startOfChinaDay(first) < 60 * DAY_MS, 'is longer than 60 days');
const year = z.strictObject({ off: z.array(span).max(60), work: z.array(span).max(60) });
const file = z
  .record(z.string(), year)
  .refine((years) => Object.keys(years).every((one) => /^20\d\d$/.test(one)), 'write a year as 2026');

/** Which days are workdays in China, with public holidays and the workdays that make up for them (调休). */
export class WorkDays {
  readonly #off: ReadonlySet<string>;
  readonly #work: ReadonlySet<string>;
  readonly #years: ReadonlySet<string>;

  private constructor(years: z.infer<typeof file>) {
    const days = (of: 'off' | 'work') => Object.values(years).flatMap((one) => one[of].flatMap(daysOf));
    this.#off = new Set(days('off'));
    this.#work = new Set(days('work'));
    this.#years = new Set(Object.keys(years));
  }

  /** Only Saturdays and Sundays are off. */
  static readonly WEEKENDS = new WorkDays({});

  /** Reads a file like config/holidays.yaml. Throws `config.invalid`, which names what is wrong. */
  static async load(path: string): Promise<WorkDays> {
    return WorkDays.parse(await readFile(path, 'utf8'), path);
  }

  /** As {@link load}, of text; `path` is for the error. */
  static parse(text: string, path: string): WorkDays {
    const wrong = (issues: { path: string; message: string }[]): CitywatchError =>
      new CitywatchError('config.invalid', { detail: `${path} is wrong.`, issues });
    let read: unknown;
    try {
      // Days as the text that they are.
      read = parse(text, { schema: 'failsafe', maxAliasCount: 0 });
    } catch (error) {
      throw wrong([{ path, message: messageOf(error) }]);
    }
    const parsed = file.safeParse(read ?? {});
    if (parsed.success) return new WorkDays(parsed.data);
    throw wrong(parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })));
  }

  /** Whether people work on a day, as {@link chinaDayAt} writes it. */
  isWorkDay(day: string): boolean {
    if (this.#work.has(day)) return true;
    if (this.#off.has(day)) return false;
    return weekdayOf(day) < 5;
  }

  /** Whether the holidays of a day's year are known; else only weekends are. */
  knows(day: string): boolean {
    return this.#years.has(day.slice(0, 4));
  }
}

/** 0 for Monday to 6 for Sunday. */
export function weekdayOf(day: string): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}

function daysOf([first, last]: readonly [string, string]): string[] {
  const days: string[] = [];
  for (let atMs = startOfChinaDay(first); atMs <= startOfChinaDay(last); atMs += DAY_MS) days.push(chinaDayAt(atMs));
  return days;
}

function isDay(text: string): boolean {
  const atMs = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text);
}
