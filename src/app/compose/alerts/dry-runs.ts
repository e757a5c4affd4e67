import type { Watch } from '../../../alerts/rules/conditions/condition.ts';
import { DRY_RUNS_QUEUE, DryRuns } from '../../../alerts/rules/dry-run/dry-runs.ts';
import type { UnheardPort } from '../../../alerts/rules/dry-run/recorded-source.ts';
import { Recordings } from '../../../alerts/rules/dry-run/recordings.ts';
import { DryRunWorker, type PastPort } from '../../../alerts/rules/dry-run/worker.ts';
import type { RuleBook } from '../../../alerts/rules/rule-book.ts';
import type { Devices } from '../devices/devices.ts';
import type { Ground } from '../ground/ground.ts';
import { devicesOfRules } from './alert-rules.ts';

interface DryRunParts {
  book: RuleBook;
  /** Without what only some may know of. */
  watch: Watch;
  past: PastPort;
  unheard: UnheardPort;
}

/** Trials of drafts of rules, one after the other. */
export function composeDryRuns(ground: Ground, devices: Devices, { book, watch, past, unheard }: DryRunParts) {
  const { database, ownership, clock, work, doorbell } = ground;
  const { directory, kinds, standing, jurisdictions } = devices;
  const parse = (text: string) => book.parse(text);
  const recordings = new Recordings({ database, clock });
  const worker = new DryRunWorker({
    database,
    ownership,
    clock,
    past,
    recordings,
    unheard,
    parse,
    inForce: (name) => book.current().find(({ rule }) => rule === name) ?? null,
    watch,
    devices: devicesOfRules(directory, kinds, jurisdictions),
    identityOf: (id) => {
      const entry = directory.get(id);
      return entry && entry.state !== 'retired' ? entry.identity : undefined;
    },
    standing: (caller) => standing.now(caller, 'rules.try'),
  });
  // One after the other, in turns of some seconds: what comes in has the rest of the processor.
  work.handle(DRY_RUNS_QUEUE, (id, signal) => worker.handle(id, signal), { atOnce: 1 });
  const dryRuns = new DryRuns({
    database,
    clock,
    parse,
    ring: (queue) => doorbell.ring(queue),
    cancelled: (id) => worker.cancelled(id),
  });
  return { dryRuns, recordings };
}
