import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CitywatchError } from '../../core/errors.ts';
import { writeFileDurable } from '../../platform/files/files.ts';
import type { JournalLives } from './lives.ts';

const offset = z.int().nonnegative();
const perLane = z.object({ live: offset, bulk: offset });
const FORM = z.object({
  version: z.literal(1),
  lives: z.array(z.object({ id: z.string().regex(/^[0-9a-f]{8}$/), from: perLane, sinceMs: z.int() })).min(1),
  openings: z.array(z.object({ id: z.string().regex(/^[0-9a-f]{16}$/), from: perLane })).min(1),
});

/** Older starts are told by the database alone. */
const OPENINGS_KEPT = 256;

const fileOf = (journalDirectory: string): string => join(journalDirectory, 'lives.json');

/** What the journal in this directory says of its lives; null where nothing was written down yet. */
export async function readLives(journalDirectory: string): Promise<JournalLives | null> {
  const path = fileOf(journalDirectory);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  try {
    return FORM.parse(JSON.parse(text));
  } catch (cause) {
    const remedy = `put it back from a copy, or remove it and run "citywatch adopt"`;
    throw new CitywatchError('journal.misfit', { detail: `The file ${path} cannot be read; ${remedy}.`, cause });
  }
}

/** Durable when it resolves. */
export async function writeLives(journalDirectory: string, { lives, openings }: JournalLives): Promise<void> {
  const kept: z.input<typeof FORM> = { version: 1, lives, openings: openings.slice(-OPENINGS_KEPT) };
  await writeFileDurable(fileOf(journalDirectory), `${JSON.stringify(kept)}\n`, { mode: 0o600 });
}
