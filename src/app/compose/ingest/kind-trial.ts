import type { KindDryRunPort } from '../../../api/deps.ts';
import { type Clock, HOUR_MS } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import type { Kinds } from '../../../devices/kinds/kinds.ts';
import { type DryRunJournal, KindDryRun } from '../../../ingest/explain/kind-dry-run.ts';
import type { CrashGuard } from '../../../ingest/poison/crash-guard.ts';

/** Well within the time the API gives one request. */
const LIMIT_MS = 18_000;

/** Judges what was received lately by a kind file that is not in force. */
export function kindTrial({
  kinds,
  guard,
  journal,
  clock,
}: {
  kinds: Kinds;
  guard: Pick<CrashGuard, 'isPoison'>;
  journal: DryRunJournal;
  clock: Clock;
}): KindDryRunPort {
  const dryRun = new KindDryRun({ journal, kinds, clock, guard });
  return {
    run: (caller, text, hours) => {
      const candidate = kinds.candidate(text);
      if ('issues' in candidate) throw new CitywatchError('request.invalid', { issues: candidate.issues });
      return dryRun.run(caller, candidate.kind, { sinceMs: clock.nowMs() - hours * HOUR_MS, limitMs: LIMIT_MS });
    },
  };
}
