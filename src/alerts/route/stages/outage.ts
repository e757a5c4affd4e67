import type { DeviceId } from '../../../core/types.ts';
import { deviceIn } from '../../rules/conditions/subject.ts';
import { holdBack } from './hold-back.ts';

/** The rule by which the gateway tells that devices below a parent went dark together. */
export const OUTAGE_RULE = 'site-dark';

/** What the stage asks of those who know how devices are, and of the rules. */
export interface OutagePorts {
  /** The nearest device above with whose other children this one went dark; null where there is none. From memory. */
  above(device: DeviceId): DeviceId | null;
  /** How many devices hang on the same parent and are judged, this one among them. */
  beside(device: DeviceId): number;
  /** Whether a rule tells that devices are silent. */
  tellsSilence(rule: string): boolean;
  nowMs(): number;
}

/** Fewer went dark by themselves. */
const TOGETHER_MIN = 3;
/** So long it may take to see that the others beside a silent device are dark too. */
const WINDOW_MS = 20_000;

/**
 * A whole site that goes dark is one alert, at the parent: that its devices are silent becomes `inhibited` for as long
 * as the outage lasts, and until it is clear whether there is one. Severe and extreme alerts are told all the same.
 */
export function outage({ above, beside, tellsSilence, nowMs }: OutagePorts) {
  return holdBack({
    name: 'outage',
    visibility: 'inhibited',
    mayHold: ({ severity, rule }) => {
      const isGrave = severity === 'extreme' || severity === 'severe';
      return !isGrave && (rule === OUTAGE_RULE || tellsSilence(rule));
    },
    isHeld: ({ device: subject, rule, committed_at_ms }) => {
      const device = deviceIn(subject);
      if (device === null) return false;
      if (above(device) !== null) return true;
      return tellsSilence(rule) && beside(device) >= TOGETHER_MIN && nowMs() - committed_at_ms < WINDOW_MS;
    },
  });
}
