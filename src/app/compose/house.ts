import { dirname, join } from 'node:path';
import { pruneDuty } from '../../alerts/duty/prune.ts';
import type { RuleBook } from '../../alerts/rules/rule-book.ts';
import { type ChoresInput, keepHouse } from '../../core/mechanisms/chores.ts';
import type { Lifecycle } from '../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../core/observe.ts';
import { watchKinds } from '../../devices/kinds/kind-watch.ts';
import { Kinds } from '../../devices/kinds/kinds.ts';
import type { FolderWatch } from '../../platform/files/folder-watch.ts';
import { madeBeside, NOTHING_MADE_BEFORE } from '../../platform/files/made-before.ts';
import { pruneChanges } from '../../platform/follow/changes.ts';
import { tidyHeapAfterStart } from '../../platform/process/heap.ts';
import { TwinReader } from '../../telemetry/twin/twin-reader.ts';
import { watchSurroundings } from '../doctor/surroundings.ts';
import { VERSION } from '../version.ts';
import { type Alerts, openAlerts, readRules } from './alerts/alerts.ts';
import { startApi } from './api/api.ts';
import { consolePages } from './api/console.ts';
import { composeChecks } from './devices/checks.ts';
import { type Devices, openDevices } from './devices/devices.ts';
import { composeHealth, type DevicesHealth } from './devices/health.ts';
import { composeOrders } from './devices/orders.ts';
import { followersOf } from './devices/others.ts';
import { welcomeFirstPeople } from './devices/people.ts';
import { openRegistry } from './devices/registry.ts';
import { type Gateway, greeting } from './gateway.ts';
import { CONFIG_DIRECTORY } from './ground/config-directory.ts';
import type { Ground } from './ground/ground.ts';
import { openBooks } from './ingest/books.ts';
import { composeImages } from './ingest/images.ts';
import { type Ingest, openIngest } from './ingest/ingest.ts';
import { type ReadersInput, startReaders } from './ingest/readers.ts';
import { openStreams } from './streams/streams.ts';
import { openTelemetry, openTwin } from './telemetry/telemetry.ts';

type Books = ReturnType<typeof openBooks>;

/** What the program is called where it was bundled, see `scripts/bundle.mjs`. */
const BUNDLED = /\/main\.mjs$/;

/** What is made of files that are delivered, and of nothing else. */
interface Furniture {
  kinds: Kinds;
  book: RuleBook;
  page: Awaited<ReturnType<typeof consolePages>>;
}

/**
 * Reads what stands in files, which needs no server. Of the kinds, what was made of them is kept: a fifth of a start
 * went into parsing the same files again.
 */
export async function readFurniture(observer: Observer): Promise<Furniture> {
  const program = process.argv[1] ?? '';
  const before = BUNDLED.test(program) ? madeBeside(dirname(program)) : NOTHING_MADE_BEFORE;
  const page = consolePages(observer);
  const kinds = await Kinds.load(join(CONFIG_DIRECTORY, 'kinds'), before);
  return { kinds, book: await readRules(kinds), page: await page };
}

/** Builds and starts everything that stands on the ground, in the order in which its parts need each other. */
export async function buildHouse(ground: Ground, { kinds, book, page }: Furniture): Promise<Gateway> {
  const { lifecycle } = ground;
  const devices = await openDevices(ground, kinds);
  const health = composeHealth(ground, devices);
  const ingest = await openIngest(ground, devices, health.connected);
  const { journals, uplinks, self } = ingest;
  const surroundings = await watchSurroundings({ ...ground, journalFull: () => journals.live.full() });
  const twin = await openTwin(ground, devices, ingest.ofTwin);
  const books = openBooks(ground, devices, { ingest, twin });
  const telemetry = await openTelemetry(ground, devices, { ingest, books, twin });
  const streams = await openStreams(ground, devices, { ingest, health: health.cameras });
  const orders = composeOrders(ground, devices, health);
  const alerts = await openAlerts(ground, devices, { ingest, streams, orders: orders.orders, health, telemetry }, book);
  const told = { disconnect: uplinks.disconnect, self, health, streams, alerts, orders, twin, ...ingest.downlink };
  const registry = await openRegistry(ground, devices, told);
  const checks = composeChecks(ground, { devices, streams, ...registry, ...books, twin, uplinks: uplinks.opened });
  const images = await openImages(ground, devices);

  const welcome = await welcomeFirstPeople(ground, devices.passwords);
  // Everything runs from here on, doors last.
  await alerts.start();
  await registry.start();
  const { follow, database } = ground;
  follow.start(followersOf(database, { ...devices, registry: registry.registry, wanted: alerts.wanted }));
  lifecycle.onStop('follow', () => follow.stop());
  await self.start();
  lifecycle.onStop('self report', () => self.stop());
  const kindWatch = watchKinds({ ...ground, kinds: devices.kinds, self, rules: alerts.ruleWatch });
  watchFolders(lifecycle, { 'rule watch': alerts.ruleWatch, 'kind watch': kindWatch });
  books.watchLedger((differs, data) => alerts.ofGateway.set('ledger-difference', differs, data));
  const all = readersOf({ ingest, telemetry, alerts, books, twin, health });
  const readers = startReaders({ ...ground, ...ingest, all });
  const chores = choresOf({ ground, ingest, books, alerts, registry, checks });
  keepHouse({ ...ground, chores: { ...chores, images: images.tidy, streams: streams.tidy } });
  await streams.start({ room: alerts.ofGateway, going: alerts.going });
  await ground.work.releaseClaims();
  ground.doorbell.start();
  lifecycle.onStop('jobs', (signal) => ground.doorbell.stop(signal));
  await uplinks.start();
  streams.watchCameras();
  const parts = {
    ground,
    devices,
    registry,
    ingest,
    books,
    telemetry,
    streams,
    alerts,
    images,
    readers,
    surroundings,
    page,
  };
  const url = await startApi(parts, checks);
  surroundings.remarks.start();
  ground.shares.started();
  lifecycle.onStop('heap', tidyHeapAfterStart({ ...ground, collect: collector() }));
  return readyAt(ground, { url, others: uplinks.urls(), welcome, devices: devices.directory.size });
}

/** What is said once everything runs. */
function readyAt(
  { observer, lifecycle, lost }: Ground,
  { url, others, welcome, devices }: { url: string; others: string[]; welcome: string[]; devices: number },
): Gateway {
  const urls = { http: url, mqtt: others.find((other) => other.startsWith('mqtt')) ?? '' };
  observer.log.info({ part: 'gateway', ...urls, version: VERSION, devices }, 'ready');
  return {
    ready: [...greeting(url, others), ...welcome],
    urls,
    lost,
    stop: (deadlineMs) => lifecycle.stop(deadlineMs),
  };
}

async function openImages(ground: Ground, devices: Devices) {
  return composeImages({
    ...ground,
    register: devices.register,
    devices: devices.directory,
    keepDays: ground.config.images.keepDays,
    directory: await ground.place.directory('images'),
  });
}

/** Lets changed files be taken over from now on. */
function watchFolders(lifecycle: Lifecycle, watches: Record<string, FolderWatch>): void {
  for (const [name, watch] of Object.entries(watches)) {
    watch.start();
    lifecycle.onStop(name, () => watch.stop());
  }
}

interface Reading {
  ingest: Ingest;
  telemetry: Awaited<ReturnType<typeof openTelemetry>>;
  alerts: Alerts;
  books: Books;
  twin: Awaited<ReturnType<typeof openTwin>>;
  health: DevicesHealth;
}

/** Who reads the journal, by name. */
function readersOf({ ingest, telemetry, alerts, books, twin, health }: Reading): ReadersInput['all'] {
  return {
    telemetry: telemetry.reader,
    rules: alerts.reader,
    twin: new TwinReader(twin, health.hearer),
    rollups: telemetry.rollups,
    completeness: books.daysReader,
    commands: ingest.downlink.reader,
  };
}

interface Kept {
  ground: Ground;
  ingest: Ingest;
  books: Books;
  alerts: Alerts;
  registry: Awaited<ReturnType<typeof openRegistry>>;
  checks: ReturnType<typeof composeChecks>;
}

/** What removes what is past its time. */
function choresOf(kept: Kept): ChoresInput['chores'] {
  const { ground, ingest, books, alerts, registry, checks } = kept;
  const { idempotency, ownership, registers } = ground;
  return {
    'the time': (nowMs) => ground.believed.remember(nowMs),
    'idempotency keys': (nowMs) => idempotency.purge(nowMs),
    'dead letters': (nowMs) => books.deadLetters.prune(nowMs),
    commands: (nowMs) => ingest.downlink.commands.prune(nowMs),
    passages: () => ingest.passages.keep(),
    findings: (nowMs) => alerts.queries.pruneFindings(nowMs, ownership),
    deliveries: (nowMs) => alerts.queries.pruneDeliveries(nowMs, ownership),
    'closed alerts': (nowMs) => alerts.keeping.prune(nowMs),
    watchlists: (nowMs) => alerts.watchlistKeeping.prune(nowMs),
    'who had duty': (nowMs) => pruneDuty(nowMs, ground),
    'dry runs of rules': (nowMs) => alerts.dryRuns.prune(nowMs),
    'recorded files of dry runs': (nowMs) => alerts.recordings.prune(nowMs),
    'work orders': (nowMs) => registry.orderList.prune(nowMs),
    photos: (nowMs) => registry.photos.tidy(nowMs),
    'police of devices': () => registry.police.tidy(),
    imports: (nowMs) => registry.imports.purge(nowMs),
    checks: (nowMs) => checks.checkJobs.prune(nowMs),
    'changes of logins': (nowMs) => checks.loginParts.logins.prune(nowMs),
    'new secrets': (nowMs) => registry.secretChanges.prune(nowMs),
    downtimes: (nowMs) => registry.health.prune(nowMs),
    completeness: (nowMs) => books.daysReader.prune(nowMs),
    registers: (nowMs) => registers.pruning.prune(nowMs),
    'followed changes': () => pruneChanges(ground.database),
  };
}

/** Gives back code that only a start runs, too, which an ordinary collection keeps for a while. */
function collector(): (() => unknown) | undefined {
  const { gc } = globalThis;
  return gc && (() => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }));
}
