import { signal } from '@preact/signals';
import { send } from '../api.ts';
import { noticeEnd } from '../session.ts';
import type { Page, Passage } from '../types.ts';
import type { Asked } from './question.ts';

const PAGE_ROWS = 100;

/** What one question has found so far. Nothing is asked by itself: each page is a look that is registered. */
export class Search {
  readonly asked: Asked;
  readonly items = signal<readonly Passage[]>([]);
  readonly hasMore = signal(false);
  readonly busy = signal(false);
  /** Why the last page is not here. */
  readonly error = signal<unknown>(null);
  readonly isAnswered = signal(false);
  readonly #signal: AbortSignal;
  readonly #limit: number;
  #next: string | undefined;

  /** `signal`: when it is aborted nothing that comes later is taken. */
  constructor(asked: Asked, signal: AbortSignal, limit = PAGE_ROWS) {
    this.asked = asked;
    this.#signal = signal;
    this.#limit = limit;
  }

  /** Reads the next page, the first one at first. Never rejects. */
  async read(): Promise<void> {
    if (this.busy.value) return;
    this.busy.value = true;
    this.error.value = null;
    try {
      const more = this.#next === undefined ? {} : { cursor: this.#next };
      const page = await send<Page<Passage>>('POST', '/passages/search', {
        ...this.asked,
        limit: this.#limit,
        ...more,
      });
      if (this.#signal.aborted || !page) return;
      this.items.value = [...this.items.value, ...page.items];
      this.#next = page.next;
      this.hasMore.value = page.next !== undefined;
      this.isAnswered.value = true;
    } catch (error) {
      noticeEnd(error);
      if (!this.#signal.aborted) this.error.value = error;
    } finally {
      this.busy.value = false;
    }
  }
}
