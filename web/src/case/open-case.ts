import { signal } from '@preact/signals';
import { onHeard } from '../alerts/heard.ts';
import { ApiError, get } from '../api.ts';
import { noticeEnd } from '../session.ts';
import { pause, retryPause } from '../ticker.ts';
import type { AlertEvent, CaseAlert, HistoryLine, Page } from '../types.ts';

const BACKOFF_MAX_MS = 15_000;
/** An alert that fires again and again is read so often at most. */
const HISTORY_EVERY_MS = 1_000;

/** Not signed in, not allowed, not there. */
const REFUSALS: readonly number[] = [401, 403, 404];

/** One alert as it is now, and what happened to it, kept in step with the gateway. */
export class OpenCase {
  readonly id: string;
  readonly alert = signal<CaseAlert | null>(null);
  readonly history = signal<readonly HistoryLine[] | null>(null);
  /** It is not there, or not this person's to see; what was known of it stays. */
  readonly isGone = signal(false);
  readonly failed = signal(false);
  /** What happened could not be read; it is tried again. */
  readonly historyFailed = signal(false);
  #signal = new AbortController().signal;
  #wantsHistory = false;
  #readsHistory = false;

  constructor(id: string) {
    this.id = id;
  }

  /** Where the API has it. */
  get path(): string {
    return `/alerts/${encodeURIComponent(this.id)}`;
  }

  /** Keeps it in step until `signal` is aborted. */
  follow(signal: AbortSignal): void {
    this.#signal = signal;
    onHeard((events) => this.#hear(events), signal);
    void this.read();
  }

  /** Reads it until the gateway answers. */
  async read(): Promise<void> {
    for (let attempt = 0; !this.#signal.aborted; attempt += 1) {
      try {
        this.take(await get<CaseAlert>(this.path, this.#signal));
        this.isGone.value = false;
        this.failed.value = false;
        this.#readHistory();
        return;
      } catch (error) {
        if (this.#signal.aborted) return;
        noticeEnd(error);
        const status = error instanceof ApiError ? error.status : 0;
        this.isGone.value = status === 404 || status === 403;
        this.failed.value = !this.isGone.value;
        if (this.isGone.value || status === 401) return;
        await retryPause(attempt, BACKOFF_MAX_MS, this.#signal).catch(() => undefined);
      }
    }
  }

  /** Takes in what is known of it, in any order: the highest version wins. */
  take(alert: CaseAlert): void {
    const known = this.alert.value;
    if (!known || known.version < alert.version) this.alert.value = alert;
  }

  #hear(events: readonly AlertEvent[] | null): void {
    if (events === null) return void this.read();
    const own = events.filter(({ alert }) => alert.id === this.id);
    if (own.length === 0) return;
    for (const { alert } of own) this.take(alert as CaseAlert);
    if (own.some(({ type }) => type === 'alert.left')) void this.read();
    else this.#readHistory();
  }

  #readHistory(): void {
    this.#wantsHistory = true;
    if (!this.#readsHistory) void this.#readHistories();
  }

  async #readHistories(): Promise<void> {
    this.#readsHistory = true;
    for (let attempt = 0; this.#wantsHistory && !this.#signal.aborted; attempt += 1) {
      try {
        this.#wantsHistory = false;
        const { items } = await get<Page<HistoryLine>>(`${this.path}/history`, this.#signal);
        this.history.value = items;
        this.historyFailed.value = false;
        attempt = 0;
        await pause(HISTORY_EVERY_MS, this.#signal);
      } catch (error) {
        if (this.#signal.aborted) break;
        noticeEnd(error);
        // Who may not see it is told so by the alert itself.
        if (error instanceof ApiError && REFUSALS.includes(error.status)) break;
        this.#wantsHistory = true;
        this.historyFailed.value = true;
        await retryPause(attempt, BACKOFF_MAX_MS, this.#signal).catch(() => undefined);
      }
    }
    this.#readsHistory = false;
  }
}
