import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { ClockJumps } from '../../../core/clock-jumps.ts';
import { CitywatchError, messageOf } from '../../../core/errors.ts';
import { type InternalPayloads, type InternalRecord, internalMessage } from '../../../core/internal-records.ts';
import { NATIONWIDE } from '../../../core/jurisdiction.ts';
import type { Observer } from '../../../core/observe.ts';
import type { DeviceIdentity, DeviceState, NewMessage } from '../../../core/types.ts';

/** A device as it stands in the registry. */
export interface KnownDevice {
  identity: DeviceIdentity;
  state: DeviceState;
}

export interface SelfReportDeps {
  clock: Clock;
  observer: Observer;
  /** The door into the journal. */
  accept(message: NewMessage): Promise<unknown>;
  kinds: { latest(kind: string): { version: number } | undefined };
  /** Version of the program. */
  version: string;
}

const EVERY_MS = 60_000;
/** Before a start that the journal has no room for is tried again. */
const AGAIN_MS = 1_000;

/** The underscore keeps the gateway's own name apart from every device: no device id begins with one. */
const ID = '_gateway';

/**
 * Writes into the journal what no device says: that the gateway started, that a device was registered or retired, and
 * how the gateway itself is. Rules need these to know from when silence counts.
 */
export class SelfReport {
  readonly #deps: SelfReportDeps;
  readonly #startedMs: number;
  #stop: (() => void) | null = null;
  #cancelAgain = () => {};
  readonly #jumps: ClockJumps;

  constructor(deps: SelfReportDeps) {
    this.#deps = deps;
    this.#startedMs = deps.clock.monotonicMs();
    this.#jumps = new ClockJumps({ clock: deps.clock, tell: () => this.#tellClock() });
  }

  /** Resolves also while the journal has no room: the start is then written down once it has. */
  async start(): Promise<void> {
    const payload = { id: randomUUID(), type: 'start' as const, data: { version: this.#deps.version } };
    this.#stop = this.#deps.clock.every(EVERY_MS, () => this.#report());
    await this.#sayUntilTaken(() => this.#message('start', payload));
  }

  async #sayUntilTaken(message: () => NewMessage): Promise<void> {
    const { accept, clock, observer } = this.#deps;
    try {
      await accept(message());
    } catch (error) {
      if (!(error instanceof CitywatchError) || !error.retryable) throw error;
      observer.log.warn({ part: 'self-report', error: error.message }, 'the start is written down when there is room');
      this.#cancelAgain = clock.after(AGAIN_MS, () => {
        this.#sayUntilTaken(message).catch((reason: unknown) => {
          observer.log.error({ part: 'self-report', error: messageOf(reason) }, 'the start could not be written down');
        });
      });
    }
  }

  /** Whether the journal holds every time that the wall clock was set; what it does not hold is written at once. */
  isClockKnown(): boolean {
    return this.#jumps.look();
  }

  #tellClock(): Promise<unknown> {
    this.#deps.observer.log.warn({ part: 'self-report' }, 'the wall clock was set; rules begin anew to count time');
    return this.#deps.accept(this.#message('clock', this.#health()));
  }

  #report(): void {
    this.#say(this.#message('self', this.#health()));
  }

  #health() {
    const uptimeS = (this.#deps.clock.monotonicMs() - this.#startedMs) / 1000;
    const rssMb = process.memoryUsage.rss() / 1024 / 1024;
    const values = {
      uptime_s: Math.round(uptimeS * 10) / 10,
      rss_mb: Math.round(rssMb * 10) / 10,
    };
    return { values };
  }

  stop(): void {
    this.#stop?.();
    this.#cancelAgain();
  }

  /** A new or retired device starts or ends the clocks of absence rules. */
  deviceChanged({ identity, state }: KnownDevice, previous: KnownDevice | null): void {
    const retired = state === 'retired' && previous?.state !== 'retired';
    if (previous !== null && !retired) return;
    this.#say(this.#message(retired ? 'retired' : 'registered', { online: false }, identity));
  }

  /** From here on messages of the kind are read by its new version. */
  kindChanged(data: { kind: string; from: number; to: number }): void {
    this.say('kindChanged', { id: randomUUID(), type: 'kind_changed', data });
  }

  /** Any other word of the gateway about itself. */
  say<Name extends InternalRecord>(name: Name, payload: InternalPayloads[Name]): void {
    this.#say(this.#message(name, payload));
  }

  #say(message: NewMessage): void {
    this.#deps.accept(message).catch((error: unknown) => {
      this.#deps.observer.log.warn({ part: 'self-report', error: messageOf(error) }, 'could not be written down');
    });
  }

  #message<Name extends InternalRecord>(name: Name, payload: InternalPayloads[Name], device = this.#gateway()) {
    return internalMessage(name, payload, { device, receivedAtMs: this.#deps.clock.nowMs() });
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
