import type { DeviceId } from '../../../core/types.ts';
import { deviceIn } from '../../rules/conditions/subject.ts';
import { holdBack } from './hold-back.ts';

/** The rule by which the gateway tells that devices below a parent went dark together. */
export const OUTAGE_RULE = 'site-dark';

/** Rules by which it is told that no video comes: also of a camera without power, and of one that is just back. */
const VIDEO_RULES: readonly string[] = ['video-stalled', 'video-missing'];

/** What the stage asks of those who know how devices are, and of the rules. */
export interface OutagePorts {
  /** The nearest device above with whose other children this one went dark; null where there is none. From memory. */
  above(device: DeviceId): DeviceId | null;
  /** Whether it is dark with others, or was until a moment ago. */
  lately(device: DeviceId): boolean;
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
 * A whole site that goes dark is one alert, at the parent: that its devices are silent, or their video does not come,
 * becomes `inhibited` until it is clear whether there is an outage, as long as it lasts, and until all had time to come
 * back: it is over while a quarter is still dark. Severe and extreme alerts are told all the same.
 */
export function outage({ above, lately, beside, tellsSilence, nowMs }: OutagePorts) {
  const tells = (rule: string): boolean => VIDEO_RULES.includes(rule) || tellsSilence(rule);
  return holdBack({
    name: 'outage',
    visibility: 'inhibited',
    mayHold: ({ severity, rule }) => {
      const isGrave = severity === 'extreme' || severity === 'severe';
      return !isGrave && (rule === OUTAGE_RULE || tells(rule));
    },
    isHeld: ({ device: subject, rule, fired_at_ms }) => {
      const device = deviceIn(subject);
      if (device === null) return false;
      if (above(device) !== null || (tells(rule) && lately(device))) return true;
      return tells(rule) && beside(device) >= TOGETHER_MIN && nowMs() - fired_at_ms < WINDOW_MS;
    },
  });
}
