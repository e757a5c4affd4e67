import { locale, t } from '../texts.ts';

/** Day and time, as papers have it. */
export function dayTime(rfc3339: string): string {
  return new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' }).format(
    new Date(rfc3339),
  );
}

/** How long, in its two largest units. */
export function spanText(ms: number): string {
  const s = Math.round(ms / 1_000);
  if (s < 60) return t('age.s', { n: s });
  if (s < 600 && s % 60 > 0) return `${t('age.min', { n: Math.floor(s / 60) })} ${t('age.s', { n: s % 60 })}`;
  const min = Math.round(s / 60);
  if (min < 60) return t('age.min', { n: min });
  const [h, rest] = [Math.floor(min / 60), min % 60];
  if (h >= 48) return t('age.d', { n: Math.round(h / 24) });
  return rest === 0 ? t('age.h', { n: h }) : `${t('age.h', { n: h })} ${t('age.min', { n: rest })}`;
}
