import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Lifecycle } from '../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../core/observe.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { Lane } from '../../core/types.ts';
import type { Kinds } from '../../devices/kinds/kinds.ts';
import { BulkPace } from '../../ingest/readers/bulk-pace.ts';
import { DatabaseCursors } from '../../ingest/readers/database-cursors.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Outbound } from '../../platform/outbound/outbound.ts';
import type { AccessRegister } from '../../platform/records/access-register.ts';
import { Exports, type PlateLook } from '../../telemetry/history/export.ts';
import { History } from '../../telemetry/history/history.ts';
import { CompleteSince } from '../../telemetry/rollups/complete-since.ts';
import { Roller } from '../../telemetry/rollups/roller.ts';
import { RollupsReader } from '../../telemetry/rollups/rollups-reader.ts';
import type { Store } from '../../telemetry/stores/store.ts';
import { Twin, type TwinJournal } from '../../telemetry/twin/twin.ts';
import { SeriesBudget } from '../../telemetry/writer/series-budget.ts';
import { TelemetryReader, type TelemetryReaderDeps } from '../../telemetry/writer/telemetry-reader.ts';
import { TelemetryWriter } from '../../telemetry/writer/writer.ts';
import type { Config } from '../config/config.ts';
import type { ServiceAddresses } from './ground/services.ts';
import { chooseStore, retentionOf } from './store.ts';

export interface TelemetryInput {
  config: Config;
  services: Pick<ServiceAddresses, 'influx' | 'restartInflux'>;
  outbound: Outbound;
  database: Database;
  kinds: Kinds;
  journals: Record<Lane, { readonly head: number }>;
  books: TelemetryReaderDeps['books'];
  passages: TelemetryReaderDeps['passages'];
  incarnationOf: IncarnationOf;
  register: AccessRegister;
  /** Makes a directory below the data directory. */
  directoryOf(name: string): Promise<string>;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

/** Last values of all devices, read from the last run's file and the journal behind it. */
export async function openTwin(
  input: Pick<TelemetryInput, 'kinds' | 'directoryOf' | 'clock' | 'observer' | 'lifecycle'> & { journal: TwinJournal },
): Promise<Twin> {
  const { kinds, journal, clock, observer, lifecycle } = input;
  const path = join(await input.directoryOf('twin'), 'checkpoint');
  const twin = new Twin({ path, kinds, journal, clock, observer });
  await twin.start();
  lifecycle.onStop('twin', () => twin.stop());
  return twin;
}

/** What is stored, the readers that store it and roll it up, and what people ask of it. */
export async function composeTelemetry(input: TelemetryInput) {
  const { config, services, outbound, database, kinds, journals, books, passages, register, clock, observer } = input;
  const store = chooseStore(config, services.influx, { http: outbound, clock, observer });
  const series = new SeriesBudget({ database, kinds, clock, observer });
  await series.load();
  const writer = new TelemetryWriter({ store, series, clock, observer, restartStore: services.restartInflux });
  // What may wait gives way to live data that is not stored yet; a backfill and roll-ups do not wait for each other.
  const liveBacklogBytes = (): number => journals.live.head - books.saved('live');
  const pace = new BulkPace({ clock, liveBacklogBytes });
  const rollups = await startRollups({ ...input, store }, new BulkPace({ clock, liveBacklogBytes }));
  return {
    store,
    writer,
    reader: new TelemetryReader({ writer, books, passages, pace }),
    rollups,
    exports: new Exports({ store, kinds, registerLook: (look) => registerPlates(register, look) }),
    history: new History({ store, kinds, clock, retentionDays: retentionOf(config), rollups }),
  };
}

/** The roll-ups of both lanes, which answer for what is far back; they are made from now on. */
async function startRollups(input: TelemetryInput & { store: Store }, pace: BulkPace): Promise<RollupsReader> {
  const { store, kinds, database, incarnationOf, journals, books, clock, observer, lifecycle } = input;
  const since = await CompleteSince.open(join(await input.directoryOf('rollups'), 'complete-since'), clock);
  const roller = new Roller({ store, kinds, observer, pace: (signal, work) => pace.run(signal, work) });
  const cursors = new DatabaseCursors({ database, reader: 'rollups', incarnationOf, clock });
  const reader = new RollupsReader({
    roller,
    since,
    cursors: {
      load: (lane) => cursors.load(lane),
      save: (places) => cursors.save(places, async () => {}),
    },
    storedUpTo: (lane) => books.saved(lane),
    head: (lane) => journals[lane].head,
    clock,
    observer,
  });
  reader.start();
  lifecycle.onStop('rollups', () => reader.stop());
  return reader;
}

async function registerPlates(register: AccessRegister, look: PlateLook): Promise<void> {
  const { caller, device, ...rest } = look;
  await register.add({ viewer: caller, act: 'plates', device: device.id, jurisdiction: device.jurisdiction, ...rest });
}
