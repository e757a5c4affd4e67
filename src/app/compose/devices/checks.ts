import { messageOf } from '../../../core/errors.ts';
import type { Caller, DeviceId } from '../../../core/types.ts';
import { CameraAddresses } from '../../../devices/cameras/addresses.ts';
import { cameraTarget, isOfMinors, registeredFirmware } from '../../../devices/checks/camera-targets.ts';
import { CHECK_PLACES, CheckPlaces } from '../../../devices/checks/check-places.ts';
import { type CheckReport, Checks } from '../../../devices/checks/checks.ts';
import type { DeviceCheckPorts } from '../../../devices/checks/device-check.ts';
import { CHECKS_QUEUE, ROTATION_JOBS_QUEUE } from '../../../devices/checks/district/ends.ts';
import { CheckJobs } from '../../../devices/checks/district/jobs.ts';
import { DistrictChecks, type DistrictChecksDeps } from '../../../devices/checks/district/run.ts';
import type { JobType } from '../../../devices/checks/district/tables.ts';
import type { SecretChanges } from '../../../devices/doors/secret-changes.ts';
import { Acceptances } from '../../../devices/life/acceptances.ts';
import type { CheckOrders } from '../../../devices/orders/check-orders.ts';
import type { Orders } from '../../../devices/orders/orders.ts';
import type { Messages } from '../../../ingest/explain/messages.ts';
import type { DeadLetters } from '../../../ingest/ledger/dead-letters.ts';
import type { OpenUplink } from '../../../ingest/uplinks/uplinks.ts';
import type { Twin } from '../../../telemetry/twin/twin.ts';
import type { Ground } from '../ground/ground.ts';
import type { Streams } from '../streams/streams.ts';
import type { Devices } from './devices.ts';
import { composeLogins } from './logins.ts';

export interface CheckParts {
  devices: Devices;
  streams: Streams;
  twin: Pick<Twin, 'latest'>;
  messages: Pick<Messages, 'recent'>;
  deadLetters: Pick<DeadLetters, 'list'>;
  uplinks: readonly OpenUplink[];
  orders: Orders;
  checkOrders: CheckOrders;
  secretChanges: SecretChanges;
}

/** Builds what checks devices step by step. */
export function composeChecks(ground: Ground, parts: CheckParts) {
  const { kinds, connections, register } = parts.devices;
  const { streams } = parts;
  const { config, clock, database, observer } = ground;
  const networks = config.networks.cameras;
  const hasVideo = (kind: string): boolean => kinds.latest(kind)?.stream === true;
  const log = observer.log.child({ part: 'checks' });
  const unexpected = (error: unknown): void =>
    log.error({ error: messageOf(error) }, 'a step of a check failed unexpectedly');
  const places = new CheckPlaces(CHECK_PLACES);
  const checks = new Checks({
    clock,
    database,
    ports: {
      onvif: ground.cameras.people,
      connect: streams.probe,
      video: streams.looks,
      unexpected,
    },
    devices: { ...heardOf(parts), clock, unexpected, firmware: (id) => registeredFirmware(database, id) },
    places,
    target: (id) => cameraTarget({ connections, database }, id),
    hasVideo,
    identity: parts.devices.identity,
    addresses: new CameraAddresses(networks),
    isMinors: (id) => isOfMinors(database, id),
    orders: parts.orders,
    register,
  });
  const { worker, loginParts } = composeLogins(ground, { ...parts, places });
  const jobs = jobsOf(ground, parts.devices);
  const isChanged = (kind: string): boolean => hasVideo(kind) || parts.secretChanges.takes(kind);
  const { directory, standing } = parts.devices;
  const acceptances = new Acceptances({
    database,
    kinds,
    directory,
    clock,
    observer,
    check: (caller, device) => checks.device(caller, device, null),
  });
  return {
    checks,
    acceptances,
    checkJobs: jobs('checks', CHECKS_QUEUE, hasVideo, {
      standing: (caller) => standing.now(caller, 'devices.check'),
      check: (caller, id, signal) => checks.ofBatch(caller, id, signal),
      failed: (caller, id, report) => openOrder(parts, caller, { id, report }),
    }),
    rotationJobs: jobs('rotations', ROTATION_JOBS_QUEUE, isChanged, {
      standing: (caller) => standing.now(caller, 'credentials.change'),
      check: (caller, id, signal, sinceMs) => worker.ofDistrict(caller, id, { signal, sinceMs }),
      // What became of a login is no fault of a device.
      failed: async () => {},
    }),
    loginParts,
  };
}

/** Opens the order of a check that failed, where who asked for it may do so still. */
async function openOrder(
  { checkOrders, devices }: Pick<CheckParts, 'checkOrders' | 'devices'>,
  caller: Caller,
  { id, report }: { id: DeviceId; report: CheckReport },
): Promise<void> {
  const may = await devices.standing.now(caller, 'orders.work');
  if (may) await checkOrders.open(may, id, report);
}

/** Districts that are worked on at the same time, of each type; they share the places. */
const JOBS_AT_ONCE = 4;

/** Makes jobs over districts, of one type or another; `isMeant` says of which kinds where nobody names some. */
function jobsOf(ground: Ground, { directory, jurisdictions: tree }: Pick<Devices, 'directory' | 'jurisdictions'>) {
  const { clock, database, observer, ownership, work, doorbell } = ground;
  const log = observer.log.child({ part: 'jobs' });
  return (
    type: JobType,
    queue: string,
    isMeant: (kind: string) => boolean,
    doing: Pick<DistrictChecksDeps, 'standing' | 'check' | 'failed'>,
  ): CheckJobs => {
    const placeOf = (id: DeviceId) => directory.identity(id);
    const atOnce = CHECK_PLACES.total;
    const districts = new DistrictChecks({ database, ownership, clock, log, ...doing, placeOf, atOnce });
    work.handle(queue, (id, signal) => districts.handle(id, signal), { atOnce: JOBS_AT_ONCE });
    return new CheckJobs({
      type,
      database,
      clock,
      isMeant,
      tree,
      within: (area) => directory.within(area),
      ring: (name) => doorbell.ring(name),
      cancelled: (id) => districts.cancelled(id),
    });
  };
}

/** What was heard of a device that sends by itself. */
function heardOf({ devices, twin, messages, deadLetters, uplinks }: CheckParts) {
  const telling = uplinks.map(({ uplink }) => uplink).filter(({ connected }) => connected !== undefined);
  const heard: Omit<DeviceCheckPorts, 'clock' | 'unexpected' | 'firmware'> = {
    kind: (name) => devices.kinds.latest(name),
    connections: (id) => ({
      on: telling.filter((uplink) => uplink.connected?.(id)).map(({ name }) => name),
      tell: telling.map(({ name }) => name),
    }),
    latest: (id) => twin.latest(id),
    recent: (id, window) => messages.recent(id, window),
    deadLetters: async (caller, id, limit) => (await deadLetters.list(caller, { device: id, limit })).items,
  };
  return heard;
}
