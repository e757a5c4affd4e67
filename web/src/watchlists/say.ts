import { COMMON_TEXTS } from '../texts/common.ts';
import { FORM_TEXTS } from '../texts/work/forms.ts';
import { PLATE_TEXTS } from '../texts/work/plates.ts';
import { WATCHLIST_TEXTS } from '../texts/work/watchlists.ts';
import { wording } from '../texts.ts';

const TEXTS = { ...COMMON_TEXTS, ...FORM_TEXTS, ...PLATE_TEXTS, ...WATCHLIST_TEXTS };

/** What the views of watchlists say; their own texts are read with them. */
export const t = wording(TEXTS);

/** A text whose key is put together from what the gateway says; what this page does not know is shown as it is. */
export function tOf(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  return Object.hasOwn(TEXTS, key) ? t(key as keyof typeof TEXTS) : word;
}
