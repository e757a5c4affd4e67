import { readFile } from 'node:fs/promises';
import { Registry } from '../../core/observe.ts';
import { fine, problem, type Remark } from '../../core/setup/remarks.ts';
import { DATABASE_LIMITS, Database } from '../../platform/database/database.ts';
import { misfitOfKeys } from '../../platform/secrets/cluster-keys.ts';
import { vaultKey } from '../config/vault-key.ts';
import { dataDirectoryIsHeld, secretFileIn } from '../local-services/data-directory.ts';
import type { DoctorDeps } from './deps.ts';

const PART = 'secret';

/** Whether the secret in the data directory is the one of the database; a start refuses another. Makes none. */
export async function checkSecret({ config, clock, observer }: DoctorDeps): Promise<Remark[]> {
  const { dataDir } = config;
  const { url } = config.database;
  if (url === null) return [fine(PART, 'the start compares it with the private database')];
  if (await dataDirectoryIsHeld(dataDir)) return [fine(PART, 'in use')];
  // This pool is not the gateway's: it must not stand for it in the metrics.
  const database = await Database.open({
    url,
    observer: { log: observer.log, metrics: new Registry() },
    clock,
    limits: DATABASE_LIMITS,
  });
  try {
    const pathOf = (name: string) => secretFileIn(dataDir, name);
    const read = async (name: string) => (await readFile(pathOf(name), 'utf8').catch(absentAsNull)) || null;
    const misfit = await misfitOfKeys({ database, files: { read, pathOf }, vaultKey: await vaultKey(config) });
    return misfit === null ? [fine(PART, 'fits the database')] : [problem(PART, misfit.what, misfit.remedy)];
  } finally {
    await database.close();
  }
}

function absentAsNull(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
