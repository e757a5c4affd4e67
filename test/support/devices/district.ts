import { pino } from 'pino';
import { systemClock } from '../../../src/core/clock.ts';
import type { Place } from '../../../src/core/jurisdiction.ts';
import type { Caller } from '../../../src/core/types.ts';
import type { CheckReport } from '../../../src/devices/checks/checks.ts';
import { CHECKS_QUEUE } from '../../../src/devices/checks/district/ends.ts';
import { DistrictChecks } from '../../../src/devices/checks/district/run.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import type { Ownership } from '../../../src/platform/database/ownership.ts';
import { WorkQueue } from '../../../src/platform/work/work.ts';
import { quietObserver } from '../services/services.ts';

/** What a check of a device finds in these tests. */
export function foundOf(device: string): CheckReport {
  const grade = device.endsWith('3') ? 'failed' : 'ok';
  const step = { name: 'reach', grade, seen: `here is ${device}`, problem: null, hint: null, tookMs: 1 } as const;
  return { grade, cause: null, steps: [step], atMs: Date.now(), tookMs: 1, unit: null };
}

/** The worker of checks of districts on a queue of its own; `checking` is told of each device. */
export function districtWorker(
  database: Database<never>,
  ownership: Ownership,
  checking: (device: string) => void | Promise<void>,
  over: {
    failed?: (device: string) => void;
    standing?: (caller: Caller) => Promise<Caller | null>;
    placeOf?: (device: string) => Place | undefined;
  } = {},
) {
  const clock = systemClock;
  const observer = quietObserver();
  const districts = new DistrictChecks({
    database,
    ownership,
    clock,
    log: pino({ level: 'silent' }),
    check: async (_caller, device) => {
      await checking(device);
      return foundOf(device);
    },
    failed: async (_caller, device) => over.failed?.(device),
    standing: over.standing ?? (async (caller) => caller),
    placeOf: over.placeOf ?? (() => undefined),
    atOnce: 8,
  });
  const work = new WorkQueue({ database, clock, observer, ownership });
  work.handle(CHECKS_QUEUE, (id, signal) => districts.handle(id, signal));
  return { districts, work };
}
