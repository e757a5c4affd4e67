import { type Clock, MINUTE_MS } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Observer } from '../observe.ts';
import type { BelievedTime } from './believed-time.ts';
import type { Lifecycle } from './lifecycle.ts';
import { Joined } from './one-at-a-time.ts';

export interface ChoresInput {
  clock: Clock;
  /** By this the chores tell what is old. */
  believed: Pick<BelievedTime, 'nowMs'>;
  observer: Observer;
  lifecycle: Lifecycle;
  /**
   * Each removes what is past its time, by the time that it is given (Unix ms) and no other: what goes is gone, and a
   * clock may be wrong. One that fails is tried again next time.
   */
  chores: Record<string, (nowMs: number) => Promise<unknown>>;
}

const EVERY_MS = 10 * MINUTE_MS;

/** Removes what is past its time, every ten minutes, one chore after the other. */
export function keepHouse({ clock, believed, observer, lifecycle, chores }: ChoresInput): void {
  const running = new Joined();
  const round = async (): Promise<void> => {
    for (const [name, chore] of Object.entries(chores)) {
      await chore(believed.nowMs()).catch((error: unknown) => {
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
