import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { type InternalPayloads, type InternalRecord, internalMessage } from '../../../core/internal-records.ts';
import { NATIONWIDE } from '../../../core/jurisdiction.ts';
import type { DeviceIdentity, NewMessage } from '../../../core/types.ts';

export interface GatewayWordsDeps {
  clock: Clock;
  kinds: { latest(kind: string): { version: number } | undefined };
  /** Version of the program. */
  version: string;
}

/** The underscore keeps the gateway's own name apart from every device: no device id begins with one. */
const ID = '_gateway';

/** Puts into messages what the gateway itself has to say; whoever has a door into the journal hands them in there. */
export class GatewayWords {
  readonly #deps: GatewayWordsDeps;
  readonly #startedMs: number;

  constructor(deps: GatewayWordsDeps) {
    this.#deps = deps;
    this.#startedMs = deps.clock.monotonicMs();
  }

  /** The gateway started. */
  started(): NewMessage {
    const { version } = this.#deps;
    return this.of('start', { id: randomUUID(), type: 'start', data: { version } });
  }

  /** How the gateway is. */
  health(): NewMessage {
    return this.of('self', this.#health());
  }

  /** The wall clock was set; what stands behind it in the journal is of the new time. */
  clockWasSet(): NewMessage {
    return this.of('clock', this.#health());
  }

  /** Any word, about the gateway itself or about `device`. */
  of<Name extends InternalRecord>(name: Name, payload: InternalPayloads[Name], device = this.#gateway()): NewMessage {
    return internalMessage(name, payload, { device, receivedAtMs: this.#deps.clock.nowMs() });
  }

  #health(): InternalPayloads['self'] {
    const uptimeS = (this.#deps.clock.monotonicMs() - this.#startedMs) / 1000;
    const rssMb = process.memoryUsage.rss() / 1024 / 1024;
    return { values: { uptime_s: Math.round(uptimeS * 10) / 10, rss_mb: Math.round(rssMb * 10) / 10 } };
  }

  #gateway(): DeviceIdentity {
    return {
      id: ID,
      kind: 'gateway',
      kindVersion: this.#deps.kinds.latest('gateway')?.version ?? 1,
      jurisdiction: NATIONWIDE,
    };
  }
}
