import fc from 'fast-check';
import type { Lane } from '../../../src/core/types.ts';
import {
  type Adoption,
  type Cursor,
  cutShortOpenings,
  type DatabaseSide,
  type JournalSide,
  judgeLives,
  type KnownLife,
  type Life,
  planAdoption,
  type Verdict,
} from '../../../src/ingest/lives/lives.ts';

export const READERS = [
  { reader: 'telemetry', lanes: ['live', 'bulk'] },
  { reader: 'rules', lanes: ['live', 'bulk'] },
] as const;
const LANES = ['live', 'bulk'] as const;

/** A journal with what stands in it: the name of each record by its offset. */
interface Journal {
  side: JournalSide;
  records: Record<Lane, Map<number, string>>;
}

/** A database with what its readers have seen at which place. */
interface Base {
  side: DatabaseSide;
  seen: Map<string, string>;
}

export const emptyJournal = (): Journal => ({
  side: { lives: null, head: { live: 0, bulk: 0 } },
  records: { live: new Map(), bulk: new Map() },
});
export const emptyBase = (): Base => ({ side: { lives: [], openings: [], cursors: [] }, seen: new Map() });

const begun = (life: Life): KnownLife => ({ ...life, before: [] });

let names = 0;
function name(): string {
  names += 1;
  return String(names);
}

/** What a start does to both, as `beginOpening` does it; null where it is refused. */
export function start(journal: Journal, base: Base, cutShort = false): Verdict {
  const verdict = judgeLives(journal.side, base.side);
  if (!verdict.fits) return verdict;
  const { head, lives } = journal.side;
  const before = cutShortOpenings(journal.side, base.side);
  const known = lives ?? { lives: [{ id: name(), from: { live: 0, bulk: 0 }, sinceMs: 0 }], openings: [] };
  const opening = { id: name(), from: { ...head } };
  journal.side.lives = { lives: known.lives, openings: [...known.openings, opening] };
  if (cutShort) return verdict;
  if (base.side.lives.length === 0) base.side.lives = known.lives.map(begun);
  base.side.openings.push(...before, opening.id);
  return verdict;
}

/** What adopting does to both; cut short, the journal's own file is not written. */
function adopt(journal: Journal, base: Base, cutShort = false): Adoption {
  const plan = planAdoption(journal.side, base.side, READERS);
  const life: Life = { id: name(), from: plan.from, sinceMs: 0 };
  const opening = { id: name(), from: plan.from };
  const { lives } = journal.side;
  if (plan.readsOn && base.side.lives.length === 0) base.side.lives = (lives?.lives ?? []).map(begun);
  base.side.lives.push({ ...life, before: structuredClone(base.side.cursors) });
  base.side.openings.push(...plan.openings, opening.id);
  const all = [...(lives?.lives ?? []), life];
  for (const { reader, lane, offset } of plan.cursors) {
    setCursor(base, { reader, lane, offset, incarnation: lifeAt(all, lane, offset) });
  }
  if (cutShort) return plan;
  journal.side.lives = { lives: [...(lives?.lives ?? []), life], openings: [...(lives?.openings ?? []), opening] };
  journal.side.head = { ...plan.from };
  return plan;
}

/** The life a place belongs to, as the lineage of a journal tells it. */
function lifeAt(lives: Life[], lane: Lane, offset: number): string | null {
  return lives.findLast(({ from }) => from[lane] <= offset)?.id ?? null;
}

function setCursor(base: Base, cursor: Cursor): void {
  const { reader, lane } = cursor;
  base.side.cursors = base.side.cursors.filter((each) => each.reader !== reader || each.lane !== lane);
  base.side.cursors.push(cursor);
}

function append(journal: Journal, lane: Lane): void {
  journal.records[lane].set(journal.side.head[lane], name());
  journal.side.head[lane] += 10;
}

/** Reads up to `most` records; says when a place is met twice with two records. */
function read(journal: Journal, base: Base, what: { reader: string; lane: Lane; count: number }): void {
  const { reader, lane, count } = what;
  const cursor = base.side.cursors.find((each) => each.reader === reader && each.lane === lane)?.offset ?? 0;
  const lives = journal.side.lives?.lives ?? [];
  const waiting = [...journal.records[lane]].filter(([offset]) => offset >= cursor).slice(0, count);
  for (const [offset, record] of waiting) {
    const place = `${reader} ${lane} ${offset}`;
    const before = base.seen.get(place);
    if (before !== undefined && before !== record) throw new Error(`${place} was ${before} and is ${record}`);
    base.seen.set(place, record);
    setCursor(base, { reader, lane, offset: offset + 10, incarnation: lifeAt(lives, lane, offset + 10) });
  }
}

export type Step =
  | { do: 'start'; cutShort: boolean }
  | { do: 'append' | 'read'; lane: Lane; reader: string; count: number }
  | { do: 'copy' }
  | { do: 'put back'; what: 'journal' | 'base' | 'both'; which: number }
  | { do: 'replace'; what: 'journal' | 'base' };

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('start' as const), cutShort: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('append' as const, 'read' as const),
      lane: fc.constantFrom(...LANES),
      reader: fc.constantFrom('telemetry', 'rules'),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('put back' as const),
      what: fc.constantFrom('journal' as const, 'base' as const, 'both' as const),
      which: fc.nat(3),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('copy' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('replace' as const),
      what: fc.constantFrom('journal' as const, 'base' as const),
    }),
  },
);

/** Plays the steps on one place; every acknowledged record must be read, or its loss have been refused first. */
export class World {
  journal = emptyJournal();
  base = emptyBase();
  /** The newest first. */
  #copies: { journal: Journal; base: Base }[] = [];
  /** Records that an adoption left unread, as it said. */
  readonly #left = new Set<string>();
  /** Whether a gateway runs: only then are records appended and read. */
  #runs = false;

  play(one: Step): void {
    if (one.do === 'start') this.#start(one.cutShort);
    else if (one.do === 'append' && this.#runs) for (let n = 0; n < one.count; n += 1) append(this.journal, one.lane);
    else if (one.do === 'read' && this.#runs) read(this.journal, this.base, one);
    else if (one.do === 'copy') this.#copies.unshift(structuredClone({ journal: this.journal, base: this.base }));
    else if (one.do === 'put back') this.#putBack(one.what, one.which);
    else if (one.do === 'replace') this.#replace(one.what);
  }

  #putBack(what: 'journal' | 'base' | 'both', which: number): void {
    const copy = this.#copies[which];
    if (!copy) return;
    this.#runs = false;
    if (what !== 'base') this.journal = structuredClone(copy.journal);
    if (what !== 'journal') this.base = structuredClone(copy.base);
  }

  #replace(what: 'journal' | 'base'): void {
    this.#runs = false;
    if (what === 'journal') this.journal = emptyJournal();
    else this.base = emptyBase();
  }

  #start(cutShort: boolean): void {
    this.#runs = false;
    const before = structuredClone({ journal: this.journal, base: this.base });
    const verdict = start(this.journal, this.base, cutShort);
    if (!verdict.fits) {
      const first = cutShort ? adopt(this.journal, this.base, true) : null;
      const { readsOn } = adopt(this.journal, this.base);
      if (first && first.readsOn !== readsOn) throw new Error('adopting again after a crash does something else');
      if (!readsOn)
        for (const lane of LANES) for (const each of this.journal.records[lane].values()) this.#left.add(each);
      if (!start(this.journal, this.base).fits) throw new Error(`does not fit after it was adopted: ${verdict.why}`);
      this.#noPlaceTwice(before);
    }
    this.#runs = !cutShort || !verdict.fits;
    this.#nothingSkipped();
  }

  /** What begins after an adoption lies above every place that either side has ever known. */
  #noPlaceTwice({ journal, base }: { journal: Journal; base: Base }): void {
    for (const lane of LANES) {
      const places = [...base.seen.keys()].filter((place) => place.includes(` ${lane} `));
      const known = [journal.side.head[lane], ...places.map((place) => Number(place.split(' ')[2]) + 10)];
      if (this.journal.side.head[lane] < Math.max(...known)) throw new Error(`${lane} begins among known places`);
    }
  }

  /** Readers stand within the journal, and what lies behind them is what they have read. */
  #nothingSkipped(): void {
    for (const { reader, lane, offset } of this.base.side.cursors) {
      if (offset > this.journal.side.head[lane]) throw new Error(`${reader} stands behind the end of ${lane}`);
      for (const [at, record] of this.journal.records[lane]) {
        const seen = this.base.seen.get(`${reader} ${lane} ${at}`);
        if (at < offset && seen !== record && !this.#left.has(record)) throw new Error(`${reader} skips ${record}`);
      }
    }
  }
}
