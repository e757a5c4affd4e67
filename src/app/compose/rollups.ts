import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Lifecycle } from '../../core/mechanisms/lifecycle.ts';
import { supervise } from '../../core/mechanisms/supervise.ts';
import type { Observer } from '../../core/observe.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { DecodedBatch, DeviceKind, Lane } from '../../core/types.ts';
import { BulkPace } from '../../ingest/readers/bulk-pace.ts';
import { loadCursor, moveCursor, type ReaderName } from '../../ingest/readers/cursor.ts';
import type { Database } from '../../platform/database/database.ts';
import { writeFileDurable } from '../../platform/files/files.ts';
import type { AccessRegister } from '../../platform/records/access-register.ts';
import { Exports, type PlateLook } from '../../telemetry/history/export.ts';
import { History, type RollupState } from '../../telemetry/history/history.ts';
import { Roller } from '../../telemetry/rollups/roller.ts';
import { Rollups } from '../../telemetry/rollups/rollups.ts';
import type { Store } from '../../telemetry/stores/store.ts';
import type { Config } from '../config/config.ts';
import type { LaneReader, StoredUpTo } from './ingest/readers.ts';
import { retentionOf } from './store.ts';

export interface HistoryInput {
  config: Config;
  database: Database;
  store: Store;
  kinds: { latest(kind: string): DeviceKind | undefined };
  journals: Record<Lane, { readonly head: number }>;
  incarnationOf: IncarnationOf;
  register: AccessRegister;
  /** Makes a directory below the data directory. */
  directoryOf(name: string): Promise<string>;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

export interface ComposedHistory {
  history: History;
  exports: Exports;
  /** The reader "rollups". */
  reader: LaneReader;
  /** Starts to roll up; until then its readers wait. */
  start(storedUpTo: StoredUpTo): void;
}

const READER: ReaderName = 'rollups';

/** What was stored, and the roll-ups of both lanes that answer for what is far back. */
export async function composeHistory(input: HistoryInput): Promise<ComposedHistory> {
  const { config, store, kinds, register, clock, observer, lifecycle } = input;
  const since = await Since.open(join(await input.directoryOf('rollups'), 'complete-since'), clock);
  let stored: StoredUpTo = () => 0;
  // InfluxDB is asked for all points of a window: what waits to be written would wait for that.
  const behind = new BulkPace({ clock, liveBacklogBytes: () => input.journals.live.head - stored('live') });
  const roller = new Roller({ store, kinds, observer, pace: (signal, work) => behind.run(signal, work) });
  const ofLane = (lane: Lane) => lanesRollups(input, lane, { since, roller, storedUpTo: () => stored(lane) });
  const lanes = { live: ofLane('live'), bulk: ofLane('bulk') };
  const rollups: RollupState = {
    completeFromMs: () => since.atMs,
    // What is filled in later is late by nature; only the live lane says how far the present is.
    completeToMs: () => lanes.live.completeToMs(),
    pending: (kind, device) => [...lanes.live.pending(kind, device), ...lanes.bulk.pending(kind, device)],
  };
  return {
    exports: new Exports({ store, kinds, registerLook: (look) => registerPlates(register, look) }),
    history: new History({ store, kinds, clock, retentionDays: retentionOf(config), rollups }),
    reader: {
      load: (lane) => lanes[lane].load(),
      handle: (batch, signal) => lanes[batch.lane].handle(batch, signal),
      saved: (lane) => lanes[lane].saved,
      restMs: 250,
    },
    start: (storedUpTo) => {
      stored = storedUpTo;
      for (const lane of ['live', 'bulk'] as const) {
        const onEnd = (reason: unknown): void => {
          observer.log.error({ part: 'rollups', lane, err: reason }, 'rolling up ended and starts again');
        };
        const running = supervise(lanes[lane].run, { name: `rollups ${lane}`, clock, maxBackoffMs: 10_000, onEnd });
        lifecycle.onStop(`rollups ${lane}`, () => running.stop());
      }
    },
  };
}

async function registerPlates(register: AccessRegister, look: PlateLook): Promise<void> {
  const { caller, device, ...rest } = look;
  await register.add({ viewer: caller, act: 'plates', device: device.id, jurisdiction: device.jurisdiction, ...rest });
}

interface LaneParts {
  since: Since;
  roller: Roller;
  storedUpTo(): number;
}

function lanesRollups(input: HistoryInput, lane: Lane, { since, roller, storedUpTo }: LaneParts): Rollups {
  const { database, journals, incarnationOf, clock, observer } = input;
  return new Rollups({
    ...{ lane, roller, clock, observer, storedUpTo },
    head: () => journals[lane].head,
    cursor: {
      load: () => loadCursor(database, READER, lane),
      move: async (from, to) => {
        const batch: DecodedBatch = { lane, from, to, messages: [] };
        const move = { reader: READER, batch, incarnationOf, atMs: clock.nowMs() };
        await database.transaction((tx) => moveCursor(tx, move));
      },
    },
    gaveUp: (untilMs) => since.move(untilMs),
  });
}

/** From when on every window is rolled up: since roll-ups were first made here, or since some were given up. */
class Since {
  readonly #path: string;
  atMs: number;

  private constructor(path: string, atMs: number) {
    this.#path = path;
    this.atMs = atMs;
  }

  static async open(path: string, clock: Clock): Promise<Since> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const known = /^\d{1,15}$/.test(text.trim()) ? Number(text) : null;
    const since = new Since(path, known ?? 0);
    if (known === null) await since.move(clock.nowMs());
    return since;
  }

  async move(atMs: number): Promise<void> {
    this.atMs = Math.max(this.atMs, atMs);
    await writeFileDurable(this.#path, `${this.atMs}\n`, { mode: 0o600 });
  }
}
