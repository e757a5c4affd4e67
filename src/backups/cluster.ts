import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CitywatchError } from '../core/errors.ts';
import type { BackupTree } from './tree.ts';

/** Runs one statement in a session that lasts as long as the backup. */
export type Statement = (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;

/**
 * What PostgreSQL makes anew at each start, by
 * https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP-DATA. The directories must
 * be there, and empty.
 */
const CONTENTS_NOT_COPIED =
  /^(pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)\/.|(^|\/)pgsql_tmp/;
const NOT_COPIED = /^(postmaster\.pid|postmaster\.opts|backup_label|tablespace_map)$|(^|\/)pg_internal\.init/;

/** Below the log directory, needed though it is left out. */
const STATUS = 'pg_wal/archive_status';

/**
 * Copies a running cluster by PostgreSQL's own online backup: start and stop in one session, and between them every
 * file, together with the log of what was written meanwhile. A slot keeps that log until it is copied, and goes with
 * the session however this ends.
 */
export async function copyCluster(statement: Statement, cluster: string, tree: BackupTree): Promise<void> {
  const to = 'postgres';
  await statement(`select pg_create_physical_replication_slot('citywatch_backup_' || pg_backend_pid(), true, true)`);
  const [begun] = await statement(`select pg_walfile_name(pg_backup_start('citywatch', true)) as first`);
  await tree.copy(cluster, to, (path) => NOT_COPIED.test(path) || CONTENTS_NOT_COPIED.test(path));
  const [ended] = await statement(
    'select pg_walfile_name(lsn) as last, labelfile, spcmapfile from pg_backup_stop(false)',
  );
  if (String(ended?.spcmapfile ?? '').trim() !== '') {
    const detail =
      'The cluster has tablespaces elsewhere, which no version of citywatch makes; back it up by its means.';
    throw new CitywatchError('service.failed', { detail });
  }
  await tree.write(join(to, 'backup_label'), String(ended?.labelfile));
  const [first, last] = [String(begun?.first), String(ended?.last)];
  const isNeeded = (name: string): boolean => /^[0-9A-F]{24}$/.test(name) && name >= first && name <= last;
  const log = join(cluster, 'pg_wal');
  const names = (await readdir(log)).filter(isNeeded);
  if (!names.includes(first) || !names.includes(last)) {
    throw new CitywatchError('service.failed', {
      detail: 'PostgreSQL threw away its log during the backup; try again.',
    });
  }
  tree.directories.push(join(to, STATUS));
  await tree.copy(log, join(to, 'pg_wal'), (path) => !names.includes(path));
}
