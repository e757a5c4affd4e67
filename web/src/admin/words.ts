import { districtName } from '../alerts/choices.ts';
import { nameOfId, usernamesOf } from '../people.ts';
import { locale } from '../texts.ts';
import { t } from './say.ts';

/** A moment as people read it, with its day and year: what is administered lies far apart. */
export function timeText(rfc3339: string): string {
  const format = new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
  return format.format(new Date(rfc3339));
}

/** A count as people read it. */
export function countText(count: number): string {
  return new Intl.NumberFormat(locale.value).format(count);
}

/** The name of an area with its code. */
export function areaText(code: string): string {
  const name = districtName(code);
  return name === code ? code : `${name} ${code}`;
}

/** Where something holds: an area, or of it what belongs to a police agency. */
export function scopeText({ jurisdiction, police }: { jurisdiction: string; police: string | null }): string {
  return [areaText(jurisdiction), police].filter(Boolean).join(' · ');
}

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** How much that is, in the unit that leaves few digits. */
export function bytesText(bytes: number): string {
  const at = Math.min(BYTES.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const format = new Intl.NumberFormat(locale.value, { maximumFractionDigits: 1 });
  return `${format.format(bytes / 1_024 ** at)} ${BYTES[at]}`;
}

/** Who has made something, who is told by name or by id. */
export function byText(who: { name: string } | { id: string }): { text: string; title: string | undefined } {
  const name = 'id' in who ? nameOfId(who.id) : who.name;
  return { text: t('admin.by', { name }), title: usernamesOf([who]) };
}
