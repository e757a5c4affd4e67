import { type Clock, DAY_MS } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { Gauge, type Logger, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { CameraPool } from '../pool/camera-pool.ts';
import type { StreamLease } from '../pool/pool.ts';
import { StreamFailure } from '../pool/types.ts';
import type { RecordingClass } from '../recordings/classes.ts';
import type { Gap, GapTable } from '../recordings/gap-table.ts';
import type { RecordedFile, Recordings } from '../recordings/recordings.ts';
import { CameraRecording } from './camera/camera-recording.ts';
import { Cutter } from './camera/cutter.ts';
import { type GapReason, Gaps } from './camera/gaps.ts';
import { listenSince } from './camera/pre-roll.ts';
import { Resting } from './camera/resting.ts';
import { keyOf, type Wanted } from './camera/wanted.ts';
import type { Disk } from './disk/disk.ts';
import type { Disks } from './disk/disks.ts';
import type { Notes } from './notes.ts';

export interface RecorderDeps {
  clock: Clock;
  observer: Observer;
  pool: Pick<CameraPool, 'lease'>;
  disks: Disks;
  recordings: Recordings;
  gaps: GapTable;
  notes: Notes;
  /** Which cameras are to be recorded at a moment (Unix ms); each in one quality. */
  wanted(atMs: number): readonly Wanted[];
  /** Cameras that are recorded by events, while nothing happens: what is missing of them was not to be recorded. */
  unplanned(atMs: number): readonly Wanted[];
  /** Why a camera gives way to others; null where it does not. */
  refusal(device: DeviceId): GapReason | null;
  /** The class of a camera as it stands now. */
  classOf(device: DeviceId): RecordingClass;
  /** Gives rows to files that are newer than the newest row of a disk, and tells how many there were. */
  adopt(disk: Disk): Promise<number>;
}

interface Recorded {
  wanted: Wanted;
  recording: CameraRecording;
  lease: StreamLease | null;
  unlisten: () => void;
  /** By the clock of durations. */
  nextTryMs: number;
}

/** How full the queue of a disk may be for each class: what matters less is given up first. */
const QUEUE_SHARES: Record<RecordingClass, number> = { 'key-site': 1, public: 0.75, minors: 0.5 };
const TICK_MS = 1_000;
/** From one refused lease of a camera to the next try. */
const LEASE_AGAIN_MS = 5_000;
/** Holes are known that began so long ago, or since. */
const KNOWN_MS = 31 * DAY_MS;

/**
 * Records the cameras that are to be recorded, each by a lease of the pool like any viewer: one pull, whoever else
 * wants it. It is not part of live video, and trouble here stops no picture there (promise P5).
 */
export class Recorder {
  readonly #deps: RecorderDeps;
  readonly #log: Logger;
  readonly #cameras = new Map<string, Recorded>();
  readonly #looking = new Joined();
  readonly #resting: Resting;
  #stopTick: () => void = () => {};
  readonly #adopted = new WeakSet<Disk>();
  readonly #adopting = new Set<Disk>();
  #isStarted = false;
  #isBegun = false;
  #isKeptKnown = false;

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'recorder' });
    this.#resting = new Resting(deps);
    const cameras = this.#cameras;
    new Gauge({
      name: 'citywatch_recorded_cameras',
      help: 'Cameras that are being recorded, or should be.',
      registers: [deps.observer.metrics],
      collect() {
        this.set(cameras.size);
      },
    });
  }

  start(): void {
    this.#stopTick = this.#deps.clock.every(TICK_MS, () => void this.#looking.run(() => this.#tick()));
  }

  /** A file of an earlier process, or of a writer that was lost. */
  found(file: RecordedFile): void {
    // What was fetched of the past ends no hole of now.
    if (file.head.source !== 'edge') this.#cameras.get(keyOf(file.head))?.recording.found(file);
    this.#deps.notes.found(file);
  }

  /** Closes what is open, waits until it is on the disk and in the database, or for as long as `signal` lets it. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopTick();
    await this.#looking.settled();
    for (const { recording, lease, unlisten } of this.#cameras.values()) {
      unlisten();
      recording.close();
      lease?.release();
    }
    this.#cameras.clear();
    await this.#deps.disks.stop();
    await this.#deps.notes.stop(signal);
  }

  async #tick(): Promise<void> {
    const { clock, wanted, unplanned } = this.#deps;
    const nowMs = clock.nowMs();
    const resting = unplanned(nowMs);
    const now = new Map(wanted(nowMs).map((one) => [keyOf(one), one]));
    if (!this.#isStarted && (now.size + resting.length > 0 || (await this.#isAnyKept()))) this.wake();
    // Holes before this start are judged by what the disk has, unless it is not there.
    const { disks } = this.#deps;
    const isKnown = disks.isSettled && (this.#adopting.size === 0 || disks.isLate);
    if (!this.#isBegun && !isKnown) return;
    this.#isBegun = true;
    for (const [key, recorded] of this.#cameras) if (!now.has(key)) this.#end(key, recorded, nowMs);
    const told = (error: unknown) => this.#log.warn({ error: messageOf(error) }, 'not told that nothing is planned');
    await this.#resting.look(resting, now, nowMs).catch(told);
    const fresh = [...now].filter(([key]) => !this.#cameras.has(key)).map(([, one]) => one);
    if (fresh.length > 0)
      await this.#begin(fresh, nowMs).catch((error) => this.#log.warn({ error: messageOf(error) }, 'not begun'));
    for (const [key, recorded] of this.#cameras) {
      // None waits for another: the answer about a lease may take as long as the database does.
      void this.#holdLease(key, recorded);
      recorded.recording.tick(nowMs);
    }
  }

  /** A gateway that records nothing, and has nothing to remove, saves the processes of disks until this. */
  wake(): void {
    const { disks, notes } = this.#deps;
    if (this.#isStarted) return;
    this.#isStarted = true;
    disks.start((disk) => void this.#adopt(disk));
    notes.start();
  }

  /** Once a start: later whatever is written has its row from us. */
  async #adopt(disk: Disk): Promise<void> {
    if (this.#adopted.has(disk)) return;
    this.#adopted.add(disk);
    this.#adopting.add(disk);
    try {
      const files = await this.#deps.adopt(disk);
      if (files > 0) this.#log.warn({ disk: disk.name, files }, 'files without a row have one now');
    } catch (error) {
      this.#log.warn({ disk: disk.name, error: messageOf(error) }, 'whether files lack a row is not known');
    } finally {
      this.#adopting.delete(disk);
    }
  }

  /** Asked until it was answered once: what is kept later was recorded by us. */
  async #isAnyKept(): Promise<boolean> {
    if (this.#isKeptKnown) return false;
    try {
      const isAny = await this.#deps.recordings.isAny();
      this.#isKeptKnown = true;
      return isAny;
    } catch (error) {
      this.#log.debug({ error: messageOf(error) }, 'it is not known yet whether anything was recorded');
      return false;
    }
  }

  /** With what is known of each: since when nothing is kept, and whether that was told. */
  async #begin(fresh: readonly Wanted[], nowMs: number): Promise<void> {
    const { notes, recordings, gaps } = this.#deps;
    await notes.flush();
    const devices = fresh.map(({ device }) => device);
    const [ends, open] = await Promise.all([recordings.lastEnds(devices, nowMs - KNOWN_MS), gaps.open(devices)]);
    for (const one of fresh) {
      const key = keyOf(one);
      const lasting = open.get(key);
      if (lasting) {
        const { fromMs, toMs, cause, detail } = lasting;
        notes.lasts({ ...one, fromMs, toMs, reason: { cause, detail } });
      }
      const endMs = ends.get(key);
      const recording = this.#recordingOf(one, gapsOf({ open: lasting, endMs, nowMs }));
      // What was recorded of the event before is not recorded twice.
      const wanted = one.fromMs === undefined ? one : { ...one, fromMs: Math.max(one.fromMs, endMs ?? 0) };
      this.#cameras.set(key, { wanted, recording, lease: null, unlisten: () => {}, nextTryMs: 0 });
    }
  }

  #recordingOf({ device, quality }: Wanted, gaps: Gaps): CameraRecording {
    const { disks, notes, classOf, refusal } = this.#deps;
    return new CameraRecording({
      device,
      disks,
      share: () => QUEUE_SHARES[classOf(device)],
      gaps,
      refusal: () => refusal(device),
      cutter: new Cutter({ device, quality }),
      recorded: (file) => notes.recorded(file),
      told: (steps) => notes.holes({ device, quality }, steps),
    });
  }

  async #holdLease(key: string, recorded: Recorded): Promise<void> {
    const { clock, pool } = this.#deps;
    if (recorded.lease || clock.monotonicMs() < recorded.nextTryMs) return;
    const { device: deviceId, quality } = recorded.wanted;
    // Not asked again while this is under way.
    recorded.nextTryMs = Number.POSITIVE_INFINITY;
    try {
      const lease = await pool.lease({ deviceId, quality, use: 'record' });
      // It may have ended, and the recorder too, while the answer was on its way.
      if (this.#cameras.get(key) !== recorded) return lease.release();
      recorded.lease = lease;
      const { fromMs } = recorded.wanted;
      recorded.unlisten =
        fromMs === undefined ? lease.listen(recorded.recording) : listenSince(lease, recorded.recording, fromMs);
    } catch (error) {
      const detail = error instanceof StreamFailure ? error.reason : messageOf(error);
      recorded.recording.trouble({ cause: 'stream', detail });
    } finally {
      recorded.nextTryMs = clock.monotonicMs() + LEASE_AGAIN_MS;
    }
  }

  #end(key: string, { recording, lease, unlisten }: Recorded, nowMs: number): void {
    this.#cameras.delete(key);
    unlisten();
    recording.end(nowMs);
    lease?.release();
  }
}

function gapsOf({ open, endMs, nowMs }: { open: Gap | undefined; endMs: number | undefined; nowMs: number }): Gaps {
  if (open) {
    const reason = { cause: open.cause, detail: open.detail };
    return new Gaps(Math.max(open.fromMs, endMs ?? 0), { reason, open: reason });
  }
  // Times by a clock that was ahead tell nothing of now.
  if (endMs === undefined || endMs > nowMs) return new Gaps(nowMs, { reason: null, open: null });
  return new Gaps(endMs, { reason: { cause: 'gateway', detail: null }, open: null });
}
