import { CitywatchError } from '../../core/errors.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { CheckReport } from '../checks/checks.ts';
import type { CheckStep } from '../checks/steps.ts';
import { type Fault, faultOf, type HealthPort, occasionOf } from './occasions.ts';
import type { Occasion, Opened, Orders } from './orders.ts';

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
    const judged = OF_THE_WAY.has(problem) ? health.of(device) : null;
    const fault = faultOf(judged);
    const occasion = fault ? this.#known(device, judged?.because ?? null, fault) : checked(device, problem, cause);
    return await orders.openFor(occasion, caller).catch((error: unknown) => {
      if (isNobodys(error)) return null;
      throw error;
    });
  }

  /** It is known to be offline: that has one order, whoever finds it. */
  #known(device: DeviceId, because: DeviceId | null, fault: Fault): Occasion {
    if (because === null) return occasionOf(device, fault);
    const above = faultOf(this.#deps.health.of(because));
    return occasionOf(because, above ?? { kind: 'together', detail: null, sinceMs: null });
  }
}

function checked(device: DeviceId, problem: string, { name, seen, hint }: CheckStep): Occasion {
  return {
    device,
    cause: `check:${problem}`,
    title: `检查未通过 Check failed: ${name} (${problem})`,
    text: [seen, hint].filter(Boolean).join(' ') || null,
  };
}

/** The device is gone, or stands where the caller sees nothing. */
export function isNobodys(error: unknown): boolean {
  return error instanceof CitywatchError && (error.code === 'not-found' || error.code === 'conflict.state');
}
