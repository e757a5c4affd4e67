import { systemCaller } from '../../core/callers/system-caller.ts';
import { DAY_MS, toRfc3339 } from '../../core/clock.ts';
import { NATIONWIDE } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql, type Tables } from '../database/database.ts';
import { databaseIdentity } from '../database/database-id.ts';
import type { Ownership } from '../database/ownership.ts';
import { recordAudit } from './audit.ts';
import { BEGINNING, type ChainPoint, lastSealed } from './chain.ts';
import { addProof, type PruneProof, proofsIn, proofText } from './prune-proof.ts';
import { REGISTERS, type SealedRegister } from './registers.ts';
import type { Signer } from './signing.ts';

export interface PruningDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  signer: Signer;
  /** How long rows are kept at least, in days. */
  keepDays: number;
  /** Told after rows were said to go and before any of them goes. */
  beforeRemoval(): Promise<void>;
}

/** A proof a day is enough. */
const EVERY_MS = DAY_MS;
const BATCH_ROWS = 5_000;
/** Batches of one call: a stop waits for them. */
const BATCHES_MAX = 40;

const ITSELF: Caller = systemCaller({ id: 'records', name: 'housekeeping', role: 'administrator' });

/**
 * Removes rows of both registers that are older than they are kept, from the beginning of their chains on. First comes
 * the signed proof and its row in the audit trail, in one transaction, then the checkpoint, then the rows go; whoever
 * is killed in between leaves a whole chain, and the next call goes on.
 */
export class Pruning {
  readonly #deps: PruningDeps;

  constructor(deps: PruningDeps) {
    this.#deps = deps;
  }

  /** What goes is gone, so `nowMs` is the time that is believed (`core/mechanisms/believed-time.ts`). */
  async prune(nowMs: number): Promise<void> {
    const noted = [];
    for (const register of REGISTERS) noted.push(await this.#note(register, nowMs));
    if (noted.includes(true)) await this.#deps.beforeRemoval();
    for (const register of REGISTERS) await this.#remove(register);
  }

  /** Says which rows go, where some are old enough; resolves with whether it did. */
  #note(register: SealedRegister, atMs: number): Promise<boolean> {
    const { database, ownership, keepDays, signer } = this.#deps;
    return ownership.transaction(database, 'that old rows of a register go', async (tx) => {
      const before = await lastProof(tx, register);
      if (before && atMs - before.atMs < EVERY_MS) return false;
      const keptFromMs = atMs - keepDays * DAY_MS;
      const end = await lastOld(tx, register, { after: before ?? BEGINNING, keptFromMs });
      if (!end) return false;
      const said = { register: register.name, ...end, keptFromMs, atMs };
      const signature = signer.sign(proofText(await databaseIdentity(tx), said));
      await addProof(tx, { ...said, keyId: signer.keyId, signature });
      const subject = `register/${register.name}`;
      const after = { rows: end.link, keptFrom: toRfc3339(keptFromMs) };
      await recordAudit(tx, {
        caller: ITSELF,
        action: 'records.prune',
        subject,
        jurisdiction: NATIONWIDE,
        after,
        atMs,
      });
      return true;
    });
  }

  async #remove(register: SealedRegister): Promise<void> {
    const { database, ownership } = this.#deps;
    const proof = await lastProof(database, register);
    if (!proof) return;
    const table = sql.table(register.table);
    for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
      const gone = await ownership.transaction(database, 'that old rows of a register are gone', async (tx) => {
        const { numAffectedRows } = await sql`delete from ${table} where seq in (
          select seq from ${table} where link <= ${proof.link} order by link limit ${sql.lit(BATCH_ROWS)})`.execute(
          tx.tables(),
        );
        return Number(numAffectedRows ?? 0);
      });
      if (gone < BATCH_ROWS) return;
    }
  }
}

async function lastProof(db: Tables, { name }: SealedRegister): Promise<PruneProof | null> {
  return (await proofsIn(db)).findLast(({ register }) => register === name) ?? null;
}

/** The last row before which all are old, but never the last of all: the chain goes on from that one. */
async function lastOld(
  db: Tables,
  register: SealedRegister,
  { after, keptFromMs }: { after: ChainPoint; keptFromMs: number },
): Promise<ChainPoint | null> {
  const table = sql.table(register.table);
  const { rows: young } = await sql<{ link: number }>`
    select link from ${table} where link > ${after.link} and at_ms >= ${keptFromMs} order by link limit 1`.execute(
    db.tables(),
  );
  const end = (young[0] ?? (await lastSealed(db, register))).link - 1;
  if (end <= after.link) return null;
  const { rows } = await sql<ChainPoint>`select link, hash from ${table} where link = ${end}`.execute(db.tables());
  return rows[0] ?? null;
}
