import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Logger, Observer } from '../../core/observe.ts';
import type { Database } from '../database/database.ts';
import { SEALED_AT_ONCE, sealRegister, withUnsealed } from './chain.ts';
import { REGISTERS } from './registers.ts';

export interface SealerDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
}

/** So long a row may stand unsealed: what is done to it until then is not seen. */
const EVERY_MS = 500;

/** Pages of one register in one round: what an earlier version left unsealed holds up neither a stop nor the others. */
const PAGES_AT_ONCE = 20;

/** Chains what was written to the audit trail and the access register, all day long. */
export class Sealer {
  readonly #deps: SealerDeps;
  readonly #log: Logger;
  #cancel = (): void => {};
  readonly #running = new Joined();
  #isFailing = false;

  constructor(deps: SealerDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'audit' });
  }

  start(): void {
    this.#cancel = this.#deps.clock.every(EVERY_MS, () => void this.#round());
  }

  /** Seals what is left, so that the registers of a stopped gateway have no open end. */
  async stop(): Promise<void> {
    this.#cancel();
    await this.#running.settled();
    await this.#round();
  }

  /** One after the other; what fails is tried again by the next. */
  #round(): Promise<void> {
    return this.#running.run(() =>
      this.#sealAll().catch((error: unknown) => {
        if (!this.#isFailing) this.#log.warn({ error: messageOf(error) }, 'rows of the registers wait to be sealed');
        this.#isFailing = true;
      }),
    );
  }

  async #sealAll(): Promise<void> {
    const { database } = this.#deps;
    for (const register of await withUnsealed(database, REGISTERS)) {
      // What came while a short page was being sealed waits for the next round: else it would go on all the time that
      // rows are being written, a transaction for a handful each.
      for (let page = 0; page < PAGES_AT_ONCE; page += 1) {
        if ((await sealRegister(database, register)) < SEALED_AT_ONCE) break;
      }
    }
    this.#isFailing = false;
  }
}
