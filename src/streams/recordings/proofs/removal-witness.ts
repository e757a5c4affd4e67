import { z } from 'zod';
import { systemCaller } from '../../../core/callers/system-caller.ts';
import { DAY_MS } from '../../../core/clock.ts';
import { NATIONWIDE } from '../../../core/jurisdiction.ts';
import type { Caller } from '../../../core/types.ts';
import type { Database, Tables } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import { listAudit, recordAudit } from '../../../platform/records/audit.ts';
import { type LastRemoval, lastRemoval } from './removals.ts';

export interface RemovalWitnessDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
}

const SUBJECT = 'recordings/removals';
/** Whoever changes proofs has to do so within a day of them, or to change the audit trail and its checkpoints too. */
const EVERY_MS = DAY_MS;
const ROWS_AT_ONCE = 500;

const ITSELF: Caller = systemCaller({ id: 'recordings', name: 'housekeeping', role: 'administrator' });

const witnessed = z.object({ number: z.int().min(1), hash: z.string().regex(/^[0-9a-f]{64}$/) });

/**
 * Writes the last removal into the audit trail now and then. That is sealed, and its checkpoints are signed and lie
 * elsewhere: so proofs that were taken from the end show, and a chain that was made anew does, too.
 */
export class RemovalWitness {
  readonly #deps: RemovalWitnessDeps;
  #last: { number: number; atMs: number } | null = null;

  constructor(deps: RemovalWitnessDeps) {
    this.#deps = deps;
  }

  /** At most once a day, and only where something was removed since. */
  async note(nowMs: number): Promise<void> {
    const { database, ownership } = this.#deps;
    if (this.#last && Math.abs(nowMs - this.#last.atMs) < EVERY_MS) return;
    const [known] = this.#last
      ? [this.#last.number]
      : (await witnessedRemovals(database, 1)).map(({ number }) => number);
    const last = await lastRemoval(database);
    if (last.number > (known ?? 0)) {
      await ownership.transaction(database, 'what was removed of recordings', (tx) =>
        recordAudit(tx, {
          caller: ITSELF,
          action: 'recording.removed',
          subject: SUBJECT,
          jurisdiction: NATIONWIDE,
          before: null,
          after: last,
          atMs: nowMs,
        }),
      );
    }
    this.#last = { number: last.number, atMs: nowMs };
  }
}

/** What the audit trail tells of removals, the last first; at most so many. */
export async function witnessedRemovals(tables: Tables, max = Number.POSITIVE_INFINITY): Promise<LastRemoval[]> {
  const found: LastRemoval[] = [];
  for (let beforeSeq: number | undefined; found.length < max; ) {
    const limit = Math.min(ROWS_AT_ONCE, max);
    const rows = await listAudit(tables, ITSELF, { subject: SUBJECT, limit, ...(beforeSeq && { beforeSeq }) });
    for (const { after } of rows) {
      const read = witnessed.safeParse(typeof after === 'string' ? JSON.parse(after) : after);
      if (read.success) found.push(read.data);
    }
    if (rows.length < limit) break;
    beforeSeq = rows.at(-1)!.seq;
  }
  return found;
}
