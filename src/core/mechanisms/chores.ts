import { type Clock, MINUTE_MS } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Observer } from '../observe.ts';
import type { Lifecycle } from './lifecycle.ts';
import { Joined } from './one-at-a-time.ts';

export interface ChoresInput {
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
  /** Each removes what is past its time; one that fails is tried again next time. */
  chores: Record<string, () => Promise<unknown>>;
}

const EVERY_MS = 10 * MINUTE_MS;

/** Removes what is past its time, every ten minutes, one chore after the other. */
export function keepHouse({ clock, observer, lifecycle, chores }: ChoresInput): void {
  const running = new Joined();
  const round = async (): Promise<void> => {
    for (const [name, chore] of Object.entries(chores)) {
      await chore().catch((error: unknown) => {
        observer.log.warn({ part: 'housekeeping', chore: name, error: messageOf(error) }, 'will be tried again');
      });
    }
  };
  const cancel = clock.every(EVERY_MS, () => void running.run(round));
  lifecycle.onStop('housekeeping', async () => {
    cancel();
    await running.settled();
  });
}
