import { join } from 'node:path';
import { BulkPace } from '../../../ingest/readers/bulk-pace.ts';
import { DatabaseCursors } from '../../../ingest/readers/database-cursors.ts';
import { Exports } from '../../../telemetry/history/export.ts';
import { History } from '../../../telemetry/history/history.ts';
import { CompleteSince } from '../../../telemetry/rollups/complete-since.ts';
import { RollupWriter } from '../../../telemetry/rollups/rollup-writer.ts';
import { RollupsReader } from '../../../telemetry/rollups/rollups-reader.ts';
import { Twin, type TwinJournal } from '../../../telemetry/twin/twin.ts';
import { SERIES_LIMITS, SeriesBudget } from '../../../telemetry/writer/series-budget.ts';
import { TelemetryReader, type TelemetryReaderDeps } from '../../../telemetry/writer/telemetry-reader.ts';
import { TelemetryWriter, WRITER_LIMITS } from '../../../telemetry/writer/writer.ts';
import type { Devices } from '../devices/devices.ts';
import type { Ground } from '../ground/ground.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { chooseStore, retentionOf } from './store.ts';

export type Telemetry = Awaited<ReturnType<typeof openTelemetry>>;

/** Last values of all devices, read from the last run's file and the journal behind it. */
export async function openTwin(ground: Ground, { kinds }: Devices, journal: TwinJournal): Promise<Twin> {
  const { clock, observer, lifecycle } = ground;
  const path = join(await ground.directoryOf('twin'), 'checkpoint');
  const twin = new Twin({ path, kinds, journal, clock, observer });
  await twin.start();
  lifecycle.onStop('twin', () => twin.stop());
  return twin;
}

/** What stands between the journal and what is stored. */
export interface TelemetrySources {
  ingest: Pick<Ingest, 'journals' | 'passages' | 'incarnationOf'>;
  books: { ledger: TelemetryReaderDeps['books'] };
  twin: Twin;
}

/** What is stored, the readers that store it and roll it up, and what people ask of it. */
export async function openTelemetry(ground: Ground, { kinds, register }: Devices, sources: TelemetrySources) {
  const { config, services, outbound, database, clock, observer } = ground;
  const { ingest, books, twin } = sources;
  const store = chooseStore(config, services.influx, { http: outbound, clock, observer });
  const series = new SeriesBudget({ database, kinds, clock, observer, limits: SERIES_LIMITS });
  await series.load();
  const { restartInflux: restartStore } = services;
  const writer = new TelemetryWriter({ store, series, clock, observer, restartStore }, WRITER_LIMITS);
  // What may wait gives way to live data that is not stored yet; a backfill and roll-ups do not wait for each other.
  const liveBacklogBytes = (): number => ingest.journals.live.head - books.ledger.saved('live');
  const pace = new BulkPace({ clock, liveBacklogBytes });
  const rollupPace = new BulkPace({ clock, liveBacklogBytes });
  const roller = new RollupWriter({ store, kinds, observer, pace: (signal, work) => rollupPace.run(signal, work) });
  const rollups = await startRollups(ground, sources, roller);
  return {
    store,
    writer,
    twin,
    reader: new TelemetryReader({ writer, books: books.ledger, passages: ingest.passages, pace }),
    rollups,
    exports: new Exports({ store, kinds, register }),
    history: new History({ store, kinds, clock, retentionDays: retentionOf(config), rollups }),
  };
}

/** The roll-ups of both lanes, which answer for what is far back; they are made from now on. */
async function startRollups(
  ground: Ground,
  { ingest, books }: TelemetrySources,
  roller: RollupWriter,
): Promise<RollupsReader> {
  const { database, ownership, clock, observer, lifecycle } = ground;
  const since = await CompleteSince.open(join(await ground.directoryOf('rollups'), 'complete-since'), clock);
  const { incarnationOf } = ingest;
  const cursors = new DatabaseCursors({ database, reader: 'rollups', incarnationOf, ownership, clock });
  const reader = new RollupsReader({
    roller,
    since,
    cursors: {
      load: (lane) => cursors.load(lane),
      save: (places) => cursors.save(places, async () => {}),
    },
    storedUpTo: (lane) => books.ledger.saved(lane),
    head: (lane) => ingest.journals[lane].head,
    clock,
    observer,
  });
  reader.start();
  lifecycle.onStop('rollups', () => reader.stop());
  return reader;
}
