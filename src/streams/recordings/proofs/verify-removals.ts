import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { sql, type Tables } from '../../../platform/database/database.ts';
import { witnessedRemovals } from './removal-witness.ts';
import { type LastRemoval, NO_REMOVAL, type Removal, removalHash } from './removals.ts';

/** A removal as it stands in the database. */
export interface StoredRemoval extends Omit<Removal, 'listHash'> {
  hash: string;
  /** Null in proofs of before, whose numbers their hash does not have. */
  listHash: string | null;
  /** Compressed; null where it is not kept any more. */
  list: Buffer | null;
}

export interface RemovalVerdict {
  /** Proofs that hold, and what they tell of. */
  proofs: number;
  files: number;
  bytes: number;
  /** Of them, those whose list was there and was counted and hashed, too. */
  lists: number;
  /** Of them, those that the audit trail names. */
  witnessed: number;
  /** Of before: only that none of them is missing is known. */
  unchecked: number;
  /** What the first one that is there goes on from, where older ones were removed. */
  after: LastRemoval;
  last: LastRemoval;
  /** Number of the proof with the hash that was kept elsewhere; null where there is none. */
  headAt: number | null;
  /** The first broken link, in words; null where all hold. */
  fault: string | null;
}

const LINE = /^[0-9a-f]{64} {2}\S+$/;
const LIST_BYTES_MAX = 16 * 1024 * 1024;

/** Holds proofs against each other, in order; nothing but what they say is needed. Ends at the first that is broken. */
class RemovalJudge {
  readonly verdict: RemovalVerdict;

  readonly #head: string | null;
  readonly #witnessed: ReadonlyMap<number, string>;

  /** `after` is what the first goes on from; `head` a hash that was kept elsewhere. */
  constructor(after: LastRemoval, head: string | null, witnessed: readonly LastRemoval[]) {
    this.#head = head;
    this.#witnessed = new Map(witnessed.map(({ number, hash }) => [number, hash]));
    const headAt = head !== null && after.hash === head ? after.number : null;
    this.verdict = {
      proofs: 0,
      files: 0,
      bytes: 0,
      lists: 0,
      witnessed: 0,
      unchecked: 0,
      after,
      last: after,
      headAt,
      fault: null,
    };
  }

  /** False once one is broken. */
  add(stored: StoredRemoval): boolean {
    const { verdict } = this;
    if (verdict.fault !== null) return false;
    verdict.fault = this.#faultOf(stored);
    if (verdict.fault !== null) return false;
    verdict.proofs += 1;
    verdict.files += stored.files;
    verdict.bytes += stored.bytes;
    verdict.last = { number: stored.number, hash: stored.hash };
    if (stored.hash === this.#head) verdict.headAt = stored.number;
    return true;
  }

  /** All that there are were added. */
  end(): RemovalVerdict {
    const { verdict } = this;
    const last = Math.max(0, ...this.#witnessed.keys());
    if (verdict.fault === null && last > verdict.last.number)
      verdict.fault = `removal ${verdict.last.number + 1} is missing: the audit trail names ${last}`;
    return verdict;
  }

  #faultOf(stored: StoredRemoval): string | null {
    const { verdict } = this;
    const { number, listHash, list } = stored;
    const wanted = verdict.last.number + 1;
    if (number !== wanted) return `removal ${wanted} is missing: ${number} follows ${verdict.last.number}`;
    const named = this.#witnessed.get(number);
    if (named !== undefined && named !== stored.hash) return `removal ${number} has another hash in the audit trail`;
    if (named !== undefined) verdict.witnessed += 1;
    if (listHash === null) {
      verdict.unchecked += 1;
      return null;
    }
    if (removalHash(verdict.last.hash, { ...stored, listHash }) !== stored.hash)
      return `removal ${number} does not follow from the one before: its numbers or its hash were changed`;
    if (list === null) return null;
    verdict.lists += 1;
    return listFault({ ...stored, listHash, list });
  }
}

function listFault({
  number,
  files,
  list,
  listHash,
}: {
  number: number;
  files: number;
  list: Buffer;
  listHash: string;
}) {
  let text: Buffer;
  try {
    text = gunzipSync(list, { maxOutputLength: LIST_BYTES_MAX });
  } catch {
    return `the list of removal ${number} cannot be read`;
  }
  if (createHash('sha256').update(text).digest('hex') !== listHash)
    return `the list of removal ${number} is not the one that was removed: its hash is another`;
  const lines = text.toString('utf8').split('\n').filter(Boolean);
  const isWhole = lines.length === files && lines.every((line) => LINE.test(line));
  return isWhole ? null : `the list of removal ${number} names ${lines.length} files, and ${files} were removed`;
}

/** A list has some ten kilobytes. */
const ROWS_AT_ONCE = 200;

interface Row {
  number: number;
  at_ms: number;
  class: string;
  files: number;
  bytes: number;
  from_ms: number;
  to_ms: number;
  pinned_files: number;
  pinned_bytes: number;
  hash: Buffer;
  list_hash: Buffer | null;
  list: Buffer | null;
}

/** Checks all proofs of removed recordings that the database has. */
export async function verifyRemovals(database: Tables, head: string | null): Promise<RemovalVerdict> {
  const judge = new RemovalJudge(await prunedUpTo(database), head, await witnessedRemovals(database));
  for (let after = -1; ; ) {
    const { rows } = await sql<Row>`
      select removal.*, kept.list from recording_removal as removal
        left join recording_removal_list as kept using (number)
      where number > ${after}::bigint order by number limit ${ROWS_AT_ONCE}`.execute(database.tables());
    if (!rows.every((row) => judge.add(stored(row))) || rows.length < ROWS_AT_ONCE) return judge.end();
    after = Number(rows.at(-1)!.number);
  }
}

async function prunedUpTo(database: Tables): Promise<LastRemoval> {
  const { rows } = await sql<{ last_number: number; last_hash: Buffer }>`
    select last_number, last_hash from recording_pruned where what = 'removals'`.execute(database.tables());
  const [row] = rows;
  return row ? { number: Number(row.last_number), hash: row.last_hash.toString('hex') } : NO_REMOVAL;
}

function stored(row: Row): StoredRemoval {
  return {
    number: Number(row.number),
    atMs: Number(row.at_ms),
    class: row.class,
    files: row.files,
    bytes: Number(row.bytes),
    fromMs: Number(row.from_ms),
    toMs: Number(row.to_ms),
    pinned: { files: row.pinned_files, bytes: Number(row.pinned_bytes) },
    hash: row.hash.toString('hex'),
    listHash: row.list_hash?.toString('hex') ?? null,
    list: row.list,
  };
}
