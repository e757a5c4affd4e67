import { signal } from '@preact/signals';
import { ApiError, get } from '../../api.ts';
import { noticeEnd } from '../../session.ts';
import { backoffMs, pause } from '../../ticker.ts';
import type { FacetCounts, ListedDevice, Page } from '../../types.ts';
import { asked, type DeviceFilters, FACETS, type Facet } from './filters.ts';

const PAGE_ROWS = 100;
const BACKOFF_MAX_MS = 15_000;
/** What is in sight is read again so often: devices turn. */
const AGAIN_MS = 10_000;

/** A page as it was read: by which cursor, and what was on it. */
interface ReadPage {
  cursor: string | undefined;
  ids: readonly string[];
}

/** The devices of a list, page by page from the gateway, with how many there are of what. */
export class DeviceRows {
  readonly ids = signal<readonly string[]>([]);
  readonly devices = signal<ReadonlyMap<string, ListedDevice>>(new Map());
  readonly total = signal<number | null>(null);
  readonly counts = signal<Partial<Record<Facet, FacetCounts>> | null>(null);
  readonly loaded = signal(false);
  readonly failed = signal(false);
  readonly hasMore = signal(false);
  readonly #filters: DeviceFilters;
  readonly #words: string;
  readonly #signal: AbortSignal;
  #pages: ReadPage[] = [];
  #next: string | undefined;
  #reading = false;

  /** `signal`: when it is aborted nothing is read any more. */
  constructor(filters: DeviceFilters, words: string, signal: AbortSignal) {
    this.#filters = filters;
    this.#words = words;
    this.#signal = signal;
  }

  /** Reads the first page until the gateway answers, and then again and again what `inSight` says. */
  async follow(inSight: () => number): Promise<void> {
    for (let attempt = 0; !this.#signal.aborted; attempt += 1) {
      const isRead = await this.#tell(async () => {
        if (this.#pages.length === 0) await this.#readPage(undefined);
        else if (!document.hidden) await this.#readAgain(inSight());
        await this.#count();
      });
      if (isRead) attempt = -1;
      await pause(isRead ? AGAIN_MS : backoffMs(attempt, BACKOFF_MAX_MS), this.#signal).catch(() => undefined);
    }
  }

  /** Reads the next page; nothing while one is being read. */
  async readMore(): Promise<void> {
    if (this.#reading || this.#next === undefined) return;
    await this.#tell(() => this.#readPage(this.#next));
  }

  async #tell(run: () => Promise<void>): Promise<boolean> {
    try {
      await run();
      this.failed.value = false;
    } catch (error) {
      if (this.#signal.aborted) return false;
      noticeEnd(error);
      this.failed.value = true;
      return error instanceof ApiError && error.status === 403;
    }
    return true;
  }

  async #readPage(cursor: string | undefined): Promise<void> {
    this.#reading = true;
    try {
      const { items, next } = await this.#ask(cursor);
      this.#pages.push({ cursor, ids: items.map(({ id }) => id) });
      this.#next = next;
      this.#take(items);
      this.loaded.value = true;
      this.hasMore.value = next !== undefined;
    } finally {
      this.#reading = false;
    }
  }

  /** Reads the page with the row at `index` anew. Rows stay where they are; new devices come with the next look. */
  async #readAgain(index: number): Promise<void> {
    let behind = 0;
    const page = this.#pages.find(({ ids }) => {
      behind += ids.length;
      return index < behind;
    });
    const last = page ?? this.#pages.at(-1);
    if (!last) return;
    const { items, next } = await this.#ask(last.cursor);
    last.ids = items.map(({ id }) => id);
    if (last === this.#pages.at(-1)) {
      this.#next = next;
      this.hasMore.value = next !== undefined;
    }
    this.#take(items);
  }

  #ask(cursor: string | undefined): Promise<Page<ListedDevice>> {
    const query = asked(this.#filters, this.#words);
    query.set('limit', String(PAGE_ROWS));
    if (cursor !== undefined) query.set('cursor', cursor);
    return get<Page<ListedDevice>>(`/devices?${query}`, this.#signal);
  }

  #take(items: readonly ListedDevice[]): void {
    if (this.#signal.aborted) return;
    this.devices.value = new Map([...this.devices.value, ...items.map((one) => [one.id, one] as const)]);
    this.ids.value = [...new Set(this.#pages.flatMap(({ ids }) => ids))];
  }

  /** How many there are; of a facet that is chosen, how many there would be with another choice of it. */
  async #count(): Promise<void> {
    const chosen = FACETS.filter((facet) => this.#filters[facet] !== undefined);
    const ask = (without: Facet | null) => {
      const { [without ?? 'kind']: own, ...others } = this.#filters;
      const filters = without === null ? this.#filters : others;
      return get<FacetCounts>(`/device-facets?${asked(filters, this.#words)}`, this.#signal);
    };
    const [all, ...each] = await Promise.all([ask(null), ...chosen.map(ask)]);
    if (!all) return;
    const byFacet = Object.fromEntries(FACETS.map((facet) => [facet, all]));
    for (const [at, facet] of chosen.entries()) byFacet[facet] = each[at] ?? all;
    this.total.value = all.total;
    this.counts.value = byFacet;
  }
}
