import type { JournalReader, ReaderCursors } from '../../core/journal-reader.ts';
import { supervise } from '../../core/mechanisms/supervise.ts';
import type { DecodedBatch, DeviceId, Lane } from '../../core/types.ts';
import type { TimeRange } from '../history/plan.ts';
import type { CompleteSince } from './complete-since.ts';
import { ROLLUPS_LIMITS, Rollups, type RollupsDeps } from './rollups.ts';

export interface RollupsReaderDeps extends Pick<RollupsDeps, 'roller' | 'clock' | 'observer'> {
  since: CompleteSince;
  /** Durable when it resolves. */
  cursors: Pick<ReaderCursors, 'load'> & { save(places: Partial<Record<Lane, number>>): Promise<void> };
  /** Everything of the lane before it is in the store or has an outcome. */
  storedUpTo(lane: Lane): number;
  /** Offset behind the newest record of the lane. */
  head(lane: Lane): number;
}

const LANES = ['live', 'bulk'] as const;

/** The reader "rollups" of both lanes, and what history asks of them. */
export class RollupsReader implements JournalReader {
  readonly name = 'rollups';
  readonly lanes = LANES;
  readonly restMs = 250;
  readonly #deps: RollupsReaderDeps;
  readonly #ofLane: Record<Lane, Rollups>;
  readonly #running: { stop(): Promise<void> }[] = [];

  constructor(deps: RollupsReaderDeps) {
    this.#deps = deps;
    this.#ofLane = { live: rollupsOf('live', deps), bulk: rollupsOf('bulk', deps) };
  }

  load(lane: Lane): Promise<number> {
    return this.#ofLane[lane].load();
  }

  saved(lane: Lane): number {
    return this.#ofLane[lane].saved;
  }

  handle(batch: DecodedBatch, signal: AbortSignal): Promise<void> {
    return this.#ofLane[batch.lane].handle(batch, signal);
  }

  /** Rolls up from now on; until then it only notes what is to be done. */
  start(): void {
    const { clock, observer } = this.#deps;
    for (const lane of LANES) {
      const onEnd = (reason: unknown): void => {
        observer.log.error({ part: 'rollups', lane, err: reason }, 'rolling up ended and starts again');
      };
      const options = { name: `rollups ${lane}`, clock, maxBackoffMs: 10_000, onEnd };
      this.#running.push(supervise(this.#ofLane[lane].run, options));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((running) => running.stop()));
  }

  /** Windows that began at or after this Unix ms are rolled up. */
  completeFromMs(): number {
    return this.#deps.since.atMs;
  }

  /** And up to this one. What is filled in later is late by nature; only the live lane says how far the present is. */
  completeToMs(): number {
    return this.#ofLane.live.completeToMs();
  }

  /** The windows of a device that got points since they were made. */
  pending(kind: string, device: DeviceId): TimeRange[] {
    return LANES.flatMap((lane) => this.#ofLane[lane].pending(kind, device));
  }
}

function rollupsOf(lane: Lane, { since, cursors, storedUpTo, head, ...deps }: RollupsReaderDeps): Rollups {
  const own: RollupsDeps = {
    ...deps,
    lane,
    storedUpTo: () => storedUpTo(lane),
    head: () => head(lane),
    cursor: {
      load: () => cursors.load(lane),
      move: (_, to) => cursors.save({ [lane]: to }),
    },
    gaveUp: (untilMs) => since.move(untilMs),
  };
  return new Rollups(own, ROLLUPS_LIMITS);
}
