import type { Database } from '../../../src/platform/database/database.ts';
import { BEGINNING, countUnsealed, sealedRows, sealRegister, walkChain } from '../../../src/platform/records/chain.ts';
import { AUDIT, REGISTERS, type SealedRegister } from '../../../src/platform/records/registers.ts';

/** Seals a page of the audit trail; resolves with how many rows. */
export const sealAudit = (database: Database): Promise<number> => sealRegister(database, AUDIT);

/** Seals both registers to their ends. */
export async function sealAll(database: Database): Promise<void> {
  for (const register of REGISTERS) while ((await sealRegister(database, register)) > 0);
}

/** Walks a whole chain that was never pruned. */
export async function walkAll(database: Database, register: SealedRegister = AUDIT) {
  const { end, broken } = await walkChain(sealedRows(database, register, 0), BEGINNING, () => {});
  return {
    checked: end.link,
    broken,
    head: end.hash.toString('hex'),
    unsealed: await countUnsealed(database, register),
  };
}
