import { ADMIN_ALERT_TEXTS } from '../texts/admin/alerts.ts';
import { ADMIN_TEXTS } from '../texts/admin/common.ts';
import { ADMIN_MACHINE_TEXTS } from '../texts/admin/machine.ts';
import { ADMIN_PEOPLE_TEXTS } from '../texts/admin/people.ts';
import { ADMIN_RECORD_TEXTS } from '../texts/admin/records.ts';
import { ADMIN_RULE_TEXTS } from '../texts/admin/rules.ts';
import { ALERTS_TEXTS } from '../texts/alerts.ts';
import { COMMON_TEXTS } from '../texts/common.ts';
import { DEVICE_DEED_TEXTS } from '../texts/device-deeds.ts';
import { DEVICE_TEXTS } from '../texts/devices.ts';
import { EVENT_TEXTS } from '../texts/work/events.ts';
import { tOf as commonTextOf, wording } from '../texts.ts';

const TEXTS = {
  ...COMMON_TEXTS,
  ...ALERTS_TEXTS,
  ...DEVICE_TEXTS,
  ...DEVICE_DEED_TEXTS,
  ...ADMIN_TEXTS,
  ...ADMIN_PEOPLE_TEXTS,
  ...ADMIN_ALERT_TEXTS,
  ...ADMIN_RULE_TEXTS,
  ...ADMIN_RECORD_TEXTS,
  ...ADMIN_MACHINE_TEXTS,
  ...EVENT_TEXTS,
};

export type SayKey = keyof typeof TEXTS;

/** What the administration says; its own texts are read with it. */
export const t = wording(TEXTS);

/** A text whose key is put together from what the gateway says; what no view knows is shown as it is. */
export function tOf(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  return Object.hasOwn(TEXTS, key) ? t(key as SayKey) : commonTextOf(prefix, word);
}
