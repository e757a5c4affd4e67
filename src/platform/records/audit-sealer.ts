import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Logger, Observer } from '../../core/observe.ts';
import type { Database } from '../database/database.ts';
import { hasUnsealed, SEALED_AT_ONCE, sealAudit } from './audit.ts';

export interface AuditSealerDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
}

/** So long a row may stand unsealed: what is done to it until then is not seen. */
const EVERY_MS = 500;

/** Chains what was written to the audit trail, all day long. */
export class AuditSealer {
  readonly #deps: AuditSealerDeps;
  readonly #log: Logger;
  #cancel = (): void => {};
  readonly #running = new Joined();
  #isFailing = false;

  constructor(deps: AuditSealerDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'audit' });
  }

  start(): void {
    this.#cancel = this.#deps.clock.every(EVERY_MS, () => void this.#round());
  }

  /** Seals what is left, so that the trail of a stopped gateway has no open end. */
  async stop(): Promise<void> {
    this.#cancel();
    await this.#running.settled();
    await this.#round();
  }

  /** One after the other; what fails is tried again by the next. */
  #round(): Promise<void> {
    return this.#running.run(() =>
      this.#sealAll().catch((error: unknown) => {
        if (!this.#isFailing) this.#log.warn({ error: messageOf(error) }, 'audit rows wait to be sealed');
        this.#isFailing = true;
      }),
    );
  }

  async #sealAll(): Promise<void> {
    const { database } = this.#deps;
    // What came while a short page was being sealed waits for the next round: else it would go on all the time that
    // rows are being written, a transaction for a handful each.
    let more = await hasUnsealed(database);
    while (more) more = (await sealAudit(database)) === SEALED_AT_ONCE;
    this.#isFailing = false;
  }
}
