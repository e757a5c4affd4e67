import { join } from 'node:path';
import { BaseMap } from '../../../api/base-map/base-map.ts';
import { TILES_LIMITS } from '../../../api/base-map/tiles.ts';
import type { ApiDeps } from '../../../api/deps.ts';
import { Health } from '../../../api/health.ts';
import type { TwinPort } from '../../../api/ports.ts';
import { API_LIMITS } from '../../../api/server/limits.ts';
import { buildServer, listen, reloadTls } from '../../../api/server/server.ts';
import type { TrialPorts } from '../../../api/trial-ports.ts';
import { DeviceExport } from '../../../devices/import-export/writing/device-export.ts';
import { Labels } from '../../../devices/labels/labels.ts';
import { KindDryRun } from '../../../ingest/explain/kind-dry-run.ts';
import { readAudit } from '../../../platform/records/audit-reading.ts';
import type { watchSurroundings } from '../../doctor/surroundings.ts';
import { healthChecks } from '../../health/health-checks.ts';
import { chineseLetters } from '../../local-services/letters.ts';
import { VERSION } from '../../version.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { composeChecks } from '../devices/checks.ts';
import type { Devices } from '../devices/devices.ts';
import type { openRegistry } from '../devices/registry.ts';
import { sharedSecrets } from '../gateway.ts';
import type { Ground } from '../ground/ground.ts';
import type { openBooks } from '../ingest/books.ts';
import type { composeImages } from '../ingest/images.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { startReaders } from '../ingest/readers.ts';
import type { Streams } from '../streams/streams.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { consolePages } from './console.ts';

/** All parts that people ask for something. */
export interface ApiParts {
  ground: Ground;
  devices: Devices;
  registry: Awaited<ReturnType<typeof openRegistry>>;
  ingest: Ingest;
  books: ReturnType<typeof openBooks>;
  telemetry: Telemetry;
  streams: Streams;
  alerts: Alerts;
  images: ReturnType<typeof composeImages>;
  readers: ReturnType<typeof startReaders>;
  surroundings: Awaited<ReturnType<typeof watchSurroundings>>;
  page: Awaited<ReturnType<typeof consolePages>>;
}

/** Opens the door for people and machines, and resolves with its address. */
export async function startApi(parts: ApiParts, checks: ReturnType<typeof composeChecks>): Promise<string> {
  const { ground, devices, registry, ingest, books, telemetry, streams, alerts } = parts;
  const { config, database, clock, observer, lifecycle, tls, idempotency } = ground;
  const api = await buildServer({
    ...devices,
    directory: devices.doors,
    ...books,
    ...registry,
    ...checks,
    ...checks.loginParts,
    clock,
    observer,
    deviceExport: new DeviceExport({ database, clock }),
    labels: new Labels({
      publicUrl: config.publicUrl,
      titleOf: (kind) => devices.kinds.latest(kind)?.title.zh ?? kind,
      letters: () => chineseLetters(clock),
    }),
    otherUnit: (id) => streams.units.foreign(id),
    ...howDevicesAre(parts),
    history: telemetry.history,
    exports: telemetry.exports,
    alerts,
    ...trialsOf(parts),
    streams: streams.streams,
    streamPlans: streams.plans,
    streamPasses: streams.passes,
    streamLinks: streams.links,
    walls: streams.walls,
    recordings: streams.recordings.port,
    approvedPictures: streams.approved,
    cameraSetup: (id) => streams.setup.status(id),
    recorderEvents: (id) => streams.cameraEvents.ofRecorder(id),
    audit: auditOf(parts),
    accessRegister: devices.register,
    passages: ingest.search,
    reports: { ...registry.reports, traffic: ingest.traffic },
    commands: ingest.downlink.commands,
    messageRate: ingest.messageRate,
    http: ingest.uplinks.http,
    images: parts.images.port,
    idempotency,
    queueBoard: ground.doorbell.board,
    setApart: () => ground.work.setApart(),
    baseMap: baseMapOf(ground),
    room: parts.surroundings.disks,
    health: healthOf(parts),
    ...parts.page,
    settings: settingsOf(ground),
  });
  lifecycle.onStop('api', () => api.close());
  const { url } = await listen(api, config.http);
  tls.watch((material) => {
    reloadTls(api, material);
    ingest.uplinks.reloadTls(material);
  });
  lifecycle.onStop('certificates', () => tls.stop());
  return url;
}

function trialsOf({ ground, devices, ingest, alerts }: ApiParts): TrialPorts {
  const { guard, journals } = ingest;
  return {
    ruleDryRuns: alerts.dryRuns,
    ruleRecordings: alerts.recordings,
    ruleVersions: alerts.ruleVersions,
    kindDryRun: new KindDryRun({ kinds: devices.kinds, guard, journal: journals.live, clock: ground.clock }),
  };
}

/** What lies below the devices of a map: files of the data directory, or a map service. */
function baseMapOf({ config: { map }, place, outbound, clock }: Ground): BaseMap {
  const { tilesUrl: url, tilesDatum: datum, tilesZoomMax: zoomMax, tilesAttribution: attribution } = map;
  const service = url === null ? null : { url, datum, zoomMax, attribution };
  return new BaseMap({ directory: join(place.path, 'map'), service, outbound, clock, limits: TILES_LIMITS });
}

function settingsOf({ keys, tls, config }: Ground): ApiDeps['settings'] {
  return {
    cursorKey: keys.cursors,
    version: VERSION,
    limits: API_LIMITS,
    ...tls.forApi(),
    ...sharedSecrets(config),
  };
}

/** What was heard of devices, and how they are by all that is known. */
function howDevicesAre({
  telemetry: { twin },
  registry: { health },
}: ApiParts): Pick<ApiDeps, 'twin' | 'deviceHealth'> {
  const heard: TwinPort = {
    latest: (id) => twin.latest(id),
    counts: (devices) => twin.counts(devices),
    presence: (id) => ({ ...twin.presence(id), health: health.shown(id) }),
  };
  return { twin: heard, deviceHealth: health.port };
}

function auditOf({ ground: { database, registers }, devices: { register } }: ApiParts): ApiDeps['audit'] {
  const { keys, check } = registers;
  return { list: (caller, filter) => readAudit({ database, register }, caller, filter), keys, check };
}

function healthOf(parts: ApiParts): Health {
  const { ground, ingest, telemetry, streams, alerts, images, registry, readers, surroundings } = parts;
  const { store, writer } = telemetry;
  const checks = healthChecks({
    ...ground,
    ...surroundings,
    store,
    writer,
    uplinks: ingest.uplinks.opened,
    intake: ingest.intake,
    streams: streams.streams,
    ruleFiles: alerts.ruleWatch,
    board: readers,
    blobs: [images.blobs, alerts.evidenceBlobs, registry.photoBlobs, streams.recordings, streams.recordings.kept.blobs],
    recordings: streams.recordings,
  });
  return new Health({ clock: ground.clock, checks, readers: () => readers.list() });
}
