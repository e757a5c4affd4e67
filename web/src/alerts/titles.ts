import { fieldOf, fieldTitle, valueText } from '../fields.ts';
import { display, may } from '../session.ts';
import { language, t } from '../texts.ts';
import type { Alert } from '../types.ts';
import { kindsOf } from './choices.ts';

/** The title in the page's language. */
export function titleOf({ title, exercise }: Pick<Alert, 'title' | 'exercise'>): string {
  return `${exercise ? t('alert.drill') : ''}${title[language.value] || title.en || title.zh}`;
}

const VALUES_MAX = 12;
const VALUE_CHARS_MAX = 120;

interface Reported {
  /** As it stands in messages. */
  name: string;
  title: string;
  text: string;
}

/** What the device reported, as people call and write it. */
export function reported({ rule, data }: Pick<Alert, 'rule' | 'data'>): Reported[] {
  const kinds = kindsOf(rule.split('@')[0] ?? rule);
  return Object.entries(data)
    .filter(([, value]) => value !== null && value !== undefined)
    .slice(0, VALUES_MAX)
    .map(([name, value]) => {
      const kind = kinds.find((one) => fieldOf(one, name) !== null) ?? null;
      const text = valueText(value, fieldOf(kind, name)?.unit).slice(0, VALUE_CHARS_MAX);
      return { name, title: fieldTitle(name, kind), text };
    });
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
