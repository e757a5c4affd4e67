import { get } from '../../api.ts';
import type { Page, WallCamera } from '../../types.ts';

export interface Wanted {
  /** Kinds of devices, one after the other. */
  kinds: readonly string[];
  /** Code of the area that they lie in, below it too. */
  area?: string;
  /** Leaves those of areas below out. */
  own?: boolean;
  /** Words that all must be found. */
  words?: string;
}

const PAGE = 50;
/** Where most of what comes is left out. */
const LARGE_PAGE = 500;

/** Reads cameras of the registry, a page at a time. */
export class CameraPages {
  readonly #wanted: Wanted;
  #kind = 0;
  #cursor: string | undefined;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  get isOver(): boolean {
    return this.#kind >= this.#wanted.kinds.length;
  }

  /** Some more, in order; none only at the end. */
  async next(signal: AbortSignal, atLeast = 1): Promise<WallCamera[]> {
    const found: WallCamera[] = [];
    while (found.length < atLeast && !this.isOver) found.push(...(await this.#read(signal)));
    return found;
  }

  async #read(signal: AbortSignal): Promise<WallCamera[]> {
    const { kinds, area, own, words } = this.#wanted;
    const query = new URLSearchParams({ kind: kinds[this.#kind]!, limit: String(own ? LARGE_PAGE : PAGE) });
    if (area !== undefined) query.set('jurisdiction', area);
    if (words !== undefined) query.set('q', words);
    if (this.#cursor !== undefined) query.set('cursor', this.#cursor);
    const { items, next } = await get<Page<WallCamera>>(`/devices?${query}`, signal);
    this.#cursor = next;
    if (next === undefined) this.#kind += 1;
    return own ? items.filter(({ jurisdiction }) => jurisdiction === area) : items;
  }
}
