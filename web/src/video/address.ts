/** Numbers of tiles that a wall may have. */
export const LAYOUTS = [1, 4, 9, 16] as const;
export type Layout = (typeof LAYOUTS)[number];
/** How long a tour stays with some cameras, seconds. */
export const TOUR_S = [10, 20, 30, 60] as const;
/** Cameras of one wall: as many as the one connection for live video carries. */
export const CAMERAS_MAX = 64;

/** What the address says of the wall: all of it may stand in a link. */
export interface WallAddress {
  layout: Layout;
  /** Ids, in the order of their tiles, each once; null: those that the registry has first. */
  cameras: readonly string[] | null;
  /** Where more cameras are named than there are tiles: which of their pages, from 0 on. */
  page: number;
  /** The camera that is shown large, beside the others. */
  focus: string | null;
  /** Seconds after which the next page follows; null: none does. */
  tourS: number | null;
  /** The moment from which what was recorded is played, whole seconds as Unix ms; null: live. */
  atMs: number | null;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What a query says; what makes no sense in it says nothing. */
export function addressOf(query: URLSearchParams): WallAddress {
  const layout = LAYOUTS.find((one) => String(one) === query.get('layout')) ?? 4;
  const said = query.get('cameras');
  const named = (said ?? '').split(',').filter((id) => NAME.test(id));
  const cameras = said === null ? null : [...new Set(named)].slice(0, CAMERAS_MAX);
  const focus = query.get('focus') ?? '';
  const page = Number(query.get('page') ?? '1') - 1;
  return {
    layout,
    cameras,
    page: Number.isInteger(page) && page > 0 ? Math.min(page, pagesOf(cameras?.length ?? 0, layout) - 1) : 0,
    focus: NAME.test(focus) ? focus : null,
    tourS: TOUR_S.find((one) => String(one) === query.get('tour')) ?? null,
    atMs: momentOf(query.get('at') ?? ''),
  };
}

/** The query of a link that shows the same. */
export function queryOf({ layout, cameras, page, focus, tourS, atMs }: WallAddress): URLSearchParams {
  const query = new URLSearchParams();
  if (layout !== 4) query.set('layout', String(layout));
  if (cameras) query.set('cameras', cameras.join(','));
  if (page > 0) query.set('page', String(page + 1));
  if (focus !== null) query.set('focus', focus);
  if (tourS !== null) query.set('tour', String(tourS));
  if (atMs !== null) query.set('at', `${new Date(atMs).toISOString().slice(0, 19)}Z`);
  return query;
}

/** As RFC 3339 in UTC, of this century. */
function momentOf(text: string): number | null {
  const atMs = /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : atMs;
}

/** How many pages some cameras take; without any there is one. */
export function pagesOf(cameras: number, layout: number): number {
  return Math.max(1, Math.ceil(cameras / layout));
}

/** Cameras of one page. */
export function onPage(cameras: readonly string[], { layout, page }: Pick<WallAddress, 'layout' | 'page'>): string[] {
  return cameras.slice(page * layout, (page + 1) * layout);
}

/** With a camera more, or less where it is there; unchanged where there is no room. */
export function toggled(cameras: readonly string[], id: string): readonly string[] {
  if (cameras.includes(id)) return cameras.filter((one) => one !== id);
  return cameras.length < CAMERAS_MAX ? [...cameras, id] : cameras;
}

/** The same cameras, one of them `by` places further on, as far as that goes. */
export function shifted(cameras: readonly string[], id: string, by: number): readonly string[] {
  const from = cameras.indexOf(id);
  const to = Math.min(cameras.length - 1, Math.max(0, from + by));
  if (from < 0 || from === to) return cameras;
  const rest = cameras.filter((one) => one !== id);
  return [...rest.slice(0, to), id, ...rest.slice(to)];
}
