import { createHash } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import type { Logger, Observer } from '../../../core/observe.ts';
import type { DeviceId } from '../../../core/types.ts';
import { Volume } from '../../../platform/blobs/volume.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { RecordedFile } from '../../recordings/recordings.ts';
import type { GapReason } from '../camera/gaps.ts';
import { Disk, type DiskFile, type NewFile } from './disk.ts';
import { DiskMetrics } from './disk-metrics.ts';
import type { DiskOptions } from './disk-options.ts';
import type { DiskRoom } from './disk-protocol.ts';

/** What the first disk is called: the one that the settings name. */
export const FIRST_DISK = 'recordings';

/** `draining`: nothing new is written there, and what is there is shown as before. */
export type DiskUse = 'active' | 'draining';

export interface DiskPlace {
  name: string;
  directory: string;
  use: DiskUse;
}

export interface DisksDeps {
  clock: Clock;
  observer: Observer;
  database: Database;
  /** Whether there are rows of files of a disk. */
  isExpected(name: string): Promise<boolean>;
  found(file: RecordedFile): void;
}

/** Bytes that may wait for all disks together. */
const QUEUES_BYTES_MAX = 256 * 1024 * 1024;
/** After so long from the start a disk that says nothing is waited for no longer, ms. */
const SETTLED_MS = 15_000;

interface Entry {
  disk: Disk;
  use: DiskUse;
  volume: Volume;
}

/**
 * The disks that recordings lie on. Each camera has an order of its own in which it prefers them, weighted by their
 * free room: so it stays where it is while nothing changes, few move when a disk comes or goes, and all fill alike.
 */
export class Disks {
  readonly #deps: DisksDeps;
  readonly #log: Logger;
  readonly #options: DiskOptions;
  readonly #metrics: DiskMetrics;
  readonly #entries = new Map<string, Entry>();
  #onReady: ((disk: Disk) => void) | null = null;
  #startedAtMs = 0;

  constructor(deps: DisksDeps, options: DiskOptions) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'recorder' });
    const entries = this.#entries;
    this.#options = {
      ...options,
      get queueBytesMax() {
        return Math.min(options.queueBytesMax, QUEUES_BYTES_MAX / Math.max(1, entries.size));
      },
    };
    this.#metrics = new DiskMetrics(deps.observer, () => this.all());
  }

  /** Uses one more disk from now on. */
  add({ name, directory, use }: DiskPlace): Disk {
    const { clock, observer, database, isExpected, found } = this.#deps;
    const volume = volumeOf({ name, directory }, { database, clock, observer, isExpected });
    const disk = new Disk(
      {
        name,
        directory,
        clock,
        log: this.#log,
        metrics: this.#metrics,
        identity: () => identityOf(volume),
        notOurs: () => volume.problem(),
        found,
      },
      this.#options,
    );
    this.#entries.set(name, { disk, use, volume });
    const onReady = this.#onReady;
    if (onReady) disk.start(() => onReady(disk));
    return disk;
  }

  /** Writes nothing new on a disk, or does again. */
  use(name: string, use: DiskUse): void {
    const entry = this.#entries.get(name);
    if (entry) entry.use = use;
  }

  /** Uses a disk no more. */
  async remove(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    this.#entries.delete(name);
    await entry?.disk.stop();
  }

  of(name: string): Disk | undefined {
    return this.#entries.get(name)?.disk;
  }

  all(): Disk[] {
    return [...this.#entries.values()].map(({ disk }) => disk);
  }

  places(): { disk: Disk; use: DiskUse }[] {
    return [...this.#entries.values()];
  }

  /** Those that can be asked; `active` ones take new files. */
  ready(which: 'all' | 'active'): Disk[] {
    const some = this.places().filter(({ disk, use }) => disk.isReady && (which === 'all' || use === 'active'));
    return some.map(({ disk }) => disk);
  }

  /** All disks that take new files, as if they were one. */
  readonly whole = wholeOf(() => this.places());

  /** `onReady` is called each time a disk can be written. */
  start(onReady: (disk: Disk) => void): void {
    this.#onReady = onReady;
    this.#startedAtMs = this.#deps.clock.monotonicMs();
    for (const disk of this.all()) disk.start(() => onReady(disk));
  }

  async stop(): Promise<void> {
    this.#onReady = null;
    await Promise.all(this.all().map((disk) => disk.stop()));
  }

  /** Whether the start is too long ago to wait for a disk any longer. */
  get isLate(): boolean {
    return this.#deps.clock.monotonicMs() - this.#startedAtMs > SETTLED_MS;
  }

  /** Whether each disk has told what an earlier process left, or cannot. */
  get isSettled(): boolean {
    return this.isLate || this.all().every(({ health }) => health.isReady || health.problem !== null);
  }

  /** Begins a file of a camera on the disk that it prefers of those that take it; null where none does. */
  begin(device: DeviceId, file: NewFile): DiskFile | null {
    for (const disk of this.#preferred(device)) {
      const begun = disk.open(file);
      if (begun) return begun;
    }
    return null;
  }

  /** Whether a camera does better to leave a disk at the next key frame. */
  isBetterElsewhere(device: DeviceId, disk: Disk): boolean {
    return !disk.isSound && this.#preferred(device)[0]?.isSound === true;
  }

  /** Why no disk takes a file of a camera. */
  whyNot(device: DeviceId): GapReason {
    const reasons = this.#preferred(device).map(({ health }) => health.whyNot());
    const reason = reasons.find(({ cause }) => cause === 'disk-failed') ?? reasons[0];
    return reason ?? { cause: 'disk-away', detail: 'no disk takes recordings: all are drained' };
  }

  /** What is wrong with disks, one sentence each. */
  refusals(): string[] {
    return this.all().flatMap((disk) => refusalOf(disk) ?? []);
  }

  /** The row of a file is there. */
  keep(name: string, file: { name: string; path: string }): void {
    this.of(name)?.keep(file.name, file.path);
  }

  /** See {@link Disk.look}. */
  look(): void {
    for (const disk of this.all()) disk.look();
  }

  /** The disks that take something new, those that are sound first, each camera's own order within. */
  #preferred(device: DeviceId): Disk[] {
    const active = [...this.#entries.values()].filter(({ use }) => use === 'active').map(({ disk }) => disk);
    if (active.length < 2) return active;
    const ranked = active.map((disk) => ({ disk, rank: rankOf(device, disk) }));
    ranked.sort((one, other) => other.rank - one.rank);
    const ordered = ranked.map(({ disk }) => disk);
    return [...ordered.filter(({ isSound }) => isSound), ...ordered.filter(({ isSound }) => !isSound)];
  }
}

function wholeOf(places: () => { disk: Disk; use: DiskUse }[]) {
  const active = () => places().flatMap(({ disk, use }) => (use === 'active' ? disk : []));
  return {
    get directory(): string {
      return active()
        .map(({ directory }) => directory)
        .join(', ');
    },
    /** Of those that are there; null before one has said anything. */
    get room(): DiskRoom | null {
      const rooms = active().flatMap(({ health }) => (health.isReady && health.room ? health.room : []));
      if (rooms.length === 0) return null;
      const sum = (of: 'freeBytes' | 'totalBytes') => rooms.reduce((bytes, room) => bytes + room[of], 0);
      const atMs = Math.min(...rooms.map((room) => room.atMs));
      return { freeBytes: sum('freeBytes'), totalBytes: sum('totalBytes'), atMs };
    },
  };
}

/** What is wrong with a disk, one sentence with its remedy; null where nothing is. */
export function refusalOf({ health, isSound, isReady, directory }: Disk): string | null {
  return health.refusal ?? (isReady && !isSound ? `${directory} does not keep up: look at the disk.` : null);
}

/** The directory of a disk as the database knows it. */
export function volumeOf(
  { name, directory }: Pick<DiskPlace, 'name' | 'directory'>,
  { isExpected, ...deps }: Pick<DisksDeps, 'database' | 'clock' | 'observer' | 'isExpected'>,
): Volume {
  const known = name === FIRST_DISK ? FIRST_DISK : `${FIRST_DISK}/${name}`;
  return new Volume({ name: known, directory, ...deps, isExpected: () => isExpected(name) });
}

async function identityOf(volume: Volume) {
  const known = await volume.known();
  if (known !== null) return { identity: known };
  const problem = await volume.problem();
  if (problem !== null) return { problem };
  return { identity: (await volume.known())! };
}

/** How many times a doubling of free room is told apart: else each minute would move some cameras. */
const STEPS = 2;

/**
 * Weighted rendezvous hashing: each disk is first for a share of the cameras that is its share of the free room.
 * Schindelhauer and Schomaker, Weighted Distributed Hash Tables, SPAA 2005.
 */
function rankOf(device: DeviceId, disk: Disk): number {
  const digest = createHash('sha256').update(`${device}\n${disk.name}`).digest();
  const part = (digest.readUIntBE(0, 6) + 1) / (2 ** 48 + 1);
  const weight = 2 ** (Math.round(STEPS * Math.log2(Math.max(1, disk.freeBytes ?? 1))) / STEPS);
  return -weight / Math.log(part);
}
