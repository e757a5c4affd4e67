import type { Clock } from '../../../../src/core/clock.ts';
import type { CameraLease, HeldElsewhere, Leases } from '../../../../src/streams/pool/leases.ts';

/** A store of camera leases in memory, for several gateways; `away` has those that do not reach it, and how. */
export class MemoryLeaseStore {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #rows = new Map<string, { node: string; epoch: number; untilMs: number }>();
  #epoch = 0;
  readonly away = new Map<string, 'refused' | 'silence'>();
  /** Questions asked so far, by name. */
  readonly asked = { acquire: 0, renew: 0, release: 0 };

  constructor(clock: Clock, ttlMs = 60_000) {
    this.#clock = clock;
    this.#ttlMs = ttlMs;
  }

  /** The leases as the gateway `node` sees them. */
  of(node: string): Leases {
    return {
      ttlMs: this.#ttlMs,
      acquire: (device) => this.#ask(node, 'acquire', () => this.#acquire(device, node)),
      renew: (leases) => this.#ask(node, 'renew', () => this.#renew(leases)),
      release: (leases) =>
        this.#ask(node, 'release', () => {
          for (const { device } of leases.filter((one) => this.#has(one))) this.#rows.delete(device);
        }),
    };
  }

  /** Gives the lease of a camera to a gateway that dies with it. */
  seize(device: string): void {
    this.#epoch += 1;
    this.#rows.set(device, { node: 'seizer', epoch: this.#epoch, untilMs: this.#untilMs() });
  }

  async #ask<T>(node: string, what: keyof MemoryLeaseStore['asked'], answer: () => T): Promise<T> {
    this.asked[what] += 1;
    const away = this.away.get(node);
    if (away === 'refused') throw new Error('the store is away');
    if (away === 'silence') await new Promise<never>(() => {});
    return answer();
  }

  #acquire(device: string, node: string): CameraLease | HeldElsewhere {
    const row = this.#rows.get(device);
    const leftMs = row ? row.untilMs - this.#clock.monotonicMs() : 0;
    if (row && row.node !== node && leftMs > 0) return { node: row.node, leftMs };
    this.#epoch += 1;
    this.#rows.set(device, { node, epoch: this.#epoch, untilMs: this.#untilMs() });
    return { device, epoch: this.#epoch };
  }

  #renew(leases: readonly CameraLease[]): ReadonlySet<string> {
    const kept = leases.filter((one) => this.#has(one)).map(({ device }) => device);
    for (const device of kept) this.#rows.set(device, { ...this.#rows.get(device)!, untilMs: this.#untilMs() });
    return new Set(kept);
  }

  #has({ device, epoch }: CameraLease): boolean {
    return this.#rows.get(device)?.epoch === epoch;
  }

  #untilMs(): number {
    return this.#clock.monotonicMs() + this.#ttlMs;
  }
}

/** The leases of a gateway that is alone. */
export function soleLeases(clock: Clock): Leases {
  return new MemoryLeaseStore(clock).of('alone');
}
