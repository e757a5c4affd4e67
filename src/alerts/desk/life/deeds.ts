import { maskPlatesSaid, platesTold } from '../../../core/plates.ts';
import type { Verdict } from './life.ts';

/** What a person does with an alert. */
export type Deed =
  /** `forMs`: how long it may stand still; the usual time without. */
  | { does: 'ack'; forMs?: number | undefined }
  | { does: 'assign'; to: string }
  | { does: 'dispatch'; unit: string }
  | { does: 'arrive'; unit?: string | undefined }
  | { does: 'feedback'; text: string }
  | { does: 'comment'; text: string }
  /** What a step of a procedure says: however much was said of the alert, it is never refused for that. */
  | { does: 'note'; text: string }
  | { does: 'reopen'; text: string }
  | { does: 'close'; verdict: Verdict; text?: string | undefined }
  | { does: 'shelve' | 'snooze'; forMs: number; reason: string | null }
  | { does: 'show' };

/**
 * A deed with the plates masked in what is said with it: every reader of the alert is told it, and no look at it is
 * registered. `data` is what the alert says of itself, where there is one: its own plates are known without the sign of
 * their place. Whom it is assigned to stays: a user name. Twice is as once.
 */
export function maskedDeed(deed: Deed, data: Readonly<Record<string, unknown>> = {}): Deed {
  const masked = (text: string) => maskPlatesSaid(text, platesTold(data));
  switch (deed.does) {
    case 'dispatch':
      return { ...deed, unit: masked(deed.unit) };
    case 'arrive':
      return deed.unit === undefined ? deed : { ...deed, unit: masked(deed.unit) };
    case 'feedback':
    case 'comment':
    case 'note':
    case 'reopen':
      return { ...deed, text: masked(deed.text) };
    case 'close':
      return deed.text === undefined ? deed : { ...deed, text: masked(deed.text) };
    case 'shelve':
    case 'snooze':
      return deed.reason === null ? deed : { ...deed, reason: masked(deed.reason) };
    default:
      return deed;
  }
}
