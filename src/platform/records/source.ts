import { sql, type Tables } from '../database/database.ts';
import { databaseIdentity } from '../database/database-id.ts';
import { countUnsealed, sealedRows } from './chain.ts';
import type { Source } from './judge.ts';
import { proofsIn } from './prune-proof.ts';

/** Whether this database was ever brought to a version that seals both registers. */
export async function hasSealedRegisters(db: Tables): Promise<boolean> {
  const { rows } = await sql<{ known: boolean }>`select to_regclass('register_prune') is not null as known`.execute(
    db.tables(),
  );
  return rows[0]?.known === true;
}

/** The registers of a database, to be judged; `db` must show all rows as they are at one moment. */
export async function databaseSource(db: Tables): Promise<Source> {
  return {
    database: await databaseIdentity(db),
    proofs: await proofsIn(db),
    rows: (register, after) => sealedRows(db, register, after),
    unsealed: (register) => countUnsealed(db, register),
  };
}
