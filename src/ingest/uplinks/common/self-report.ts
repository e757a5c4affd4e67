import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { CitywatchError, messageOf } from '../../../core/errors.ts';
import type { InternalPayloads, InternalRecord } from '../../../core/internal-records.ts';
import type { Observer } from '../../../core/observe.ts';
import type { DeviceIdentity, DeviceState, NewMessage } from '../../../core/types.ts';
import type { GatewayWords } from './gateway-words.ts';

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
  words: GatewayWords;
}

const EVERY_MS = 60_000;
/** Before a start that the journal has no room for is tried again. */
const AGAIN_MS = 1_000;

/**
 * Writes into the journal what no device says: that the gateway started, that a device was registered or retired, and
 * how the gateway itself is. Rules need these to know from when silence counts.
 */
export class SelfReport {
  readonly #deps: SelfReportDeps;
  #stop: (() => void) | null = null;
  #cancelAgain = () => {};

  constructor(deps: SelfReportDeps) {
    this.#deps = deps;
  }

  /** Resolves also while the journal has no room: the start is then written down once it has. */
  async start(): Promise<void> {
    const { clock, words } = this.#deps;
    this.#stop = clock.every(EVERY_MS, () => this.#say(words.health()));
    // Its id stays the same, so that it is known again where it was written down and nobody heard so.
    const message = words.started();
    await this.#sayUntilTaken(() => ({ ...message, receivedAtMs: clock.nowMs() }));
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

  stop(): void {
    this.#stop?.();
    this.#cancelAgain();
  }

  /** A new or retired device starts or ends the clocks of absence rules. */
  deviceChanged({ identity, state }: KnownDevice, previous: KnownDevice | null): void {
    const retired = state === 'retired' && previous?.state !== 'retired';
    if (previous !== null && !retired) return;
    this.#say(this.#deps.words.of(retired ? 'retired' : 'registered', { online: false }, identity));
  }

  /** From here on messages of the kind are read by its new version. */
  kindChanged(data: { kind: string; from: number; to: number }): void {
    this.say('kindChanged', { id: randomUUID(), type: 'kind_changed', data });
  }

  /** Any other word of the gateway about itself. */
  say<Name extends InternalRecord>(name: Name, payload: InternalPayloads[Name]): void {
    this.#say(this.#deps.words.of(name, payload));
  }

  #say(message: NewMessage): void {
    this.#deps.accept(message).catch((error: unknown) => {
      this.#deps.observer.log.warn({ part: 'self-report', error: messageOf(error) }, 'could not be written down');
    });
  }
}
