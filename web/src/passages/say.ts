import { COMMON_TEXTS } from '../texts/common.ts';
import { FIELD_TEXTS } from '../texts/fields.ts';
import { EVENT_TEXTS } from '../texts/work/events.ts';
import { FORM_TEXTS } from '../texts/work/forms.ts';
import { PASSAGE_TEXTS } from '../texts/work/passages.ts';
import { PLATE_TEXTS } from '../texts/work/plates.ts';
import { VEHICLE_TEXTS } from '../texts/work/vehicles.ts';
import { wording } from '../texts.ts';

const TEXTS = {
  ...COMMON_TEXTS,
  ...FORM_TEXTS,
  ...FIELD_TEXTS,
  ...PLATE_TEXTS,
  ...VEHICLE_TEXTS,
  ...EVENT_TEXTS,
  ...PASSAGE_TEXTS,
};

/** What the search for passages says; its own texts are read with it. */
export const t = wording(TEXTS);

/** A text whose key is put together from what the gateway says; what this page does not know is shown as it is. */
export function tOf(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  return Object.hasOwn(TEXTS, key) ? t(key as keyof typeof TEXTS) : word;
}
