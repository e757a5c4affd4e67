import type { TextKey } from '../texts.ts';

/** A view and its address. The server gives out the page at each of these. */
export interface View {
  path: string;
  /** What the navigation calls it. */
  title: TextKey;
}

export const VIEWS = {
  duty: { path: '/', title: 'view.duty' },
  video: { path: '/video', title: 'view.video' },
  settings: { path: '/settings', title: 'view.settings' },
  case: { path: '/alerts/:id', title: 'view.case' },
} as const satisfies Record<string, View>;

export type ViewName = keyof typeof VIEWS;

/** Those that the navigation leads to. */
export const NAVIGATION = ['duty', 'video', 'settings'] as const satisfies ViewName[];

/** Which view a path leads to; null where there is none. */
export function viewAt(path: string): ViewName | null {
  if (caseAt(path) !== null) return 'case';
  const found = (Object.entries(VIEWS) as [ViewName, View][]).find(([, view]) => view.path === path);
  return found ? found[0] : null;
}

const CASE = /^\/alerts\/([^/]+)$/;

/** The id of the alert whose case a path leads to; null for another path. */
export function caseAt(path: string): string | null {
  const [, id] = CASE.exec(path) ?? [];
  try {
    return id === undefined ? null : decodeURIComponent(id);
  } catch {
    return null;
  }
}

/** Where the case of an alert is. */
export function caseAddress(id: string): string {
  return `/alerts/${encodeURIComponent(id)}`;
}

const WITHOUT_ALERTS = ['auditor', 'approver', 'security'];

/** Where somebody starts who has gone to no view in particular: with alerts, where the role has any. */
export function startOf(role: string): string {
  return WITHOUT_ALERTS.includes(role) ? VIEWS.settings.path : VIEWS.duty.path;
}
