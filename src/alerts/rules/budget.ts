import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Logger } from '../../core/observe.ts';

export interface RuleBudgetLimits {
  /** So many alerts a rule may raise within {@link RuleBudgetLimits.minutes}; a city has no more of one cause. */
  alerts: number;
  minutes: number;
}

/** The limits of a gateway: a rule that fires for each of a few thousand devices is past them at once. */
export const RULE_BUDGET: RuleBudgetLimits = { alerts: 2_000, minutes: 10 };

export interface RuleBudgetDeps {
  clock: Clock;
  log: Logger;
  /** Says whether a rule is over its budget, again and again. Throws `store.unavailable`. */
  said(isOver: boolean, data: Record<string, string | number>): Promise<void>;
}

const LOOK_MS = 15_000;

/**
 * Notices at run time a rule that matches nearly everything, which a dry run would have shown. It takes nothing away:
 * what such a rule raises is kept and counted as a storm, and whoever keeps rules is told which one to mend or to end.
 */
export class RuleBudget {
  readonly #deps: RuleBudgetDeps;
  readonly #limits: RuleBudgetLimits;
  /** By rule, how many were raised in each minute (monotonic) that is not too long ago. */
  readonly #raised = new Map<string, Map<number, number>>();
  readonly #looking = new Joined();

  constructor(deps: RuleBudgetDeps, limits: RuleBudgetLimits) {
    this.#deps = deps;
    this.#limits = limits;
  }

  /** This rule raised an alert. */
  raised(rule: string): void {
    const minute = this.#minute();
    const minutes = this.#raised.get(rule) ?? new Map<number, number>();
    this.#raised.set(rule, minutes);
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
  }

  /** Looks from now on; returns what ends that. */
  start(): () => void {
    return this.#deps.clock.every(LOOK_MS, () => void this.look());
  }

  /** Says which rule is the furthest over its budget, or that none is. Never rejects. */
  look(): Promise<void> {
    return this.#looking.run(async () => {
      const over = this.#over();
      const [worst] = over;
      const data = worst && {
        rule: worst.rule,
        alerts: worst.alerts,
        minutes: this.#limits.minutes,
        rules: over.length,
      };
      await this.#deps.said(over.length > 0, data ?? {}).catch((error: unknown) => {
        this.#deps.log.warn({ part: 'rules', error: messageOf(error) }, 'a flood of alerts could not be said');
      });
    });
  }

  #over(): { rule: string; alerts: number }[] {
    const oldest = this.#minute() - this.#limits.minutes;
    for (const [rule, minutes] of this.#raised) {
      for (const minute of minutes.keys()) if (minute <= oldest) minutes.delete(minute);
      if (minutes.size === 0) this.#raised.delete(rule);
    }
    return [...this.#raised]
      .map(([rule, minutes]) => ({ rule, alerts: [...minutes.values()].reduce((sum, one) => sum + one, 0) }))
      .filter(({ alerts }) => alerts > this.#limits.alerts)
      .sort((a, b) => b.alerts - a.alerts);
  }

  #minute(): number {
    return Math.floor(this.#deps.clock.monotonicMs() / MINUTE_MS);
  }
}
