import { COMMON_TEXTS } from '../texts/common.ts';
import { DEVICE_ADDING_TEXTS } from '../texts/device-adding.ts';
import { DEVICE_DEED_TEXTS } from '../texts/device-deeds.ts';
import { DEVICE_TEXTS } from '../texts/devices.ts';
import { tOf as commonTextOf, wording } from '../texts.ts';

const TEXTS = { ...COMMON_TEXTS, ...DEVICE_TEXTS, ...DEVICE_DEED_TEXTS, ...DEVICE_ADDING_TEXTS };

export type SayKey = keyof typeof TEXTS;

/** What the views of devices say; their own texts are read with them. */
export const t = wording(TEXTS);

/** A text whose key is put together from what the gateway says; what no view knows is shown as it is. */
export function tOf(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  return Object.hasOwn(TEXTS, key) ? t(key as SayKey) : commonTextOf(prefix, word);
}
