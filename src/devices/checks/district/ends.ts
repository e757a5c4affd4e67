import type { Caller } from '../../../core/types.ts';
import type { Tables } from '../../../platform/database/database.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import type { CheckTables, Job, JobState, JobType } from './tables.ts';

export const CHECKS_QUEUE = 'checks';
export const ROTATION_JOBS_QUEUE = 'rotations';

/** The queue of each type, and what its audit rows are called. */
export const JOB_TYPES: Readonly<Record<JobType, { queue: string; what: string }>> = {
  checks: { queue: CHECKS_QUEUE, what: 'check' },
  rotations: { queue: ROTATION_JOBS_QUEUE, what: 'rotation' },
};

const ITSELF = { type: 'system', id: 'jobs', name: 'jobs', role: 'administrator', purpose: null } as const;

/** Ends a job that is running; false for one that was over. */
export async function endJob(
  tables: Tables,
  id: string,
  change: { state: Exclude<JobState, 'running'>; ended_at_ms: number },
): Promise<boolean> {
  const job = tables.tables<CheckTables>().updateTable('check_job').set(change);
  const { numUpdatedRows } = await job.where('id', '=', id).where('state', '=', 'running').executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Calls a job off because who began it may not do any more what it does. */
export async function withdrawJob(tx: Tables, { id, type, jurisdiction, caller }: Job, atMs: number): Promise<void> {
  if (!(await endJob(tx, id, { state: 'cancelled', ended_at_ms: atMs }))) return;
  const { what } = JOB_TYPES[type];
  const after = { reason: 'the right of who began it was withdrawn', by: caller.name };
  const by: Caller = { ...ITSELF, jurisdiction };
  await recordAudit(tx, {
    caller: by,
    action: `${what}.withdrawn`,
    subject: `${what}/${id}`,
    jurisdiction,
    after,
    atMs,
  });
}
