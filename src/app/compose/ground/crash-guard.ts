import type { Clock } from '../../../core/clock.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../../core/observe.ts';
import { CrashGuard } from '../../../ingest/poison/crash-guard.ts';

export interface GuardParts {
  directory(name: string): Promise<string>;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

/** Learns what the last life died of; it must end after all who work on messages. */
export async function openCrashGuard({ directory, clock, observer, lifecycle }: GuardParts): Promise<CrashGuard> {
  const guard = await CrashGuard.open({ directory: await directory('journal/poison'), clock, observer });
  lifecycle.onStop('crash guard', () => guard.close());
  return guard;
}
