import { CitywatchError } from '../../core/errors.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { CheckReport } from '../checks/checks.ts';
import { faultOf, type HealthPort, occasionOf } from './occasions.ts';
import type { Opened, Orders } from './orders.ts';

export interface CheckOrdersDeps {
  orders: Pick<Orders, 'openFor'>;
  health: HealthPort;
  /** The device in maintenance: this one or one above it; null where there is none. */
  maintained(id: DeviceId): DeviceId | null;
}

/** What a device is not to blame for while everything beside it is dark. */
const OF_THE_WAY: ReadonlySet<string> = new Set([
  'unreachable',
  'timeout',
  'dns',
  'not-connected',
  'offline',
  'silent',
]);

/**
 * Work orders for what checks found to be wrong, one for each cause and device. What is worked on gets none; what is
 * dark together with its neighbours gets one where their lines meet.
 */
export class CheckOrders {
  readonly #deps: CheckOrdersDeps;

  constructor(deps: CheckOrdersDeps) {
    this.#deps = deps;
  }

  /** Null where nothing is to be done: nothing failed, it is worked on, or it is not this caller's to see. */
  async open(caller: Caller, device: DeviceId, { grade, cause }: CheckReport): Promise<Opened | null> {
    const { orders, health, maintained } = this.#deps;
    if (grade !== 'failed' || !cause || maintained(device) !== null) return null;
    const problem = cause.problem ?? 'failed';
    const because = OF_THE_WAY.has(problem) ? (health.of(device)?.because ?? null) : null;
    const occasion =
      because === null
        ? {
            device,
            cause: `check:${problem}`,
            title: `检查未通过 Check failed: ${cause.name} (${problem})`,
            text: [cause.seen, cause.hint].filter(Boolean).join(' ') || null,
          }
        : occasionOf(because, faultOf(health.of(because)) ?? { kind: 'together', detail: null, sinceMs: null });
    return await orders.openFor(occasion, caller).catch((error: unknown) => {
      if (isNobodys(error)) return null;
      throw error;
    });
  }
}

/** The device is gone, or stands where the caller sees nothing. */
export function isNobodys(error: unknown): boolean {
  return error instanceof CitywatchError && (error.code === 'not-found' || error.code === 'conflict.state');
}
