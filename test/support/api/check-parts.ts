import type { ApiDeps } from '../../../src/api/deps.ts';
import type { Caller } from '../../../src/core/types.ts';
import type { JobType } from '../../../src/devices/checks/district/tables.ts';
import { HERE, requireHere } from './api-parts.ts';
import { memoryLogins } from './memory/logins.ts';

/** One job of here that is over. */
function memoryJobs(type: JobType): ApiDeps['checkJobs'] {
  const counts = { total: 1, done: 1, ok: 1, warning: 0, failed: 0 };
  const job = {
    id: 'job-1',
    type,
    by: 'admin',
    jurisdiction: HERE,
    state: 'done' as const,
    createdAtMs: 0,
    endedAtMs: 1,
  };
  const here = async (caller: Caller) => {
    requireHere(caller);
    return { ...job, ...counts };
  };
  return {
    create: here,
    get: here,
    cancel: here,
    list: async () => ({ items: [], next: null }),
    report: async (caller) => {
      requireHere(caller);
      return { items: [], next: null };
    },
  };
}

type MemoryChecks = Pick<
  ApiDeps,
  'checks' | 'checkJobs' | 'rotationJobs' | 'logins' | 'keptLogins' | 'loginReveal' | 'secretChanges'
>;

/** Checks that find everything well, and show their picture for order 1. */
export function memoryChecks(): MemoryChecks {
  const step = { name: 'reach', grade: 'ok' as const, seen: 'here', problem: null, hint: null, tookMs: 1 };
  const report = { grade: 'ok' as const, cause: null, steps: [step], atMs: 0, tookMs: 1, unit: null };
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xd9]);
  return {
    checks: {
      device: async (_caller, _device, order) => ({
        ...report,
        shared: false,
        picture: order === '1' ? { jpeg } : { withheld: 'no order' },
      }),
      address: async () => report,
      progress: () => [step],
    },
    checkJobs: memoryJobs('checks'),
    rotationJobs: memoryJobs('rotations'),
    ...memoryLogins(),
  };
}
