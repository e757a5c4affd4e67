import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import { Joined } from '../../../core/mechanisms/one-at-a-time.ts';
import { SayOnce } from '../../../core/mechanisms/say-once.ts';
import type { Observer } from '../../../core/observe.ts';
import type { DeviceId } from '../../../core/types.ts';
import type { RecordingPlans } from './plans.ts';

/** Something that happens at a camera. */
export interface Happening {
  camera: DeviceId;
  /** When it was last said, Unix ms. */
  atMs: number;
}

export interface EventWatchDeps {
  clock: Clock;
  observer: Observer;
  plans: Pick<RecordingPlans, 'happened' | 'areAnyByEvent'>;
  /** What goes on now, at or near cameras; those without a plan are passed over. */
  going(): Promise<readonly Happening[]>;
}

const LOOK_MS = 1_000;

/** Tells the plans of what happens at cameras, while any is recorded by events. */
export class EventWatch {
  readonly #deps: EventWatchDeps;
  readonly #looking = new Joined();
  readonly #said: SayOnce;
  #stop: () => void = () => {};

  constructor(deps: EventWatchDeps) {
    this.#deps = deps;
    this.#said = new SayOnce(deps.clock);
  }

  start(): void {
    this.#stop = this.#deps.clock.every(LOOK_MS, () => void this.#looking.run(() => this.look()));
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.#looking.settled();
  }

  /** Never rejects: what goes on is asked again, and what is recorded goes on for its time. */
  async look(): Promise<void> {
    const { plans, going, observer } = this.#deps;
    if (!plans.areAnyByEvent) return;
    try {
      for (const { camera, atMs } of await going()) plans.happened(camera, atMs);
    } catch (error) {
      if (this.#said.due()) {
        observer.log.warn({ part: 'recorder', error: messageOf(error) }, 'what happens at cameras is not known');
      }
    }
  }
}
