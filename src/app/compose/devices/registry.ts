import type { AlertDesk } from '../../../alerts/desk/desk.ts';
import { AlertFollower } from '../../../alerts/desk/follower.ts';
import type { GatewayAlerts } from '../../../alerts/desk/gateway-alerts.ts';
import type { AlertLog } from '../../../alerts/desk/log.ts';
import { HOUR_MS } from '../../../core/clock.ts';
import type { DeviceId } from '../../../core/types.ts';
import { Claims } from '../../../devices/claims/claims.ts';
import { DepartmentReport } from '../../../devices/departments/report.ts';
import {
  SECRET_CHANGES_QUEUE,
  SecretChanges,
  type SecretChangesDeps,
  type SecretCommands,
} from '../../../devices/doors/secret-changes.ts';
import { SECRETS_QUEUE, SecretOverlaps, type SecretOverlapsDeps } from '../../../devices/doors/secret-overlaps.ts';
import { FileReport } from '../../../devices/file/file-report.ts';
import { SiteClosing } from '../../../devices/life/closing.ts';
import { LifeSteps } from '../../../devices/life/life-steps.ts';
import { MAINTENANCE_QUEUE, Maintenances, type WithheldPort } from '../../../devices/life/maintenances.ts';
import { OrderList } from '../../../devices/orders/order-list.ts';
import { PoliceAgencies } from '../../../devices/police/agencies.ts';
import { PoliceOfDevice } from '../../../devices/police/police-of-device.ts';
import { Recorders } from '../../../devices/recorders/recorders.ts';
import type { DirectoryEntry } from '../../../devices/registry/directory.ts';
import { DirectorySync, type DirectorySyncDeps } from '../../../devices/registry/directory-sync.ts';
import { type DeviceFollower, settleFollowers } from '../../../devices/registry/followers.ts';
import { Registry } from '../../../devices/registry/registry.ts';
import { DeviceSearch } from '../../../devices/search/search.ts';
import { UnitCertificates } from '../../../devices/units/certificates.ts';
import { UnitHistory } from '../../../devices/units/history.ts';
import { Units } from '../../../devices/units/units.ts';
import { Upkeep } from '../../../devices/upkeep/upkeep.ts';
import { DeadLetterFollower } from '../../../ingest/ledger/dead-letter-follower.ts';
import type { SecretHasher } from '../../../platform/secrets/hasher.ts';
import type { Twin } from '../../../telemetry/twin/twin.ts';
import type { Ground } from '../ground/ground.ts';
import type { Streams } from '../streams/streams.ts';
import type { Devices } from './devices.ts';
import { composeDiscoveries } from './discoveries.ts';
import type { DevicesHealth } from './health.ts';
import { composeImports } from './imports.ts';
import type { composeOrders } from './orders.ts';
import { composePhotos } from './photos.ts';
import { composePtz } from './ptz.ts';
import { composeReports } from './reports.ts';

/** Those who are told of a change of the registry, and what goes with a device. */
export interface RegistryListeners {
  disconnect(id: DeviceId): void;
  health: DevicesHealth;
  self: { deviceChanged(entry: DirectoryEntry, previous: DirectoryEntry | null): void };
  streams: Pick<Streams, 'units' | 'cameraEvents'>;
  alerts: {
    logOfEdits: AlertLog;
    desk: AlertDesk;
    withheld: WithheldPort;
    ofGateway: Pick<GatewayAlerts, 'set' | 'holding'>;
  };
  orders: ReturnType<typeof composeOrders>;
  twin: Pick<Twin, 'presence' | 'latest'>;
  /** What takes secrets to devices. */
  sealed: SecretCommands;
}

/** How cameras are spoken to over ONVIF. */
function onvifOf({ cameras }: Ground, { connections }: Devices) {
  return {
    onvif: cameras.people,
    access: (id: DeviceId) => connections.onvifAccess(id),
  };
}

/** New secrets of devices, and the ends of old ones. */
function composeSecrets(
  ground: Ground,
  keeping: DirectorySyncDeps & { hasher: SecretHasher },
  to: Omit<SecretChangesDeps, keyof DirectorySyncDeps | 'ownership' | 'vault' | 'hasher'>,
) {
  const { vault, ownership, work, observer } = ground;
  const secretChanges = new SecretChanges({ ...keeping, ownership, vault, ...to });
  work.handle(SECRET_CHANGES_QUEUE, (id) => secretChanges.handle(id));
  const proven: SecretOverlapsDeps['proven'] = (tx, id) => secretChanges.proven(tx, id);
  const log = observer.log.child({ part: 'secrets' });
  const overlaps = new SecretOverlaps({ ...ground, disconnect: to.disconnect, proven, log });
  work.handle(SECRETS_QUEUE, (id) => overlaps.handle(id));
  return { secretChanges, secretUsed: (id: DeviceId): void => overlaps.used(id) };
}

/** Tells everybody who has to know of each device that changes. */
function listenToDirectory(
  { observer }: Ground,
  { directory }: Devices,
  told: RegistryListeners & { followers: readonly DeviceFollower[]; secretUsed(id: DeviceId): void },
): void {
  const { self, health, streams, followers, disconnect, secretUsed } = told;
  const changed = (entry: DirectoryEntry, previous: DirectoryEntry | null): void => {
    self.deviceChanged(entry, previous);
    health.deviceChanged(entry);
    streams.cameraEvents.changed(entry);
    void settleFollowers(followers, { entry, previous }, observer.log);
  };
  const ended = (id: DeviceId): void => {
    health.disconnected(id);
    disconnect(id);
  };
  directory.listen({ changed, disconnect: ended, secretUsed });
}

async function startRegistry(
  { alerts, health, twin, orders }: RegistryListeners,
  { maintenances, search, lifecycle }: { maintenances: Maintenances; search: DeviceSearch } & Pick<Ground, 'lifecycle'>,
): Promise<void> {
  await alerts.desk.endOfAllRetired();
  await maintenances.start();
  await health.start((id) => twin.presence(id).lastSeenAtMs);
  await health.tellOutages(alerts.ofGateway);
  orders.startFaultOrders();
  search.start();
  lifecycle.onStop('search of devices', () => search.stop());
}

/** Who of the police is responsible where. */
function composePolice(keeping: DirectorySyncDeps, { jurisdictions, agencies, directory }: Devices) {
  const sync = new DirectorySync(keeping);
  const changed = (ids: readonly DeviceId[]) => sync.changed(ids);
  const police = new PoliceAgencies({ ...keeping, jurisdictions, tree: agencies, directory, changed });
  return { police, policeOf: new PoliceOfDevice({ ...keeping, agencies }) };
}

/** Opens the registry and fills the directory. `start` makes good what devices did while nobody followed. */
export async function openRegistry(ground: Ground, devices: Devices, listeners: RegistryListeners) {
  const { config, database, clock, observer, vault, doorbell } = ground;
  const { kinds, directory, hasher, jurisdictions, departments, authority } = devices;
  const { health, streams, alerts } = listeners;
  const ring = (queue: string): void => doorbell.ring(queue);
  const keeping = { database, kinds, directory, clock, observer, hasher };
  const maxMs = config.maintenance.maxH * HOUR_MS;
  const maintenances = new Maintenances({ ...keeping, ownership: ground.ownership, withheld: alerts.withheld, maxMs });
  ground.work.handle(MAINTENANCE_QUEUE, (id) => maintenances.handle(id));
  const followers = [
    new DeadLetterFollower(database),
    maintenances,
    new AlertFollower({ clock, log: alerts.logOfEdits, desk: alerts.desk, ring }),
  ];
  const of = { disconnect: listeners.disconnect, commands: listeners.sealed, told: devices.toldSecrets };
  const { secretChanges, secretUsed } = composeSecrets(ground, keeping, of);
  listenToDirectory(ground, devices, { ...listeners, followers, secretUsed });
  const { cameras: cameraNetworks } = config.networks;
  const deps = {
    ...keeping,
    jurisdictions,
    authority,
    vault,
    followers,
    cameraNetworks,
    cameras: streams.units,
    maintenance: { ownership: ground.ownership, withheld: alerts.withheld, maxMs },
  };
  const registry = new Registry(deps);
  const trees = devices.agencies;
  const search = new DeviceSearch({ database, owners: departments, trees, healths: health.tally, clock });
  await registry.loadDirectory();
  return {
    registry,
    discoveries: composeDiscoveries(ground),
    ptz: composePtz(ground, devices),
    recorders: new Recorders({ registry: deps, ...onvifOf(ground, devices) }),
    upkeep: new Upkeep({ ...ground, ...onvifOf(ground, devices), maintenance: maintenances }),
    ...composeImports(ground, devices, { registry: deps, search }, listeners.twin),
    search,
    ...composePolice(keeping, devices),
    departmentReport: new DepartmentReport({ departments, search }),
    units: new Units({ ...keeping, cameras: streams.units }),
    unitHistory: new UnitHistory(database),
    certificates: new UnitCertificates(database),
    life: new LifeSteps(keeping),
    claims: new Claims(keeping),
    secretChanges,
    maintenances,
    health,
    ...listeners.orders,
    orderList: new OrderList({ database, clock, ownership: ground.ownership, keepDays: config.orders.keepDays }),
    ...(await composePhotos(ground, devices)),
    fileReport: new FileReport({ database, kinds, tree: jurisdictions }),
    reports: composeReports(ground, devices, listeners.twin),
    siteClosing: new SiteClosing(deps),
    start: () => startRegistry(listeners, { ...ground, maintenances, search }),
  };
}
