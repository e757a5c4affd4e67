import { randomUUID } from 'node:crypto';
import { systemCaller } from '../../core/callers/system-caller.ts';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { InternalPayloads } from '../../core/internal-records.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import type { Caller } from '../../core/types.ts';
import type { LedgerAnswer, LedgerRow } from './balance.ts';

export interface LedgerWatchDeps {
  ledger: { balance(caller: Caller): Promise<LedgerAnswer> };
  /** Writes it into the journal, as every other word of the gateway itself. */
  self: { say<Name extends 'ledger' | 'ledgerDifference'>(name: Name, payload: InternalPayloads[Name]): void };
  /** Raises or ends the alert, by no way that could be what is wrong. Told at each look: the same changes nothing. */
  alert(differs: boolean, data: Record<string, string | number>): Promise<void>;
  clock: Clock;
  observer: Observer;
  everyMs: number;
}

export interface LedgerDifference {
  kind: string;
  jurisdiction: string;
  /** Messages and records that are accounted for nowhere, or more than once (negative). */
  messages: number;
  records: number;
}

const EVENTS_MAX = 20;
/** Asks for the whole country. */
const SYSTEM: Caller = systemCaller({ id: 'citywatch', name: 'citywatch', role: 'admin' });

/**
 * Looks whether the ledger balances. A difference that two looks in a row find is an alert, which ends when the sum of
 * all differences is 0 again. It is also written into the journal: one event for each kind and district, and the sum as
 * a reading of the gateway.
 */
export class LedgerWatch {
  readonly #deps: LedgerWatchDeps;
  #before = new Map<string, LedgerDifference>();
  #told = new Set<string>();
  #sum = 0;
  /** The sum that was last written down; null before the first. */
  #said: number | null = null;
  #cancel: () => void = () => {};
  readonly #running = new Joined();

  constructor(deps: LedgerWatchDeps) {
    this.#deps = deps;
    const sum = (): number => this.#sum;
    new Gauge({
      name: 'citywatch_ledger_difference',
      help: 'Messages and records that the ledger cannot account for; anything but 0 is an alert.',
      registers: [deps.observer.metrics],
      collect() {
        this.set(sum());
      },
    });
  }

  start(): void {
    this.#cancel = this.#deps.clock.every(this.#deps.everyMs, () => {
      void this.#running.run(() =>
        this.check().catch((error: unknown) => {
          const log = this.#deps.observer.log;
          log.warn({ part: 'ledger', error: messageOf(error) }, 'could not be looked at; tried again next time');
        }),
      );
    });
  }

  async stop(): Promise<void> {
    this.#cancel();
    await this.#running.settled();
  }

  async check(): Promise<void> {
    const { rows } = await this.#deps.ledger.balance(SYSTEM);
    const now = new Map<string, LedgerDifference>();
    for (const row of rows) {
      const found = differenceOf(row);
      if (found.messages !== 0 || found.records !== 0) now.set(`${row.kind} ${row.jurisdiction}`, found);
    }
    const settled = [...now.keys()].every((key) => this.#before.has(key));
    const sure = [...now].filter(([key]) => this.#before.has(key));
    this.#before = now;
    this.#sum = sure.reduce((sum, [, { messages, records }]) => sum + Math.abs(messages) + Math.abs(records), 0);
    this.#tell(sure);
    // What is not sure yet must not end an alert either.
    if (this.#sum > 0 || (settled && this.#said !== 0)) this.#say(sure.map(([, found]) => found));
    if (this.#sum > 0 || settled) await this.#deps.alert(this.#sum > 0, this.#values(sure.map(([, found]) => found)));
  }

  #tell(sure: [string, LedgerDifference][]): void {
    for (const [key, found] of sure.filter(([name]) => !this.#told.has(name)).slice(0, EVENTS_MAX)) {
      this.#deps.observer.log.error({ part: 'ledger', ...found }, 'messages are not accounted for');
      const payload = { id: randomUUID(), type: 'ledger_difference' as const, data: found };
      this.#deps.self.say('ledgerDifference', payload);
      this.#told.add(key);
    }
    for (const key of this.#told) if (!this.#before.has(key)) this.#told.delete(key);
  }

  #say(sure: LedgerDifference[]): void {
    this.#deps.self.say('ledger', { values: this.#values(sure) });
    this.#said = this.#sum;
  }

  #values(sure: LedgerDifference[]): Record<string, string | number> {
    const [worst] = sure.toSorted((a, b) => sizeOf(b) - sizeOf(a));
    const where = worst ? { ledger_kind: worst.kind, ledger_jurisdiction: worst.jurisdiction } : {};
    return { ledger_difference: this.#sum, ...where };
  }
}

function sizeOf({ messages, records }: LedgerDifference): number {
  return Math.abs(messages) + Math.abs(records);
}

function differenceOf({ kind, jurisdiction, difference, records }: LedgerRow): LedgerDifference {
  const { total, stored, duplicate, deadLettered, waiting } = records;
  return { kind, jurisdiction, messages: difference, records: total - stored - duplicate - deadLettered - waiting };
}
