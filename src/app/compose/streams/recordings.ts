import type { Scope } from '../../../core/jurisdiction.ts';
import type { DeviceIdentity } from '../../../core/types.ts';
import { type RetiredDevice, retiredSince } from '../../../devices/life/retired.ts';
import { placesOf } from '../../../devices/registry/places.ts';
import { chunksOf } from '../../../platform/database/chunks.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { TranscodeBudget } from '../../../streams/ffmpeg/transcode-budget.ts';
import type { StreamService } from '../../../streams/live/service.ts';
import type { CameraPool } from '../../../streams/pool/camera-pool.ts';
import type { StreamPlans } from '../../../streams/pool/stream-plans.ts';
import type { CameraSource } from '../../../streams/pool/types.ts';
import { DISK_OPTIONS } from '../../../streams/recorder/disk/disk-options.ts';
import { DiskRegister, diskPlaces } from '../../../streams/recorder/disk/disk-register.ts';
import { openRecorder } from '../../../streams/recorder/open-recorder.ts';
import { EventWatch, type EventWatchDeps } from '../../../streams/recorder/plan/event-watch.ts';
import { RecordingPlans } from '../../../streams/recorder/plan/plans.ts';
import type { RecordingClass } from '../../../streams/recordings/classes.ts';
import { RecordingReport, type RecordingReportDeps } from '../../../streams/recordings/report.ts';
import { refusalOf } from '../../../streams/recordings/room/stops.ts';
import { keptDaysOf } from '../../config/recording-settings.ts';
import type { Devices } from '../devices/devices.ts';
import type { Ground } from '../ground/ground.ts';
import { composeEdgeSource, composeFiller } from './edge.ts';
import { openKept } from './kept.ts';
import { openPlayback } from './playback.ts';
import { composeRoom, type RoomAlerts } from './room.ts';

/** What recordings hear of alerts, and alerts of recordings. */
export interface RecordingAlerts {
  /** Hears of what is wrong with the room that there is. */
  room: RoomAlerts;
  /** What goes on at cameras. */
  going: EventWatchDeps['going'];
}

interface Video {
  pool: CameraPool;
  streams: StreamService;
  transcodes: TranscodeBudget;
  streamPlans: StreamPlans;
  admit: CameraSource['admit'];
}

/** What is recorded of cameras, what was, and what removes it when its time has come. */
export async function openRecordings(ground: Ground, devices: Devices, video: Video) {
  const { pool, streams, transcodes } = video;
  const { config, clock, place, lifecycle, database } = ground;
  const directory = config.recordings.directory ?? (await place.directory('recordings'));
  const { directory: registered } = devices;
  const isCamera = (id: string): boolean => isCameraIn(devices, id);
  const plans = new RecordingPlans({ database, clock, isCamera });
  await plans.load();
  // Of what is not known nobody can say that it may go early.
  const classOf = (id: string) => registered.get(id)?.accessClass ?? 'key-site';
  const stopped = new Set<RecordingClass>();
  const refusal = (id: string) => refusalOf(classOf(id), stopped);
  const places = await diskPlaces(database, directory);
  const opened = openRecorder({ ...ground, pool, places, limits: DISK_OPTIONS, ...wantedBy(plans), classOf, refusal });
  const { recorder, recordings, gaps, disks, fsck } = opened;
  const readerOf = (name: string) => disks.of(name)?.reader ?? null;
  const room = composeRoom(ground, { ...opened, plans, isCamera, classOf, stopped });
  const ofNames = (ids: string[]) => namesOf(database, ids);
  const report = reportOf(ground, devices, { plans, classOf, namesOf: ofNames });
  const register = streams.registered.bind(streams);
  const readers = () => disks.all().map(({ reader }) => reader);
  const edge = composeEdgeSource(ground, devices, { ...video, plans: video.streamPlans });
  const filler = composeFiller(ground, edge, { ...opened, isCamera });
  const parts = { edge, pool, plans, recordings, gaps, readerOf, readers, register, namesOf: ofNames };
  const kept = await openKept(ground, parts);
  const { tidy, ...shown } = await openPlayback(ground, devices, { ...parts, transcodes });
  return {
    port: {
      plans,
      ...shown,
      report,
      disks: new DiskRegister({ ...ground, recordings, disks, fsck }),
      ...kept.port,
    },
    kept,
    /** Why a camera that is to be recorded now is not, or may not be soon, as far as disks go. */
    problem: async () => (plans.wanted(clock.nowMs()).length === 0 ? null : room.problem()),
    /** What somebody should know although every camera is recorded. */
    notes: room.notes,
    tidy: async (nowMs: number) => {
      await room.tidy(nowMs);
      await kept.tidy(nowMs);
      await tidy();
    },
    async start(alerts: RecordingAlerts): Promise<void> {
      room.start(alerts.room);
      startEvents(ground, plans, alerts.going);
      recorder.start();
      lifecycle.onStop('recorder', (signal) => recorder.stop(signal));
      filler.start();
      lifecycle.onStop('filling of holes', () => filler.stop());
      await kept.start();
    },
  };
}

function reportOf(
  { config, database, clock }: Ground,
  devices: Devices,
  parts: Pick<RecordingReportDeps, 'plans' | 'classOf' | 'namesOf'>,
): RecordingReport {
  const { kinds } = devices;
  return new RecordingReport({
    database,
    clock,
    tree: devices.jurisdictions,
    plans: parts.plans,
    classOf: parts.classOf,
    leastDays: keptDaysOf(config.recordings, 'least'),
    within: (scope) => camerasWithin(devices, scope),
    retired: (scope, sinceMs) => retiredCameras({ database, kinds }, scope, sinceMs),
    namesOf: parts.namesOf,
  });
}

/** What is to be recorded, and what rests. */
function wantedBy(plans: RecordingPlans) {
  return { wanted: plans.wanted.bind(plans), unplanned: plans.unplanned.bind(plans) };
}

function isCameraIn({ directory, kinds }: Devices, id: string): boolean {
  const entry = directory.get(id);
  return entry !== undefined && entry.state !== 'retired' && kinds.latest(entry.identity.kind)?.stream === true;
}

async function retiredCameras(
  { database, kinds }: Pick<Ground, 'database'> & Pick<Devices, 'kinds'>,
  scope: Scope,
  sinceMs: number,
): Promise<RetiredDevice[]> {
  const gone = await retiredSince(database, scope, sinceMs);
  return gone.filter(({ kind }) => kinds.latest(kind)?.stream);
}

function startEvents({ clock, observer, lifecycle }: Ground, plans: RecordingPlans, going: EventWatchDeps['going']) {
  const watch = new EventWatch({ clock, observer, plans, going });
  watch.start();
  lifecycle.onStop('events of cameras', () => watch.stop());
}

function* camerasWithin({ directory, kinds }: Devices, scope: Scope): Iterable<DeviceIdentity> {
  for (const device of directory.within(scope)) if (kinds.latest(device.kind)?.stream) yield device;
}

/** Each of them is a parameter of a statement, which takes 65,535. */
const NAMES_AT_ONCE = 5_000;

async function namesOf(database: Database, ids: readonly string[]): Promise<Map<string, { name: string }>> {
  const found = new Map<string, { name: string }>();
  for (const some of chunksOf(ids, NAMES_AT_ONCE)) {
    for (const [id, { name }] of await placesOf(database, some)) found.set(id, { name });
  }
  return found;
}
