import { join } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../../core/observe.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import { RegisterCheck } from '../../../platform/records/check/register-check.ts';
import { CheckpointFile } from '../../../platform/records/checkpoint-file.ts';
import { Checkpoints } from '../../../platform/records/checkpoints.ts';
import { Pruning } from '../../../platform/records/pruning.ts';
import { Sealer } from '../../../platform/records/sealer.ts';
import { type PublicKey, Signer } from '../../../platform/records/signing.ts';
import type { Config } from '../../config/config.ts';
import type { DataDirectory } from '../../local-services/data-directory.ts';

export interface RecordsInput {
  config: Config;
  place: DataDirectory;
  database: Database;
  ownership: Ownership;
  /** What checkpoints and proofs are signed by. */
  seed: Buffer;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

/** The file of checkpoints where no setting names another. */
export function checkpointFileIn(dataDirectory: string): string {
  return join(dataDirectory, CHECKPOINTS, 'registers.jsonl');
}

const CHECKPOINTS = 'checkpoints';

/** What prunes the registers and checks them, and by which keys their checkpoints are verified. */
export interface Records {
  pruning: Pruning;
  check: RegisterCheck;
  keys(): Promise<PublicKey[]>;
}

/** Has both registers sealed and written down outside the database from now on. */
export async function openRecords(input: RecordsInput): Promise<Records> {
  const { config, place, database, ownership, seed, clock, observer, lifecycle } = input;
  const { checkpointFile, keepDays } = config.audit;
  if (checkpointFile === null) await place.directory(CHECKPOINTS);
  const signer = new Signer(seed);
  const file = new CheckpointFile(checkpointFile ?? checkpointFileIn(place.path), signer);
  const checkpoints = new Checkpoints({ database, file, clock, observer });
  const sealer = new Sealer({ database, clock, observer });
  // The last row is sealed before the last checkpoint is written.
  lifecycle.onStop('checkpoints', () => checkpoints.stop());
  lifecycle.onStop('sealer of the registers', () => sealer.stop());
  sealer.start();
  checkpoints.start();
  const beforeRemoval = (): Promise<void> => checkpoints.write();
  const pruning = new Pruning({ database, ownership, signer, keepDays, beforeRemoval });
  const check = new RegisterCheck({ database, file, clock, observer });
  lifecycle.onStop('check of the registers', () => check.stop());
  return { pruning, check, keys: () => file.keys() };
}
