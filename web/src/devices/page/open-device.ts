import { signal } from '@preact/signals';
import { ApiError, get } from '../../api.ts';
import { noticeEnd } from '../../session.ts';
import { backoffMs, pause } from '../../ticker.ts';
import type { WholeDevice } from '../../types.ts';

const AGAIN_MS = 5_000;
const BACKOFF_MAX_MS = 15_000;

/** One device as it is now, read again and again while somebody looks. */
export class OpenDevice {
  readonly id: string;
  readonly device = signal<WholeDevice | null>(null);
  /** It is not there, or not this person's to see; what was known of it stays. */
  readonly isGone = signal(false);
  readonly failed = signal(false);
  /** Goes up with each deed: parts that show what was done are read anew. */
  readonly deeds = signal(0);
  #signal = new AbortController().signal;

  constructor(id: string) {
    this.id = id;
  }

  /** Where the API has it. */
  get path(): string {
    return `/devices/${encodeURIComponent(this.id)}`;
  }

  /** Keeps it in step until `signal` is aborted. */
  async follow(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const isRead = document.hidden && this.device.value !== null ? true : await this.read();
      if (isRead) attempt = -1;
      const pauseMs = isRead ? AGAIN_MS : backoffMs(attempt, BACKOFF_MAX_MS);
      await pause(pauseMs, signal).catch(() => undefined);
    }
  }

  /** Reads it once. Answers whether the gateway said something; never rejects. */
  async read(): Promise<boolean> {
    try {
      this.take(await get<WholeDevice>(this.path, this.#signal));
      this.isGone.value = false;
      this.failed.value = false;
      return true;
    } catch (error) {
      if (this.#signal.aborted) return false;
      noticeEnd(error);
      const status = error instanceof ApiError ? error.status : 0;
      this.isGone.value = status === 404 || status === 403;
      this.failed.value = !this.isGone.value;
      return false;
    }
  }

  /** Takes in what is known of it, in any order: the highest version wins, and of the same one the last. */
  take(device: WholeDevice): void {
    const known = this.device.value;
    if (!known || known.version <= device.version) this.device.value = device;
  }

  /** Something was done with it. */
  done(): void {
    this.deeds.value += 1;
    void this.read();
  }
}
