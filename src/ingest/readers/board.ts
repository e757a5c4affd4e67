import type { Clock } from '../../core/clock.ts';
import type { Lane } from '../../core/types.ts';

/** How far one reader of a lane is. */
export interface ReaderStatus {
  name: string;
  lane: Lane;
  /** Offset up to which it is done. */
  position: number;
  /** Bytes of the journal that it has still to read. */
  behind: number;
  /** Since when, in ms, it has had something to read and has not moved; null while that is shorter than 30 s. */
  stuckMs: number | null;
}

export interface ReaderBoardDeps {
  clock: Clock;
  /** Offset behind the newest durable message of a lane. */
  head(lane: Lane): number;
}

/** A batch takes seconds at most, and a service that is away for a moment is no reason to call anybody. */
const STUCK_AFTER_MS = 30_000;
const LOOK_EVERY_MS = 1_000;

interface Entry {
  name: string;
  lane: Lane;
  position: number;
  /** When it last moved or had nothing to read, by the clock that never goes back. */
  wellAtMs: number;
}

/** Knows where every reader stands, and names those that have something to read and do not move. */
export class ReaderBoard {
  readonly #deps: ReaderBoardDeps;
  readonly #entries: Entry[] = [];
  #cancel: () => void = () => {};

  constructor(deps: ReaderBoardDeps) {
    this.#deps = deps;
  }

  /** Puts a reader on the board, from `position` on; returns how it says where it stands. */
  add(name: string, lane: Lane, position: number): (offset: number) => void {
    const entry: Entry = { name, lane, position, wellAtMs: this.#deps.clock.monotonicMs() };
    this.#entries.push(entry);
    return (offset) => {
      if (offset === entry.position) return;
      entry.position = offset;
      entry.wellAtMs = this.#deps.clock.monotonicMs();
    };
  }

  /** Looks by itself, too: what waits for a reader that slept is no older than its coming. */
  start(): void {
    this.#cancel = this.#deps.clock.every(LOOK_EVERY_MS, () => this.#look());
  }

  stop(): void {
    this.#cancel();
  }

  list(): ReaderStatus[] {
    this.#look();
    const nowMs = this.#deps.clock.monotonicMs();
    return this.#entries.map(({ name, lane, position, wellAtMs }) => {
      const stillMs = nowMs - wellAtMs;
      const behind = Math.max(0, this.#deps.head(lane) - position);
      return { name, lane, position, behind, stuckMs: stillMs >= STUCK_AFTER_MS ? stillMs : null };
    });
  }

  /** Names of those that are meant, have something to read and do not move, in words; null where none is. */
  stuck(isMeant: (name: string) => boolean): string | null {
    const told = this.list().flatMap(({ name, lane, behind, stuckMs }) => {
      if (stuckMs === null || !isMeant(name)) return [];
      return `${name} (${lane}) has not moved for ${Math.round(stuckMs / 1000)} s with ${behind} bytes to read`;
    });
    return told.length > 0 ? told.join('; ') : null;
  }

  #look(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const entry of this.#entries) {
      if (entry.position >= this.#deps.head(entry.lane)) entry.wellAtMs = nowMs;
    }
  }
}
