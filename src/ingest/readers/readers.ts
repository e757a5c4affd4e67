import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import type { JournalReader } from '../../core/journal-reader.ts';
import { JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';
import { supervise } from '../../core/mechanisms/supervise.ts';
import type { Observer } from '../../core/observe.ts';
import type { Lane } from '../../core/types.ts';
import { ReaderBoard, type ReaderStatus } from './board.ts';
import { type BatchHandler, type ReaderGuard, type ReaderOptions, ReadersOfLane, runReader } from './reader.ts';

export interface ReadLane {
  journal: { readonly head: number; readonly tail: number; release(offset: number): void };
  /** The index of duplicates enters the log anew from here on, when the process is killed. */
  duplicates: { readonly savedHighWater: number };
}

export interface ReadersDeps {
  /** All there are: the journal keeps what any of them still needs. */
  readers: readonly JournalReader[];
  lanes: Record<Lane, ReadLane>;
  feed: ReaderOptions['feed'] & { saveIndex(lane: Lane): Promise<void> };
  /** Finds out which message ends the whole process. */
  guard: { reader(name: string, lane: Lane): ReaderGuard };
  /** Whoever may have taken the lease judges by a state of its own: without it nothing is handled. */
  lease: { held(): boolean };
  clock: Clock;
  observer: Observer;
}

const LANES = ['live', 'bulk'] as const;
/** What the index of duplicates has not saved the journal keeps for no longer, also where no more messages come. */
const SAVE_INDEX_MS = 10_000;

/**
 * Runs every reader in each of its lanes, each supervised by itself: one that fails, hangs or waits for its service
 * holds up no other. What all have read and saved the journal may let go, and nothing before.
 */
export class Readers {
  readonly #deps: ReadersDeps;
  readonly #board: ReaderBoard;
  readonly #running: { stop(): Promise<void> }[] = [];
  readonly #saving = new JoinedByKey<Lane>();

  constructor(deps: ReadersDeps) {
    this.#deps = deps;
    this.#board = new ReaderBoard({ clock: deps.clock, head: (lane) => deps.lanes[lane].journal.head });
  }

  start(): void {
    this.#board.start();
    for (const lane of LANES) {
      const here = this.#deps.readers.filter(({ lanes }) => lanes.includes(lane));
      const names = here.map(({ name }) => name);
      const { journal, duplicates } = this.#deps.lanes[lane];
      const release = (offset: number): void => journal.release(Math.min(offset, duplicates.savedHighWater));
      const places = new ReadersOfLane({ release }, names);
      for (const reader of here) this.#start(reader, lane, places);
      const cancel = this.#deps.clock.every(SAVE_INDEX_MS, () => void this.#saveIndex(lane, places));
      this.#running.push({
        stop: async () => {
          cancel();
          await this.#saving.settled();
        },
      });
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((running) => running.stop()));
    this.#board.stop();
  }

  /** Where each of them stands. */
  list(): ReaderStatus[] {
    return this.#board.list();
  }

  /** See {@link ReaderBoard.stuck}. */
  stuck(isMeant: (name: string) => boolean): string | null {
    return this.#board.stuck(isMeant);
  }

  /** Resolves, never rejects: what cannot be saved now is saved the next time. */
  async #saveIndex(lane: Lane, places: ReadersOfLane): Promise<void> {
    const { feed, observer } = this.#deps;
    try {
      await this.#saving.run(lane, () => feed.saveIndex(lane));
      places.again();
    } catch (error) {
      observer.log.warn({ lane, error: messageOf(error) }, 'the index of duplicates will be saved again');
    }
  }

  #start(reader: JournalReader, lane: Lane, places: ReadersOfLane): void {
    const { lanes, feed, guard, lease, clock, observer } = this.#deps;
    const { name } = reader;
    const stands = this.#board.add(name, lane, lanes[lane].journal.tail);
    const onDone = (offset: number): void => {
      stands(offset);
      // What is read but not saved is still needed: a crash reads it again.
      places.done(name, Math.min(offset, reader.saved(lane)));
    };
    const handle: BatchHandler = async (batch, signal) => {
      if (!lease.held()) throw new CitywatchError('store.unavailable', { detail: 'The lease is not confirmed.' });
      await reader.handle(batch, signal);
    };
    const cursor = { load: () => reader.load(lane) };
    const ofLane = guard.reader(name, lane);
    const loop = runReader({
      name,
      lane,
      feed,
      cursor,
      handle,
      clock,
      observer,
      onDone,
      guard: ofLane,
      get restMs() {
        return reader.restMs;
      },
    });
    const onEnd = (reason: unknown): void => {
      observer.log.error({ part: `reader ${name}`, lane, err: reason }, 'a reader ended and starts again');
    };
    this.#running.push(supervise(loop, { name: `${name} ${lane}`, clock, maxBackoffMs: 5_000, onEnd }));
  }
}
