import { ALERTS_TEXTS } from '../texts/alerts.ts';
import { CAMERAS_TEXTS } from '../texts/cameras.ts';
import { CASE_TEXTS } from '../texts/case.ts';
import { COMMON_TEXTS } from '../texts/common.ts';
import { MAP_TEXTS } from '../texts/map.ts';
import { EVENT_TEXTS } from '../texts/work/events.ts';
import { PLATE_TEXTS } from '../texts/work/plates.ts';
import { VEHICLE_TEXTS } from '../texts/work/vehicles.ts';
import { WORKLIST_TEXTS } from '../texts/worklist.ts';
import { tOf as commonTextOf, wording } from '../texts.ts';

const TEXTS = {
  ...COMMON_TEXTS,
  ...ALERTS_TEXTS,
  ...CAMERAS_TEXTS,
  ...WORKLIST_TEXTS,
  ...MAP_TEXTS,
  ...CASE_TEXTS,
  ...PLATE_TEXTS,
  ...EVENT_TEXTS,
  ...VEHICLE_TEXTS,
};

export type SayKey = keyof typeof TEXTS;

/** What a case says; its own texts are read with it. */
export const t = wording(TEXTS);

/** A text whose key is put together from what the gateway says; what no view knows is shown as it is. */
export function tOf(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  return Object.hasOwn(TEXTS, key) ? t(key as SayKey) : commonTextOf(prefix, word);
}
