import { effect, signal } from '@preact/signals';
import { whoIs } from '../session.ts';

const KEY = 'citywatch.drafts';
/** Half-written comments kept at once; the one touched longest ago goes first. */
const DRAFTS_MAX = 30;

interface Kept {
  /** Whose they are: the next person at this desk does not see them. */
  user: string;
  /** Half-written comments by alert. */
  drafts: Record<string, string>;
  /** The alert whose details are open. */
  open: string | null;
}

const kept = signal<Kept>({ user: '', drafts: {}, open: null });

// What is half written outlives the row it was written in, and the page: in this tab, until the person signs out.
effect(() => {
  const user = whoIs.value;
  if (user === null || kept.peek().user === user) return;
  const stored = read();
  kept.value = stored?.user === user ? stored : { user, drafts: {}, open: null };
});

effect(() => {
  if (kept.value.user === '') return;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept.value));
  } catch {
    // Storage may be forbidden or full; drafts then last as long as the page.
  }
});

/** What was written to an alert and not sent. */
export function draftOf(id: string): string {
  return Object.hasOwn(kept.value.drafts, id) ? (kept.value.drafts[id] ?? '') : '';
}

export function keepDraft(id: string, text: string): void {
  const { [id]: _before, ...others } = kept.value.drafts;
  const all = text === '' ? others : { ...others, [id]: text };
  kept.value = { ...kept.value, drafts: Object.fromEntries(Object.entries(all).slice(-DRAFTS_MAX)) };
}

/** What was filled into a form, field by field. */
export type Values = Readonly<Record<string, string>>;

/** What was filled into a form and not sent: it outlives the session and the page. Never a password. */
export function valuesUnder(key: string): Values {
  try {
    const found: unknown = JSON.parse(draftOf(key) || '{}');
    if (typeof found !== 'object' || found === null) return {};
    return Object.fromEntries(Object.entries(found).filter(([, value]) => typeof value === 'string'));
  } catch {
    return {};
  }
}

export function keepValuesUnder(key: string, values: Values): void {
  keepDraft(key, Object.keys(values).length === 0 ? '' : JSON.stringify(values));
}

/** The alert whose details are open, also after a reload. */
export function openAlert(): string | null {
  return kept.value.open;
}

export function setOpenAlert(id: string | null): void {
  kept.value = { ...kept.value, open: id };
}

/** Forgets everything, for whoever comes next to this desk. */
export function forgetDrafts(): void {
  kept.value = { user: '', drafts: {}, open: null };
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept then.
  }
}

function read(): Kept | null {
  try {
    const stored = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Partial<Kept> | null;
    if (typeof stored?.user !== 'string' || typeof stored.drafts !== 'object' || stored.drafts === null) return null;
    const texts = Object.entries(stored.drafts).filter(([, text]) => typeof text === 'string');
    return { user: stored.user, drafts: Object.fromEntries(texts), open: stored.open ?? null };
  } catch {
    return null;
  }
}
