import { type Clock, DAY_MS, MINUTE_MS } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import { Joined } from '../../../core/mechanisms/one-at-a-time.ts';
import { Gauge, type Observer } from '../../../core/observe.ts';
import type { DeviceId } from '../../../core/types.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { DiskRoom } from '../../recorder/disk/disk-protocol.ts';
import type { RecordingPlans } from '../../recorder/plan/plans.ts';
import type { KeptDays, RecordingClass } from '../classes.ts';
import { type Capacity, judgeCapacity } from '../planner/capacity.ts';
import { groupsOf } from '../planner/groups.ts';
import type { Recordings } from '../recordings.ts';
import { GrowthRate, hoursUntilFull, isNearlyFull } from './forecast.ts';
import type { TellRoom } from './room.ts';
import { marksOf, type RoomQuota, type RoomSettings } from './stops.ts';
import { keptBytes, MEASURED_DAYS, measuredRates, removableBytes } from './stored-bytes.ts';

export interface OutlookDeps {
  clock: Clock;
  observer: Observer;
  database: Database;
  recordings: Pick<Recordings, 'written'>;
  disk: { readonly directory: string; readonly room: DiskRoom | null };
  plans: Pick<RecordingPlans, 'standing'>;
  isCamera(id: DeviceId): boolean;
  classOf(id: DeviceId): RecordingClass;
  leastDays: KeptDays;
  settings: RoomSettings & { quotaBytes: number | null };
}

const LOOK_MS = MINUTE_MS;
const GiB = 1024 ** 3;

/**
 * Looks ahead: whether the room that recordings have can hold what the law asks for of the cameras that are to be
 * recorded, how much of their quota is left, and when no room will be left.
 */
export class Outlook {
  readonly #deps: OutlookDeps;
  readonly #looking = new Joined();
  readonly #growth = new GrowthRate();
  #capacity: Capacity | null = null;
  /** How much lay on the disks when it was asked, and what was written and removed until then. */
  #kept: { bytes: number; netBytes: number } | null = null;
  #hours = Number.POSITIVE_INFINITY;
  #isNearlyFull = false;
  #told: string | null = null;
  #stopLooking: () => void = () => {};
  #tell: TellRoom = async () => {};

  constructor(deps: OutlookDeps) {
    this.#deps = deps;
    const registers = [deps.observer.metrics];
    const hours = (): number => this.#hours;
    new Gauge({
      name: 'citywatch_recording_hours_until_full',
      help: 'Hours until cameras are not recorded for want of room, by the measured rate; at least so many beyond 24.',
      registers,
      collect() {
        this.set(hours());
      },
    });
    const needed = (): number => this.#capacity?.plan.neededBytes ?? 0;
    new Gauge({
      name: 'citywatch_recording_needed_bytes',
      help: 'Room that the cameras which are to be recorded need for the least days of their classes.',
      registers,
      collect() {
        this.set(needed());
      },
    });
  }

  /** `tell` says that no room will be left within a day: `recordings-nearly-full`. */
  start(tell: TellRoom): void {
    this.#tell = tell;
    this.#stopLooking = this.#deps.clock.every(LOOK_MS, () => void this.look());
    void this.look();
  }

  async stop(): Promise<void> {
    this.#stopLooking();
    await this.#looking.settled();
  }

  /** The quota as it counts; null where there is none, or it is refused. */
  get quota(): RoomQuota | null {
    const bytes = this.#capacity?.quotaBytes ?? null;
    if (bytes === null || !this.#kept) return null;
    return { bytes, leftBytes: Math.max(0, bytes - this.#kept.bytes - (this.#netBytes() - this.#kept.netBytes)) };
  }

  /** What somebody should know, each one sentence with its remedy. */
  get notes(): string[] {
    const { directory } = this.#deps.disk;
    const soon =
      `${directory} will be full in ${Math.floor(this.#hours)} hours, and cameras are then not recorded. ` +
      'Use a larger disk, or record fewer cameras.';
    return [...wordsOf(this.#capacity), ...(this.#isNearlyFull ? [soon] : [])];
  }

  /** Never rejects. */
  look(): Promise<void> {
    return this.#looking.run(() =>
      this.#look().catch((error: unknown) => {
        const said = { part: 'recorder', error: messageOf(error) };
        this.#deps.observer.log.warn(said, 'how long there is room for recordings is not known');
      }),
    );
  }

  async #look(): Promise<void> {
    const { clock, database, plans, isCamera, classOf, leastDays: days, settings, disk, observer } = this.#deps;
    const nowMs = clock.nowMs();
    const standing = [...plans.standing()];
    const rates = await measuredRates(database, nowMs - MEASURED_DAYS * DAY_MS);
    const groups = groupsOf({ plans: standing, isCamera, classOf, rates, days });
    const diskBytes = disk.room?.totalBytes ?? null;
    const capacity = judgeCapacity(groups, { quotaBytes: settings.quotaBytes, diskBytes });
    this.#capacity = capacity;
    const told = wordsOf(capacity).join(' ');
    if (told !== '' && told !== this.#told) observer.log.error({ part: 'recorder' }, told);
    this.#told = told;
    if (capacity.quotaBytes !== null) {
      const netBytes = this.#netBytes();
      this.#kept = { bytes: await keptBytes(database), netBytes };
    }
    await this.#lookAhead(nowMs, capacity);
  }

  /** Says when no room will be left. */
  async #lookAhead(nowMs: number, { plan }: Capacity): Promise<void> {
    const { clock, recordings, database, disk, settings, plans, classOf, leastDays } = this.#deps;
    const measured = this.#growth.look(clock.monotonicMs(), recordings.written.addedBytes);
    const { room } = disk;
    if (room === null) return;
    const planned = plan.groups.reduce(
      (sum, { centralBitsPerSecond: bits, hoursPerDay }) => sum + bits * hoursPerDay,
      0,
    );
    const bytesPerSecond = measured ?? planned / 24 / 8;
    const { bytes, leftBytes } = this.quota ?? { bytes: room.totalBytes, leftBytes: room.freeBytes };
    const freeBytes = Math.min(room.freeBytes, leftBytes);
    const spareBytes = freeBytes - marksOf(settings, Math.min(room.totalBytes, bytes)).markBytes;
    const sinceMs = (of: RecordingClass): number => nowMs + DAY_MS - leastDays[of] * DAY_MS;
    const cameras = [...plans.standing()].map(({ device }) => ({ device, sinceMs: sinceMs(classOf(device)) }));
    const kept = { cameras, sinceMs: sinceMs('key-site') };
    const removable = await removableBytes(database, kept, nowMs);
    this.#hours = hoursUntilFull({ spareBytes, removableBytes: removable, bytesPerSecond });
    this.#isNearlyFull = isNearlyFull(this.#hours, this.#isNearlyFull);
    const hours = Math.floor(Math.min(this.#hours, 1e6));
    await this.#tell(this.#isNearlyFull, { hours, free_gib: Math.floor(freeBytes / GiB) });
  }

  #netBytes(): number {
    const { addedBytes, forgottenBytes } = this.#deps.recordings.written;
    return addedBytes - forgottenBytes;
  }
}

function wordsOf(capacity: Capacity | null): string[] {
  return (capacity?.lacks ?? []).map(({ what, remedy }) => `${what}. ${remedy}.`);
}
