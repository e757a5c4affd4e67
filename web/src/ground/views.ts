import { pieceAt } from '../admin/pieces.ts';
import type { TextKey } from '../texts.ts';

/** A view and its address. The server gives out the page at each of these. */
export interface View {
  path: string;
  /** What the navigation calls it. */
  title: TextKey;
}

export const VIEWS = {
  duty: { path: '/', title: 'view.duty' },
  map: { path: '/map', title: 'view.map' },
  wall: { path: '/wall', title: 'view.screen' },
  desk: { path: '/desk', title: 'view.screen' },
  video: { path: '/video', title: 'view.video' },
  devices: { path: '/devices', title: 'view.devices' },
  device: { path: '/devices/:id', title: 'view.device' },
  addDevice: { path: '/add-device', title: 'view.addDevice' },
  orders: { path: '/orders', title: 'view.orders' },
  order: { path: '/orders/:number', title: 'view.order' },
  passages: { path: '/passages', title: 'view.passages' },
  watchlists: { path: '/watchlists', title: 'view.watchlists' },
  watchlist: { path: '/watchlists/:id', title: 'view.watchlist' },
  shift: { path: '/shift', title: 'view.shift' },
  figures: { path: '/figures', title: 'view.figures' },
  admin: { path: '/admin', title: 'view.admin' },
  adminPiece: { path: '/admin/:piece', title: 'view.admin' },
  settings: { path: '/settings', title: 'view.settings' },
  case: { path: '/alerts/:id', title: 'view.case' },
} as const satisfies Record<string, View>;

export type ViewName = keyof typeof VIEWS;

/** Those that the navigation leads to. */
export const NAVIGATION = [
  'duty',
  'map',
  'video',
  'devices',
  'orders',
  'passages',
  'watchlists',
  'shift',
  'figures',
  'admin',
  'settings',
] as const satisfies ViewName[];

/** Which view a path leads to; null where there is none. */
export function viewAt(path: string): ViewName | null {
  if (caseAt(path) !== null) return 'case';
  if (deviceAt(path) !== null) return 'device';
  if (orderAt(path) !== null) return 'order';
  if (watchlistAt(path) !== null) return 'watchlist';
  if (pieceAt(path) !== null) return 'adminPiece';
  const found = (Object.entries(VIEWS) as [ViewName, View][]).find(([, view]) => view.path === path);
  return found ? found[0] : null;
}

const CASE = /^\/alerts\/([^/]+)$/;
const DEVICE = /^\/devices\/([^/]+)$/;
const WATCHLIST = /^\/watchlists\/([^/]+)$/;
const ORDER = /^\/orders\/([^/]+)$/;

/** The id of the alert whose case a path leads to; null for another path. */
export function caseAt(path: string): string | null {
  return idIn(CASE, path);
}

/** The id of the device whose page a path leads to; null for another path. */
export function deviceAt(path: string): string | null {
  return idIn(DEVICE, path);
}

/** The number of the work order that a path leads to; null for another path. */
export function orderAt(path: string): string | null {
  return idIn(ORDER, path);
}

/** The id of the watchlist that a path leads to; null for another path. */
export function watchlistAt(path: string): string | null {
  return idIn(WATCHLIST, path);
}

function idIn(pattern: RegExp, path: string): string | null {
  const [, id] = pattern.exec(path) ?? [];
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

/** Where the page of a device is. */
export function deviceAddress(id: string): string {
  return `/devices/${encodeURIComponent(id)}`;
}

/** Where a work order is. */
export function orderAddress(number: string): string {
  return `/orders/${encodeURIComponent(number)}`;
}

/** Where a watchlist is. */
export function watchlistAddress(id: string): string {
  return `/watchlists/${encodeURIComponent(id)}`;
}

const WITHOUT_ALERTS = ['auditor', 'approver', 'security'];

/** Where somebody starts who has gone to no view in particular: with alerts, where the role has any. */
export function startOf(role: string): string {
  return WITHOUT_ALERTS.includes(role) ? VIEWS.admin.path : VIEWS.duty.path;
}
