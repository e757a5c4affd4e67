import { join } from 'node:path';
import { Jurisdictions } from '../../access/jurisdictions.ts';
import { Tokens } from '../../access/tokens.ts';
import { buildServer, listen, reloadTls } from '../../api/server/server.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { Lifecycle } from '../../core/mechanisms/lifecycle.ts';
import type { KnownSecrets, Observer } from '../../core/observe.ts';
import type { NewMessage } from '../../core/types.ts';
import { CAMERA_SETUP_QUEUE } from '../../devices/cameras/setup.ts';
import { Kinds } from '../../devices/kinds/kinds.ts';
import { Directory } from '../../devices/registry/directory.ts';
import { Registry } from '../../devices/registry/registry.ts';
import { Feed } from '../../ingest/readers/feed.ts';
import { GatewayWords } from '../../ingest/uplinks/common/gateway-words.ts';
import { Intake } from '../../ingest/uplinks/common/intake.ts';
import { MessageRate } from '../../ingest/uplinks/common/message-rate.ts';
import { SelfReport } from '../../ingest/uplinks/common/self-report.ts';
import { databaseId } from '../../platform/database/database-id.ts';
import { Outbound } from '../../platform/outbound/outbound.ts';
import { AccessRegister } from '../../platform/records/access-register.ts';
import { listAudit } from '../../platform/records/audit.ts';
import { Idempotency } from '../../platform/records/idempotency.ts';
import { SecretHasher } from '../../platform/secrets/hasher.ts';
import { Vault } from '../../platform/secrets/vault.ts';
import { Doorbell } from '../../platform/work/jobs.ts';
import { enqueueWork, WorkQueue } from '../../platform/work/work.ts';
import { TwinReader } from '../../telemetry/twin/twin-reader.ts';
import type { Config } from '../config/config.ts';
import { vaultKey } from '../config/vault-key.ts';
import { examineNeeded, refuseProblems } from '../doctor/doctor.ts';
import { watchSurroundings } from '../doctor/surroundings.ts';
import { Health } from '../health/health.ts';
import { healthChecks } from '../health/health-checks.ts';
import { DataDirectory } from '../local-services/data-directory.ts';
import { ffmpegUser } from '../local-services/system-user.ts';
import { TlsFiles } from '../tls.ts';
import { VERSION } from '../version.ts';
import { composeAlerting, openAlertLog } from './alerting.ts';
import { composeCameraEvents } from './camera-events.ts';
import { type CameraUnitParts, type KeepingParts, openCameraUnits, unitsForApi } from './camera-units.ts';
import { consolePages } from './console.ts';
import { composeFollowers } from './followers.ts';
import { type Gateway, greeting, sharedSecrets } from './gateway.ts';
import { openCrashGuard } from './ground/crash-guard.ts';
import { openDatabase } from './ground/database.ts';
import { keepHouse } from './ground/housekeeping.ts';
import { startServices } from './ground/services.ts';
import { openBooks } from './ingest/books.ts';
import { startDownlink } from './ingest/downlink.ts';
import { composeImages } from './ingest/images.ts';
import { openJournals } from './ingest/journals.ts';
import { watchKinds } from './ingest/kind-reload.ts';
import { kindTrial } from './ingest/kind-trial.ts';
import { composePassages } from './ingest/passages.ts';
import { startReaders } from './ingest/readers.ts';
import { composeUplinks } from './ingest/uplinks.ts';
import { composePeople } from './people.ts';
import { composeTelemetry, openTwin } from './telemetry.ts';
import { composeVideo } from './video.ts';

const CONFIG_DIRECTORY = join(import.meta.dirname, '../../../config');

/**
 * Builds and starts the whole gateway, in the order in which its parts need each other. Each part registers its end the
 * moment it exists, so a start that fails half way leaves nothing behind.
 */
export async function compose(config: Config, observer: Observer, secrets: KnownSecrets): Promise<Gateway> {
  const clock = systemClock;
  const lifecycle = new Lifecycle(clock);
  try {
    return await build({ config, observer, secrets, clock, lifecycle });
  } catch (error) {
    await lifecycle.stop(5_000);
    throw error;
  }
}

interface Ground {
  config: Config;
  observer: Observer;
  secrets: KnownSecrets;
  clock: Clock;
  lifecycle: Lifecycle;
}

async function build({ config, observer, secrets, clock, lifecycle }: Ground): Promise<Gateway> {
  const { log } = observer;

  // What we stand on: directory, services, database.
  const tls = await TlsFiles.open(config.tls, { clock, observer });
  const outbound = new Outbound({ clock, observer });
  lifecycle.onStop('outbound', () => outbound.close());
  const examined = { config, clock, observer, outbound };
  refuseProblems(await examineNeeded(examined), observer);
  const place = await DataDirectory.open(config.dataDir, secrets);
  lifecycle.onStop('data directory', () => place.close());
  const services = await startServices(config, place, { clock, observer, secrets }, lifecycle);
  const opening = { config, place, clock, observer, lifecycle };
  const { shares, lease, lost } = await openDatabase(services.database, opening);
  const { general: database } = shares;
  const key = async (name: string): Promise<Buffer> => Buffer.from(await place.secret(name), 'base64url');

  // What exists.
  const kinds = await Kinds.load(join(CONFIG_DIRECTORY, 'kinds'));
  await kinds.remember(database);
  const jurisdictions = new Jurisdictions();
  await jurisdictions.seed(database);
  const hasher = new SecretHasher(await key('device-secrets'));
  const vault = new Vault(await vaultKey(config, key));
  const directory = new Directory(hasher);
  const work = new WorkQueue({ database: shares.alerts, clock, observer });
  const bell = { redisUrl: services.redis, databaseId: await databaseId(database) };
  const doorbell = new Doorbell({ ...bell, work, clock, observer });
  const register = new AccessRegister({ database, clock });
  const { passages, search } = composePassages({
    ...{ database, clock, observer, directory, register, keepDays: config.passages.keepDays },
    ...{ plateKey: await key('plates'), vaultKey: await vaultKey(config, key) },
  });
  const tokens = new Tokens({ database, lookup: shares.handling, clock, jurisdictions, hasher });
  await tokens.ensureBootstrap(config.adminToken ?? (await place.secret('admin-token')));

  // The journal and its readers.
  const directoryOf = (name: string) => place.directory(name);
  const opened = await openJournals({ directory: directoryOf, database, clock, observer, lifecycle });
  const { lanes, incarnationOf } = opened;
  const journals = { live: lanes.live.journal, bulk: lanes.bulk.journal };
  const messageRate = new MessageRate({ clock, counts: () => journals.live.received().counts });
  messageRate.start();
  lifecycle.onStop('message rate', () => messageRate.stop());
  const words = new GatewayWords({ clock, kinds, version: VERSION });
  const intake = new Intake(journals, { lease, kinds, clock, observer, words });
  const journalFull = (): boolean => journals.live.full();
  const { disks, findings } = await watchSurroundings({ ...examined, lifecycle, journalFull });
  const accept = (message: NewMessage) => intake.accept(message);
  const self = new SelfReport({ clock, observer, accept, words });
  const cameraNetworks = config.networks.cameras;
  const identity = directory.identity.bind(directory);
  const access: CameraUnitParts['access'] = (id) => registry.onvifAccess(id);
  const asking = { database, clock, observer, outbound, accept, cameraNetworks };
  const units = await openCameraUnits({ ...asking, access, identity });
  const guard = await openCrashGuard({ directory: directoryOf, clock, observer, lifecycle });
  const downlink = await startDownlink({
    ...{ database, clock, observer, kinds, directory, work, doorbell, lifecycle, journal: journals.live },
    incarnationOf,
  });
  const entry = { config, clock, observer, lifecycle, intake, kinds, directory, tls, guard, lease, downlink };
  const uplinks = composeUplinks(entry);
  const cameraEvents = composeCameraEvents({
    ...{ database, clock, observer, outbound, vault, kinds, directory, doorbell, units, uplink: uplinks.onvif },
    ...{ cameraNetworks, path: join(await place.directory('cameras'), 'active.json') },
  });
  const alertLog = openAlertLog(clock, observer);
  const ring = (queue: string): void => doorbell.ring(queue);
  const following = composeFollowers({ database, clock, observer, log: alertLog, ring });
  const keeping: KeepingParts = {
    ...{ database, kinds, directory, clock, observer, hasher },
    disconnect: uplinks.disconnect,
    changed: (entry, previous) => {
      self.deviceChanged(entry, previous);
      cameraEvents.changed(entry);
      following.changed(entry, previous);
    },
  };
  const registry = new Registry({ ...keeping, jurisdictions, vault, followers: following.followers, cameraNetworks });
  await registry.loadDirectory();
  const feed = new Feed({ lanes, kinds, guard, observer });
  const twin = await openTwin({ journal: opened.ofTwin, kinds, directoryOf, clock, observer, lifecycle });
  const { ledger, deadLetters, messages, completeness, daysReader, watchLedger } = openBooks({
    ...{ lanes, incarnationOf, intake, kinds, guard, twin, self, directory, database, clock, observer, lifecycle },
    vaultKey: await vaultKey(config, key),
    checkLedgerEveryMs: config.ledger.checkS * 1000,
  });
  const ground = { config, database, kinds, clock, observer, lifecycle };
  const telemetry = await composeTelemetry({
    ...{ ...ground, services, outbound, journals, books: ledger, passages, incarnationOf, register, directoryOf },
  });
  const { store, writer, history, exports } = telemetry;

  // Cameras and alerts.
  const video = composeVideo({
    ...{ database, clock, observer, outbound, work, registry, register, vault, accept, units, identity },
    socketDirectory: join(await place.socketDirectory(), 'media'),
    cameraNetworks,
    ffmpegPath: config.ffmpeg.path,
    ffmpegUser: await ffmpegUser(observer),
    dataDirectory: place.path,
    checkEveryMs: config.cameras.checkS * 1000,
  });
  const alerting = await composeAlerting({
    ...{ shares, clock, observer, outbound, work, doorbell, kinds, vault, register, log: alertLog },
    ...{ plateKey: await key('plates'), vaultKey: await vaultKey(config, key) },
    rulesDirectory: join(CONFIG_DIRECTORY, 'rules'),
    dataDirectory: place.path,
    webhookNetworks: config.networks.webhooks,
    pictures: video.pictures,
    devices: directory,
    head: () => journals.live.head,
    isClockKnown: () => intake.isClockKnown(),
    incarnationOf,
  });
  await alerting.load();
  await following.start(alerting.desk);
  await alerting.feed.start();
  lifecycle.onStop('alert feed', () => alerting.feed.stop());
  const images = composeImages({
    ...{ database, clock, observer, register, devices: directory, keepDays: config.images.keepDays },
    directory: await place.directory('images'),
  });

  // Everything runs from here on, doors last.
  await self.start();
  lifecycle.onStop('self report', () => self.stop());
  watchKinds({ kinds, database, clock, observer, lifecycle, self, rules: alerting.ruleWatch });
  const { reader: rules } = alerting;
  watchLedger((differs, data) => alerting.ofGateway.set('ledger-difference', differs, data));
  const readers = startReaders({
    ...{ journals, feed, guard, lease, clock, observer, lifecycle },
    ...{ telemetry: telemetry.reader, rules, twin: new TwinReader(twin), rollups: telemetry.rollups },
    ...{ completeness: daysReader, commands: downlink.reader },
  });
  const idempotency = new Idempotency({ database, clock });
  keepHouse({
    ...{ clock, observer, lifecycle },
    chores: {
      'idempotency keys': () => idempotency.purge(),
      'dead letters': () => deadLetters.prune(),
      images: images.tidy,
      commands: () => downlink.commands.prune(),
      passages: () => passages.keep(),
      findings: () => alerting.queries.pruneFindings(clock.nowMs()),
      deliveries: () => alerting.queries.pruneDeliveries(clock.nowMs()),
    },
  });
  await video.streams.start();
  lifecycle.onStop('streams', (signal) => video.streams.stop(signal));
  const unasked = await video.setup.unasked();
  await enqueueWork(
    database,
    clock,
    unasked.map((id) => ({ queue: CAMERA_SETUP_QUEUE, key: id })),
  );
  await work.releaseClaims();
  doorbell.start();
  lifecycle.onStop('jobs', (signal) => doorbell.stop(signal));
  video.watch.start();
  lifecycle.onStop('camera watch', () => video.watch.stop());
  await uplinks.start();
  cameraEvents.start(lifecycle);
  const watched = { streams: video.streams, disks, findings, ruleFiles: alerting.ruleWatch };
  const api = await buildServer({
    ...{ registry, kinds, jurisdictions, tokens, directory, ledger, deadLetters, messages, twin },
    ...{ history, exports },
    ...{ completeness, clock, observer },
    audit: { list: (caller, filter) => listAudit(database, caller, filter) },
    alerts: alerting,
    ...{ streams: video.streams, accessRegister: register, passages: search, commands: downlink.commands },
    ...composePeople({ shares, clock, observer, jurisdictions, hasher, tokens }),
    ...(await consolePages(observer)),
    ...{ messageRate, http: uplinks.http },
    kindDryRun: kindTrial({ kinds, guard, journal: journals.live, clock }),
    cameraSetup: (id) => video.setup.status(id),
    units: unitsForApi(units, keeping),
    images: images.port,
    idempotency,
    room: disks,
    health: new Health({
      clock,
      checks: healthChecks({
        ...{ database, doorbell, store, writer, uplinks: uplinks.opened, intake, lease, ...watched, board: readers },
        blobs: [images.blobs, alerting.evidenceBlobs],
      }),
      readers: () => readers.list(),
    }),
    settings: { cursorKey: await key('cursors'), version: VERSION, ...tls.forApi(), ...sharedSecrets(config) },
  });
  lifecycle.onStop('api', () => api.close());
  const { url } = await listen(api, config.http);
  tls.watch((material) => {
    reloadTls(api, material);
    uplinks.reloadTls(material);
  });
  lifecycle.onStop('certificates', () => tls.stop());
  const others = uplinks.urls();
  const urls = { http: url, mqtt: others.find((other) => other.startsWith('mqtt')) ?? '' };
  log.info({ part: 'gateway', ...urls, version: VERSION, devices: directory.size }, 'ready');
  return {
    ready: greeting(url, others),
    urls,
    lost,
    stop: (deadlineMs) => lifecycle.stop(deadlineMs),
  };
}
