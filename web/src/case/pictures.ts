import { signal } from '@preact/signals';
import { ApiError, request } from '../api.ts';
import { explain } from '../explain.ts';
import { noticeEnd } from '../session.ts';
import type { CaseAlert, Evidence } from '../types.ts';

const API = '/api/v1';
const ANSWER_MS = 60_000;

/** A picture or clip of an alert as far as it is here. */
export type Shown =
  | { is: 'reading' }
  | { is: 'here'; url: string; blob: Blob; register: string | null }
  /** It is shown for an incident only, whose number nobody has named. */
  | { is: 'needs-case' }
  | { is: 'failed'; why: string };

/**
 * Pictures and clips of one alert. Each is read once, however often it is shown, because each reading is a look that is
 * registered; the number of the entry stands beside it.
 */
export class Pictures {
  readonly shown = signal<ReadonlyMap<string, Shown>>(new Map());
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#drop(), { once: true });
  }

  /** Reads what is not here yet; with `named`, for the case of that number. */
  async read({ id, url }: Pick<Evidence, 'id' | 'url'>, named = ''): Promise<void> {
    const known = this.shown.value.get(id);
    const path = pathOf(url);
    if (path === null || known?.is === 'here' || known?.is === 'reading') return;
    this.#set(id, { is: 'reading' });
    const query = named === '' ? '' : `?case=${encodeURIComponent(named)}`;
    try {
      const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(ANSWER_MS)]);
      const answer = await request(`${path}${query}`, { signal });
      const register = answer.headers.get('x-register-entry');
      const blob = await answer.blob();
      if (this.#signal.aborted) return;
      this.#set(id, { is: 'here', url: URL.createObjectURL(blob), blob, register });
    } catch (error) {
      if (this.#signal.aborted) return;
      noticeEnd(error);
      const needsCase = error instanceof ApiError && error.code === 'look.incident-missing';
      this.#set(id, needsCase ? { is: 'needs-case' } : { is: 'failed', why: explain(error) });
    }
  }

  #set(id: string, shown: Shown): void {
    this.shown.value = new Map([...this.shown.value, [id, shown]]);
  }

  #drop(): void {
    for (const one of this.shown.value.values()) if (one.is === 'here') URL.revokeObjectURL(one.url);
    this.shown.value = new Map();
  }
}

/** Only our own pictures are read, whatever an alert says. */
function pathOf(url: string | null): string | null {
  return url?.startsWith(`${API}/alerts/`) ? url.slice(API.length) : null;
}

/** The latest picture of a camera among those of an alert. */
export function latestOf({ evidence }: Pick<CaseAlert, 'evidence'>, camera: string): Evidence | null {
  const own = evidence.filter((one) => one.type === 'picture' && one.camera === camera);
  return own.sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt))[0] ?? null;
}
