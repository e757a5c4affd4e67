import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { Lane } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { incarnationAt, type LaneLineage } from '../journal/lineage.ts';
import {
  cutShortOpenings,
  type JournalLives,
  judgeLives,
  type KnownLife,
  type Life,
  type Misfit,
  type Opening,
  type PerLane,
} from './lives.ts';
import { readLives, writeLives } from './lives-file.ts';
import { type CursorKeeper, type CursorWriter, nameOldRows, readDatabaseSide, storeOpening } from './lives-store.ts';

export interface LivesDeps {
  /** Where both lanes of the journal lie. */
  directory: string;
  database: Database;
  clock: Clock;
  keepers: readonly CursorKeeper[];
  /** Whose journal it is. */
  ownership: CursorWriter['ownership'];
}

/** The lives of the journal in a directory, read before its lanes are opened. */
export interface KnownLives {
  /** Null where nothing was written down yet. */
  written: JournalLives | null;
  /** At least one: the first begins now where none was written down. */
  lives: [Life, ...Life[]];
  lineage(lane: Lane): LaneLineage;
  /** The life a journal position belongs to. */
  incarnationOf: IncarnationOf;
  /** Whether cursors `at` these places, written in that life ('' before there were any), fit a journal up to `head`. */
  holds(incarnation: string, at: PerLane, head: PerLane): boolean;
}

/** Reads, or thinks out, the lives of the journal in `directory`; writes nothing. */
export async function knowLives(directory: string, clock: Clock): Promise<KnownLives> {
  const written = await readLives(directory);
  const first: Life = { id: newIncarnation(), from: { live: 0, bulk: 0 }, sinceMs: clock.nowMs() };
  const [oldest = first, ...rest] = written?.lives ?? [];
  return { written, ...lineageOf([oldest, ...rest]) };
}

export function lineageOf(lives: [Life, ...Life[]]): Omit<KnownLives, 'written'> {
  const lineage = (lane: Lane): LaneLineage => {
    const [first, ...rest] = lives.map(({ id, from }) => ({ id, from: from[lane] }));
    return [first!, ...rest];
  };
  const lanes = { live: lineage('live'), bulk: lineage('bulk') };
  const ids = new Set(lives.map(({ id }) => id));
  return {
    lives,
    lineage: (lane) => lanes[lane],
    incarnationOf: ({ lane, offset }) => incarnationAt(lanes[lane], offset),
    holds: (incarnation, at, head) =>
      (incarnation === '' || ids.has(incarnation)) && at.live <= head.live && at.bulk <= head.bulk,
  };
}

/** A life into which no reader was moved. */
export function begun(life: Life): KnownLife {
  return { ...life, before: [] };
}

/** A new name for a life. */
export function newIncarnation(): string {
  const id = randomBytes(4).toString('hex');
  // All zeros means in the head of a file that it has none.
  return /^0+$/.test(id) ? newIncarnation() : id;
}

export function newOpening(from: PerLane): Opening {
  return { id: randomBytes(8).toString('hex'), from };
}

/**
 * Writes the start down on both sides, the journal's first; call it with both lanes open, before anything is appended.
 * Throws `journal.misfit` in one sentence when journal and database do not belong together, and changes nothing then.
 */
export async function beginOpening(deps: LivesDeps, known: KnownLives, head: PerLane): Promise<void> {
  const { directory, database, clock, keepers } = deps;
  const { written, lives } = known;
  const side = await readDatabaseSide(database, keepers);
  const journal = { lives: written, head };
  const verdict = judgeLives(journal, side);
  if (!verdict.fits) throw misfit(verdict, { directory, head });
  const opening = newOpening(head);
  const openings = [...cutShortOpenings(journal, side), opening.id];
  await writeLives(directory, { lives, openings: [...(written?.openings ?? []), opening] });
  await database.transaction(async (tx) => {
    // Of a journal that was adopted from elsewhere, this database knows the lives since then.
    const known = (side.lives.length === 0 ? lives : lives.slice(-1)).map(begun);
    await storeOpening(tx, { lives: known, openings, why: 'begun', atMs: clock.nowMs() });
    await nameOldRows(tx, keepers, lives[0].id);
  });
}

/** The refusal in one sentence that names what is wrong, the remedy, and the one command that adopts the journal. */
function misfit(found: MisfitFound, place: JournalPlace): CitywatchError {
  const { what, remedy } = misfitWords(found, place);
  return new CitywatchError('journal.misfit', { detail: `${what}; ${remedy}.` });
}

interface MisfitFound {
  why: Misfit;
  astray: { reader: string; lane: Lane; offset: number } | null;
}

interface JournalPlace {
  directory: string;
  head: PerLane;
}

/** What does not fit, and what to do about it. */
export function misfitWords(
  { why, astray }: MisfitFound,
  { directory, head }: JournalPlace,
): { what: string; remedy: string } {
  const stands = astray ? `reader ${astray.reader} stands at ${astray.lane}-${astray.offset}, which is not in it` : '';
  const ends = `ends at live-${head.live} and bulk-${head.bulk}`;
  const sentences: Record<Misfit, [string, string]> = {
    'journal-older': [
      `The journal in ${directory} is older than the database (it ${ends}${stands && `, ${stands}`})`,
      'put the newest copy of the data directory back',
    ],
    'journal-empty': [
      `The journal in ${directory} is empty, but the database was used with another one`,
      'set CITYWATCH_DATA_DIR to the directory of that one',
    ],
    'journal-foreign': [
      `The journal in ${directory} was written with another database`,
      'set CITYWATCH_DATA_DIR and DATABASE_URL to what belongs together',
    ],
    'database-older': [
      `The database is older than the journal in ${directory}`,
      'restore the newest state of the database',
    ],
    'database-empty': [
      `The database is empty, but the journal in ${directory} was used with another one`,
      'set DATABASE_URL to the database it belongs to',
    ],
    forked: [
      `The journal in ${directory} and the database went on apart from a common beginning`,
      'set CITYWATCH_DATA_DIR and DATABASE_URL to what belongs together',
    ],
    'cursor-astray': [
      `The journal in ${directory} and the database do not fit (it ${ends}, ${stands})`,
      'put the newest copy of both back',
    ],
  };
  const [what, remedy] = sentences[why];
  return { what, remedy: `${remedy}, or run "citywatch adopt" to go on with both as they are` };
}
