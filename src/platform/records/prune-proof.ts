import { toRfc3339 } from '../../core/clock.ts';
import { sql, type Tables } from '../database/database.ts';
import type { ChainPoint } from './chain.ts';
import type { RegisterName } from './registers.ts';

/** That the rows of a chain up to `link` were removed for their age, and the hash that the rest follows. */
export interface PruneProof extends ChainPoint {
  register: RegisterName;
  /** Every row that went was written before. */
  keptFromMs: number;
  atMs: number;
  keyId: string;
  signature: Buffer;
}

/** What the signature is over. `database` is the identity of the database, so that a proof fits no other. */
export function proofText(database: string, proof: Omit<PruneProof, 'keyId' | 'signature'>): string {
  const { register, link: rows, hash, keptFromMs, atMs } = proof;
  const last = hash.toString('hex');
  const keptFrom = toRfc3339(keptFromMs);
  return JSON.stringify({ citywatch: 'prune', v: 1, database, register, rows, last, keptFrom, at: toRfc3339(atMs) });
}

/** Adds a proof: from the commit on its rows may be removed. */
export async function addProof(tx: Tables, proof: PruneProof): Promise<void> {
  const { register, link, hash, keptFromMs, atMs, keyId, signature } = proof;
  await sql`insert into register_prune (register, link, hash, kept_from_ms, at_ms, key_id, signature)
    values (${register}, ${link}, ${hash}, ${keptFromMs}, ${atMs}, ${keyId}, ${signature})`.execute(tx.tables());
}

/** Every proof there is, those of a register from the first on. */
export async function proofsIn(db: Tables): Promise<PruneProof[]> {
  const { rows } = await sql<PruneProof>`
    select register, link, hash, kept_from_ms as "keptFromMs", at_ms as "atMs", key_id as "keyId", signature
    from register_prune order by register, link`.execute(db.tables());
  return rows;
}
