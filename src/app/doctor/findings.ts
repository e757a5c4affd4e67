import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../core/observe.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import type { Config } from '../config/config.ts';

/** One thing that was looked at. */
export interface Finding {
  /** `problem`: the gateway must not start so. `warning`: it can, and somebody should know. */
  level: 'fine' | 'warning' | 'problem';
  part: string;
  what: string;
  /** What to do; empty when nothing is wrong. */
  remedy: string;
}

export interface DoctorDeps {
  config: Config;
  clock: Clock;
  observer: Observer;
  outbound: Pick<Outbound, 'http'>;
}

export function fine(part: string, what: string): Finding {
  return { level: 'fine', part, what, remedy: '' };
}

export function problem(part: string, what: string, remedy: string): Finding {
  return { level: 'problem', part, what, remedy };
}

export function warning(part: string, what: string, remedy: string): Finding {
  return { level: 'warning', part, what, remedy };
}
