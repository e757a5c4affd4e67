import { ALERTS_TEXTS } from '../texts/alerts.ts';
import { COMMON_TEXTS } from '../texts/common.ts';
import { FORM_TEXTS } from '../texts/work/forms.ts';
import { SHIFT_TEXTS } from '../texts/work/shift.ts';
import { tOf as commonTextOf, wording } from '../texts.ts';

const TEXTS = { ...COMMON_TEXTS, ...ALERTS_TEXTS, ...FORM_TEXTS, ...SHIFT_TEXTS };

/** What the hand-over of a shift says; its own texts are read with it. */
export const t = wording(TEXTS);

/** A text whose key is put together from what the gateway says; what no view knows is shown as it is. */
export function tOf(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  return Object.hasOwn(TEXTS, key) ? t(key as keyof typeof TEXTS) : commonTextOf(prefix, word);
}
