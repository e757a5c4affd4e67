import { DAY_MS, toRfc3339 } from '../../core/clock.ts';
import { BEGINNING, type ChainBreak, type ChainPoint, type SealedRow, walkChain } from './chain.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type PruneProof, proofText } from './prune-proof.ts';
import { REGISTERS, type SealedRegister } from './registers.ts';
import type { PublicKeys } from './signing.ts';

/** Six months: the law asks that records of the network are kept as long (网络安全法, art. 21). */
export const KEPT_DAYS_MIN = 183;

/** What is judged: a database, or a file that was exported from one. */
export interface Source {
  /** Identity of the database. */
  database: string;
  proofs: readonly PruneProof[];
  /** The chain after a place in it. */
  rows(register: SealedRegister, after: number): AsyncIterable<SealedRow> | Iterable<SealedRow>;
  /** Rows that are not chained yet. */
  unsealed(register: SealedRegister): Promise<number>;
}

/** What it is judged by; all of it comes from outside the source. */
export interface Witness {
  /** Null: signatures of proofs are not looked at. */
  keys: PublicKeys | null;
  /** Of this database, their signatures checked. */
  checkpoints: readonly Checkpoint[];
  /** Hash of a row that was once the last one, in hex. */
  head: string | null;
}

export const FAULT_CODES = ['changed', 'missing', 'cut', 'rewritten', 'prune-forged', 'prune-early'] as const;
export type FaultCode = (typeof FAULT_CODES)[number];

/** What is wrong with a register, in a sentence for people that begins with small letters. */
export interface Fault {
  code: FaultCode;
  /** The first row that does not hold, or is gone; of a proof, the last that it removed. */
  row: number;
  text: string;
}

export interface Verdict {
  register: SealedRegister;
  /** The last proof that old rows were removed. */
  pruned: PruneProof | null;
  /** Rows that were looked at and hold. */
  checked: number;
  /** The last of them. */
  end: ChainPoint;
  unsealed: number;
  /** The checkpoint with the most rows that the chain bears out. */
  vouched: { rows: number; at: string } | null;
  /** Checkpoints that nothing can be said about: their rows were pruned, or come after what is broken. */
  uncompared: number;
  /** Place of the row with the hash `head`. */
  headAt: number | null;
  faults: Fault[];
}

/** Judges each register: row by row, from what is left of its beginning, against all that was said of it before. */
export async function judge(source: Source, witness: Witness): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const register of REGISTERS) verdicts.push(await judgeOne(register, source, witness));
  return verdicts;
}

async function judgeOne(register: SealedRegister, source: Source, witness: Witness): Promise<Verdict> {
  const proofs = source.proofs.filter((proof) => proof.register === register.name);
  const pruned = proofs.at(-1) ?? null;
  const start: ChainPoint = pruned ?? BEGINNING;
  const compared = new Comparison(register, witness);
  compared.see(start);
  const { end, broken } = await walkChain(source.rows(register, start.link), start, (point) => compared.see(point));
  const faults = proofs.flatMap((proof) => faultsOf(proof, source.database, witness.keys));
  if (broken) faults.push(faultOf(broken, register, pruned));
  return {
    register,
    pruned,
    checked: end.link - start.link,
    end,
    unsealed: await source.unsealed(register),
    headAt: compared.headAt,
    ...compared.outcome(end, broken === null, faults),
  };
}

function faultsOf(proof: PruneProof, database: string, keys: PublicKeys | null): Fault[] {
  const { link, keptFromMs, atMs, keyId, signature } = proof;
  const upTo = `that rows up to ${link} were pruned at ${toRfc3339(atMs)}`;
  if (keys && !keys.isSigned(keyId, proofText(database, proof), signature)) {
    const why = `the proof ${upTo} is not signed by a key that was given`;
    return [
      {
        code: 'prune-forged',
        row: link,
        text: `${why}: somebody took rows out and forged it, or it is of another database`,
      },
    ];
  }
  if (atMs - keptFromMs >= KEPT_DAYS_MIN * DAY_MS) return [];
  return [
    {
      code: 'prune-early',
      row: link,
      text: `the proof ${upTo} removed rows that were younger than ${KEPT_DAYS_MIN} days`,
    },
  ];
}

function faultOf({ place, fault, next }: ChainBreak, register: SealedRegister, pruned: PruneProof | null): Fault {
  const says = register.describe(next.content);
  if (fault === 'changed')
    return { code: fault, row: place, text: `row ${place} is not what was sealed. It now says: ${says}` };
  const gone = next.link - 1 > place ? `rows ${place} to ${next.link - 1} are` : `row ${place} is`;
  const isStart = place === (pruned?.link ?? 0) + 1;
  const unproved = isStart ? ', and no signed proof says that it was pruned' : '';
  return { code: fault, row: place, text: `${gone} missing${unproved}. After it comes ${says}` };
}

interface Expected {
  head: string;
  at: string;
}

/** Holds what checkpoints say of one register against its rows, as they come. */
class Comparison {
  /** What checkpoints say of the row in a place; of those that say the same, the latest. */
  readonly #expected = new Map<number, Expected[]>();
  readonly #head: string | null;
  #wrong: { rows: number; at: string } | null = null;
  #vouched: { rows: number; at: string } | null = null;
  headAt: number | null = null;

  constructor({ name }: SealedRegister, { checkpoints, head }: Witness) {
    this.#head = head;
    for (const { at, registers } of checkpoints) {
      const { rows, head: hash } = registers[name];
      const said = this.#expected.get(rows) ?? [];
      this.#expected.set(rows, [...said.filter((one) => one.head !== hash), { head: hash, at }]);
    }
  }

  see({ link, hash }: ChainPoint): void {
    const expected = this.#expected.get(link);
    if (!expected && this.#head === null) return;
    const hex = hash.toString('hex');
    if (hex === this.#head) this.headAt = link;
    this.#expected.delete(link);
    for (const { head, at } of expected ?? []) {
      if (head === hex) this.#vouched = { rows: link, at };
      else this.#wrong ??= { rows: link, at };
    }
  }

  outcome(end: ChainPoint, isWhole: boolean, faults: Fault[]): Pick<Verdict, 'vouched' | 'uncompared' | 'faults'> {
    const found = [...faults];
    if (this.#wrong) found.push(rewritten(this.#wrong));
    const left = [...this.#expected];
    const beyond = isWhole ? left.filter(([rows]) => rows > end.link) : [];
    const [rows, [first]] = beyond.at(-1) ?? [0, []];
    if (first) found.push(cut(end.link, { rows, at: first.at }));
    return { vouched: this.#vouched, uncompared: left.length - beyond.length, faults: found };
  }
}

function rewritten({ rows, at }: { rows: number; at: string }): Fault {
  const why =
    'rows up to it were changed or taken out and sealed anew, or the database was put back to an earlier state and ' +
    'has gone on from there';
  return { code: 'rewritten', row: rows, text: `row ${rows} is not the one that the checkpoint of ${at} saw: ${why}` };
}

function cut(end: number, { rows, at }: { rows: number; at: string }): Fault {
  const gone = rows > end + 1 ? `rows ${end + 1} to ${rows}` : `row ${rows}`;
  const why = `${gone} went from its end, or the database was put back to an earlier state`;
  return {
    code: 'cut',
    row: end + 1,
    text: `it ends with row ${end}, but the checkpoint of ${at} saw ${rows} rows: ${why}`,
  };
}
