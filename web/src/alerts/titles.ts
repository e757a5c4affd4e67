import { display, may } from '../session.ts';
import { language, t } from '../texts.ts';
import type { Alert } from '../types.ts';

/** The title in the page's language. */
export function titleOf({ title, exercise }: Pick<Alert, 'title' | 'exercise'>): string {
  return `${exercise ? t('alert.drill') : ''}${title[language.value] || title.en || title.zh}`;
}

const VALUES_MAX = 12;
const VALUE_CHARS_MAX = 120;

/** What the device reported, as name and text; lists and objects are written as JSON. */
export function reported(data: Record<string, unknown>): [name: string, text: string][] {
  return Object.entries(data)
    .filter(([, value]) => value !== null && value !== undefined)
    .slice(0, VALUES_MAX)
    .map(([name, value]) => [name, textOf(value).slice(0, VALUE_CHARS_MAX)]);
}

function textOf(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 100) / 100);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * Only our own pictures are shown, whatever an alert says, and to who may look at them: a second screen,
 * which everybody passes, opens none of them.
 */
export function pictureOf({ evidence }: Alert): { url: string; camera: string; takenAt: string } | null {
  if (!may('alerts.look') || display.value !== null) return null;
  const picture = evidence.find(({ type, url }) => type === 'picture' && url?.startsWith('/api/v1/'));
  return picture?.url ? { url: picture.url, camera: picture.camera ?? '', takenAt: picture.takenAt } : null;
}
