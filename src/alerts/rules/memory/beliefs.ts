import type { JournalPosition } from '../../../core/types.ts';
import type { ConditionSettings, Input, Judgement } from '../conditions/condition.ts';
import type { DevicesPort } from '../devices-port.ts';
import type { Rule } from '../rules.ts';
import type { Place, RuleMemory, StateName } from './memory.ts';

/** Of which rule and subject something is believed. */
export interface Believed {
  rule: Rule;
  settings: ConditionSettings;
  kind: string;
  name: StateName;
  place?: Place;
  /** Where it is told to fire, or was. */
  told?: string | undefined;
  /** Of what said that it lasts. */
  confirmed?: JournalPosition | null;
}

/** Until when what rules raised is believed. */
export class Beliefs {
  readonly #memory: RuleMemory;
  readonly #devices: Pick<DevicesPort, 'agesOf'>;

  constructor(memory: RuleMemory, devices: Pick<DevicesPort, 'agesOf'>) {
    this.#memory = memory;
    this.#devices = devices;
  }

  /** Whether an input says that what was raised lasts; what is read when there is time says nothing of now. */
  confirms({ by }: Rule, settings: ConditionSettings, input: Input): boolean {
    return input.message.lane === 'live' && by.concerns?.(settings, input) === true;
  }

  /** Notes from `atMs` on until when what was raised or confirmed is believed, and what is over. */
  note(believed: Believed, judgements: readonly Judgement[], atMs: number): void {
    const { rule, settings, kind, name, place, told, confirmed = null } = believed;
    const last = judgements.at(-1);
    if (last?.transition === 'cleared') this.#memory.raise(name, null);
    const position = last?.transition === 'fired' ? last.position : confirmed;
    const how = rule.by.ages?.(settings) ?? null;
    if (position === null || (how === null && !rule.by.lasts(settings))) return;
    const ages = how === null ? null : this.#devices.agesOf(kind);
    const ageS = how === 'silence' ? ages?.silenceS : ages?.unendedS;
    const untilMs = ageS === undefined ? null : atMs + ageS * 1000;
    this.#memory.raise(name, { position, untilMs, ...(told !== undefined && { told }) }, place);
  }
}
