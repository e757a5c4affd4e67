import { systemCaller } from '../../core/callers/system-caller.ts';
import { NATIONWIDE } from '../../core/jurisdiction.ts';
import type { Caller, Lane } from '../../core/types.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { ReceivedCount } from '../journal/received-counts.ts';
import { READERS } from '../readers/cursor.ts';
import {
  type Adoption,
  judgeLives,
  type KnownLife,
  type Life,
  type Misfit,
  type PerLane,
  planAdoption,
} from './lives.ts';
import { writeLives } from './lives-file.ts';
import { closeLife, moveCursors, nameOldRows, readDatabaseSide, storeOpening } from './lives-store.ts';
import { begun, type KnownLives, type LivesDeps, lineageOf, newIncarnation, newOpening } from './open-lives.ts';

/** What adopting asks of a lane of the journal. */
export interface AdoptableJournal {
  readonly head: number;
  readonly tail: number;
  received(): { counts: ReceivedCount[] };
  count(from: number, to: number): Promise<ReceivedCount[]>;
}

type Lanes = Record<Lane, AdoptableJournal>;

/** What was done. */
export interface Adopted {
  /** What did not fit; null when both would have gone on by themselves. */
  why: Misfit | null;
  incarnation: string;
  /** Offset of the first record of the new life, by lane. */
  from: PerLane;
  /** Messages of the journal that are not read because they belong to another database. */
  leftUnread: number;
}

/** Whoever may run commands on the machine. */
const OPERATOR: Caller = systemCaller({ id: 'citywatch', name: 'citywatch adopt', role: 'admin' });

const LANES = ['live', 'bulk'] as const;

/**
 * Lets this journal and this database go on together as they are: a new life of the journal, above every offset that
 * either side knows, and with it a new epoch of the ledger; every reader in a place that exists. What the journal holds
 * and the readers have not read is read, unless it belongs to another database. All rows change in one transaction; a
 * crash before the journal's own file is written leaves a pair that is refused and can be adopted again. Both lanes
 * are open and nobody else writes to either side; open the lanes anew afterwards.
 */
export async function adoptJournal(deps: LivesDeps, known: KnownLives, lanes: Lanes): Promise<Adopted> {
  const { directory, database, clock, keepers, ownership } = deps;
  const journal = { lives: known.written, head: { live: lanes.live.head, bulk: lanes.bulk.head } };
  const side = await readDatabaseSide(database, keepers);
  const verdict = judgeLives(journal, side);
  const why = verdict.fits ? null : verdict.why;
  const readers = [...READERS, ...keepers.flatMap((keeper) => keeper.readers)];
  const plan = planAdoption(journal, side, readers);
  const { readsOn, from } = plan;
  const atMs = clock.nowMs();
  const life: Life = { id: newIncarnation(), from, sinceMs: atMs };
  const moved: KnownLife = { ...life, before: side.cursors };
  const opening = newOpening(from);
  // A directory in which nothing was written had no life before this one.
  const lived = known.written !== null || journal.head.live > 0 || journal.head.bulk > 0;
  const lives = lineageOf(lived ? [...known.lives, life] : [life]);
  // Rows of a version without incarnations belong to this journal, or to one that is gone.
  const past = readsOn ? known.lives[0] : { ...life, id: newIncarnation(), from: { live: 0, bulk: 0 } };
  const pastIsKnown = side.lives.length > 0;
  const closings = readsOn ? await closingsOf(known, lanes, why === 'database-empty') : [];
  await database.transaction(async (tx) => {
    const isOwn = readsOn && lived;
    const before = pastIsKnown ? [] : isOwn ? known.lives : [past];
    await storeOpening(tx, { lives: before.map(begun), openings: plan.openings, why: 'begun', atMs });
    await storeOpening(tx, { lives: [moved], openings: [opening.id], why: why ?? 'asked', atMs });
    if (!pastIsKnown) await nameOldRows(tx, keepers, past.id);
    for (const closing of closings) await closeLife(tx, closing);
    const by = { incarnationOf: lives.incarnationOf, ownership };
    await moveCursors(tx, ofReaders(plan.cursors, READERS), { ...by, atMs });
    for (const keeper of keepers) {
      await keeper.move(tx, ofReaders(plan.cursors, keeper.readers), by);
    }
    const subject = `journal/${life.id}`;
    const after = { why: why ?? 'asked', from, cursors: plan.cursors };
    await recordAudit(tx, {
      caller: OPERATOR,
      action: 'journal.adopt',
      subject,
      jurisdiction: NATIONWIDE,
      after,
      atMs,
    });
  });
  const openings = [...(known.written?.openings ?? []), opening];
  await writeLives(directory, { lives: lives.lives, openings });
  return { why, incarnation: life.id, from, leftUnread: readsOn ? 0 : await messagesIn(lanes) };
}

function ofReaders(cursors: Adoption['cursors'], readers: readonly { reader: string }[]): Adoption['cursors'] {
  const names = new Set(readers.map(({ reader }) => reader));
  return cursors.filter(({ reader }) => names.has(reader));
}

/** What was taken in of lives that end now. A database that knows nothing of them counts what is still there. */
async function closingsOf({ lives }: KnownLives, lanes: Lanes, isNew: boolean) {
  const closings: { incarnation: string; lane: Lane; counts: ReceivedCount[] }[] = [];
  for (const lane of LANES) {
    const { head, tail } = lanes[lane];
    if (!isNew) {
      closings.push({ incarnation: lives.at(-1)!.id, lane, counts: lanes[lane].received().counts });
      continue;
    }
    for (const [index, life] of lives.entries()) {
      const from = Math.max(tail, life.from[lane]);
      const to = Math.min(head, lives[index + 1]?.from[lane] ?? head);
      const counts = from < to ? await lanes[lane].count(from, to) : [];
      closings.push({ incarnation: life.id, lane, counts });
    }
  }
  return closings;
}

async function messagesIn(lanes: Lanes): Promise<number> {
  let messages = 0;
  for (const lane of LANES) {
    for (const row of await lanes[lane].count(lanes[lane].tail, lanes[lane].head)) messages += row.messages;
  }
  return messages;
}
