import type { CaseAlert } from '../types.ts';

/** Something of an alert that somebody decides by, as it was and as it is. */
export interface Change {
  what: (typeof WATCHED)[number] | 'comment';
  from: string | null;
  to: string | null;
  /** Of a remark, whose it is. */
  by?: string;
}

const WATCHED = [
  'handling',
  'severity',
  'condition',
  'visibility',
  'ackedBy',
  'assignedTo',
  'unit',
  'verdict',
  'incident',
] as const satisfies (keyof CaseAlert)[];

/**
 * What has changed of an alert that somebody decides by. What it reports, how often, and its pictures change all the
 * time, and nobody has to look again because of them.
 */
export function changesOf(before: CaseAlert, now: CaseAlert): Change[] {
  if (before.version >= now.version) return [];
  const changes: Change[] = WATCHED.filter((what) => before[what] !== now[what]).map((what) => ({
    what,
    from: before[what],
    to: now[what],
  }));
  const known = new Set(before.comments.map(keyOf));
  const said = now.comments.filter((one) => !known.has(keyOf(one)));
  return [...changes, ...said.map(({ by, text }) => ({ what: 'comment' as const, from: null, to: text, by }))];
}

function keyOf({ by, at, text }: CaseAlert['comments'][number]): string {
  return `${at} ${by} ${text}`;
}
