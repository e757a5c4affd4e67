import { kinds } from '../overview.ts';
import { age, clockTime, language } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import type { ListedDevice } from '../types.ts';
import { t } from './say.ts';

/** What a kind is called. */
export function kindTitle(kind: string): string {
  return kinds.value.get(kind)?.title[language.value] || kind;
}

/** When it was heard of last. */
export function seenText({ lastSeenAt }: Pick<ListedDevice, 'lastSeenAt'>): string {
  if (lastSeenAt === null) return t('devices.neverSeen');
  return t('devices.seen', { age: age(nowMs.value - Date.parse(lastSeenAt)) });
}

/** A moment as people read it. */
export function timeText(rfc3339: string): string {
  return clockTime(rfc3339, nowMs.value);
}

/** Why it is as it is, in the page's language; nothing where it is well. */
export function whyText({ health }: Pick<ListedDevice, 'health'>): string {
  return health?.why?.[language.value] ?? '';
}
