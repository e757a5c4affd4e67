import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../core/observe.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import type { Config } from '../config/config.ts';

/** What a look at the machine may use. */
export interface DoctorDeps {
  config: Config;
  clock: Clock;
  observer: Observer;
  outbound: Pick<Outbound, 'http'>;
  /** Whoever starts is asked to stop: PostgreSQL is waited for no longer. */
  ended?: AbortSignal | undefined;
}
