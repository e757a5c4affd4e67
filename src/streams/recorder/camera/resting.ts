import type { GapTable } from '../../recordings/gap-table.ts';
import type { Notes } from '../notes.ts';
import type { GapReason } from './gaps.ts';
import { keyOf, type Wanted } from './wanted.ts';

export interface RestingDeps {
  notes: Pick<Notes, 'holes' | 'lasts' | 'flush'>;
  gaps: Pick<GapTable, 'open'>;
}

const NOT_PLANNED: GapReason = { cause: 'not-planned', detail: null };

/** Tells of cameras that are recorded by events, while nothing happens, that nothing of them was to be recorded. */
export class Resting {
  readonly #deps: RestingDeps;
  readonly #cameras = new Map<string, Wanted>();

  constructor(deps: RestingDeps) {
    this.#deps = deps;
  }

  /**
   * `resting` are those that rest now. Of those that are `wanted` the hole goes on until pictures come, and who records
   * them ends it. Errors: `store.unavailable`; then those that are new are told the next time.
   */
  async look(resting: readonly Wanted[], wanted: ReadonlyMap<string, Wanted>, nowMs: number): Promise<void> {
    const { notes, gaps } = this.#deps;
    const now = new Map(resting.map((one) => [keyOf(one), one]));
    for (const [key, one] of this.#cameras) {
      if (now.has(key)) continue;
      this.#cameras.delete(key);
      if (!wanted.has(key)) notes.holes(one, [{ type: 'end', toMs: nowMs }]);
    }
    const fresh = [...now].filter(([key]) => !this.#cameras.has(key));
    if (fresh.length === 0) return;
    await notes.flush();
    const open = await gaps.open(fresh.map(([, { device }]) => device));
    for (const [key, one] of fresh) {
      this.#cameras.set(key, one);
      const lasting = open.get(key);
      if (lasting) {
        const { fromMs, toMs, cause, detail } = lasting;
        notes.lasts({ ...one, fromMs, toMs, reason: { cause, detail } });
        if (cause === NOT_PLANNED.cause) continue;
        notes.holes(one, [{ type: 'end', toMs: nowMs }]);
      }
      notes.holes(one, [{ type: 'begin', fromMs: nowMs, reason: NOT_PLANNED }]);
    }
  }
}
