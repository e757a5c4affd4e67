import type { Lane } from '../../core/types.ts';

/** A number for each lane of the journal. */
export type PerLane = Record<Lane, number>;

/** One life of a journal: begun when it was made, and anew by each adoption. Its id is the incarnation. */
export interface Life {
  /** 8 hex digits. */
  id: string;
  /** Offset of its first record; offsets of all lives of a journal, and of all journals of a database, only grow. */
  from: PerLane;
  sinceMs: number;
}

/** One start of a gateway on the journal, written down on both sides before anything is appended. */
export interface Opening {
  /** 16 hex digits. */
  id: string;
  /** Where the journal ended at that moment. */
  from: PerLane;
}

/** What a journal says of itself, oldest first. */
export interface JournalLives {
  lives: Life[];
  /** The newest of them; at least one. */
  openings: Opening[];
}

export interface JournalSide {
  /** Null for a journal that no version with incarnations has opened. */
  lives: JournalLives | null;
  head: PerLane;
}

/** Where a reader stands according to the database. */
export interface Cursor {
  reader: string;
  lane: Lane;
  offset: number;
  /** Null where a version without incarnations wrote it. */
  incarnation: string | null;
}

/** As the database knows it. */
export interface KnownLife extends Life {
  /** Where the readers stood before they were moved to this life; empty for one that was begun, not adopted. */
  before: Cursor[];
}

export interface DatabaseSide {
  /** Every life of a journal that this database has known, oldest first. */
  lives: KnownLife[];
  /** Ids of every start, oldest first. */
  openings: string[];
  cursors: Cursor[];
}

/** Why a journal and a database do not fit each other. */
export type Misfit =
  | 'journal-older'
  | 'journal-empty'
  | 'journal-foreign'
  | 'database-older'
  | 'database-empty'
  | 'forked'
  | 'cursor-astray';

/** `astray` is a reader that stands where this journal has nothing; null where there is none. */
export type Verdict = { fits: true } | { fits: false; why: Misfit; astray: Cursor | null };

const FITS: Verdict = { fits: true };

/**
 * Whether the gateway may go on with this journal and this database. Each start is written down on both sides, so an
 * older copy of either shows also where no reader stands behind its end: messages that were acknowledged and not yet
 * read are missed too. A pair that was never started fits, so does one of a version without incarnations as long as no
 * reader stands behind the end of the journal, and one whose last starts were cut short between the two sides.
 */
export function judgeLives(journal: JournalSide, database: DatabaseSide): Verdict {
  const astray = database.cursors.find((cursor) => isAstray(cursor, journal)) ?? null;
  const no = (why: Misfit): Verdict => ({ fits: false, why, astray });
  const isUsed = journal.head.live > 0 || journal.head.bulk > 0;
  const others: Misfit = isUsed ? 'journal-foreign' : 'journal-empty';
  if (!journal.lives) {
    if (database.openings.length > 0) return no(others);
    if (astray) return no(isUsed ? 'journal-older' : 'journal-empty');
    return isUsed && database.cursors.length === 0 ? no('database-empty') : FITS;
  }
  const { openings, lives } = journal.lives;
  const last = openings.at(-1);
  const isUntouched = last?.from.live === journal.head.live && last.from.bulk === journal.head.bulk;
  if (database.openings.length === 0) {
    if (isUsed && database.cursors.length === 0) return no('database-empty');
    return openings.length === 1 && isUntouched && !astray ? FITS : no('database-older');
  }
  const newest = database.openings.at(-1);
  if (last?.id === newest || cutShortOpenings(journal, database).length > 0) {
    return astray ? no('cursor-astray') : FITS;
  }
  if (openings.some(({ id }) => id === newest)) return no('database-older');
  const known = new Set(database.openings);
  if (last && known.has(last.id)) return no('journal-older');
  const knownLives = new Set(database.lives.map(({ id }) => id));
  const isRelated = openings.some(({ id }) => known.has(id)) || lives.some(({ id }) => knownLives.has(id));
  return no(isRelated ? 'forked' : others);
}

/**
 * Starts that the journal knows and the database does not, because each was cut short between the two sides: nothing
 * was appended in any of them. Empty when there are none, or when something was.
 */
export function cutShortOpenings({ lives, head }: JournalSide, database: DatabaseSide): string[] {
  const newest = database.openings.at(-1);
  const openings = lives?.openings ?? [];
  const at = openings.findIndex(({ id }) => id === newest);
  const later = at < 0 ? [] : openings.slice(at + 1);
  const areUntouched = later.every(({ from }) => from.live === head.live && from.bulk === head.bulk);
  return areUntouched ? later.map(({ id }) => id) : [];
}

function isAstray({ lane, offset, incarnation }: Cursor, { head, lives }: JournalSide): boolean {
  if (offset > head[lane]) return true;
  return incarnation !== null && lives !== null && !lives.lives.some(({ id }) => id === incarnation);
}

/** What adopting a journal changes. */
export interface Adoption {
  /** Where the new life begins. */
  from: PerLane;
  /** Where each reader goes on; one that is not named reads all that the journal still holds. */
  cursors: { reader: string; lane: Lane; offset: number }[];
  /** What the readers have not read of the journal so far is read; false: it belongs to another database. */
  readsOn: boolean;
  /** Starts of the journal that become known to the database, so that a crash half way makes no stranger of it. */
  openings: string[];
}

/** Whoever stands in this list gets a place, also where it has none yet. */
export type ReaderNames = readonly { reader: string; lanes: readonly Lane[] }[];

/**
 * A life begins at a round number far above every offset that either side knows, since receipts may have been given out
 * that neither does: 1 TiB is years of messages, and a thousand lives fit into the 15 digits of a receipt.
 */
const ROUND_BYTES = 2 ** 40;

/** How the journal and the database are brought together; pure, `adopt.ts` does it. */
export function planAdoption(journal: JournalSide, database: DatabaseSide, readers: ReaderNames): Adoption {
  const verdict = judgeLives(journal, database);
  const from = { live: beginOf('live', journal, database), bulk: beginOf('bulk', journal, database) };
  const openings = unknownTo(database, journal);
  if (!verdict.fits && verdict.why === 'database-empty') return { from, cursors: [], readsOn: true, openings };
  // What is older or younger holds the same records as far as it goes; anything else holds records of others.
  const readsOn = verdict.fits || ['journal-older', 'database-older', 'cursor-astray'].includes(verdict.why);
  const earlier = successorOf(journal, database)?.before ?? database.cursors;
  const names = readers.flatMap(({ reader, lanes }) => lanes.map((lane) => ({ reader, lane })));
  const cursors = names.flatMap(({ reader, lane }) => {
    const known = database.cursors.find((each) => each.reader === reader && each.lane === lane);
    if (!readsOn) return [{ reader, lane, offset: from[lane] }];
    if (!known) return [];
    const places = [known, earlier.find((each) => each.reader === reader && each.lane === lane) ?? nowhere(known)];
    const place = places.find((each) => !isAstray(each, journal));
    return [{ reader, lane, offset: place?.offset ?? from[lane] }];
  });
  return { from, cursors, readsOn, openings: readsOn ? openings : [] };
}

/**
 * The life that followed, in the database, the one that this journal is in: readers were moved away from it then, and
 * what they had not read of it comes back with it.
 */
function successorOf({ lives }: JournalSide, database: DatabaseSide): KnownLife | undefined {
  const last = lives?.lives.at(-1)?.id;
  const at = database.lives.findIndex(({ id }) => id === last);
  return at < 0 ? undefined : database.lives[at + 1];
}

/** Where a reader stood that had read nothing yet. */
function nowhere(cursor: Cursor): Cursor {
  return { ...cursor, offset: 0, incarnation: null };
}

function unknownTo(database: DatabaseSide, { lives }: JournalSide): string[] {
  const known = new Set(database.openings);
  return (lives?.openings ?? []).map(({ id }) => id).filter((id) => !known.has(id));
}

function beginOf(lane: Lane, journal: JournalSide, database: DatabaseSide): number {
  const known = [
    journal.head[lane],
    ...database.cursors.filter((cursor) => cursor.lane === lane).map(({ offset }) => offset),
    ...[...database.lives, ...(journal.lives?.lives ?? [])].map(({ from }) => from[lane]),
  ];
  return (Math.floor(Math.max(...known) / ROUND_BYTES) + 1) * ROUND_BYTES;
}
