import { Counter, Gauge, type Observer } from '../../../core/observe.ts';

/** What a disk tells of itself to be counted. */
export interface CountedDisk {
  readonly name: string;
  readonly isSound: boolean;
  readonly waitingBytes: number;
  readonly freeBytes: number | null;
}

/** The figures of all disks of recordings, by their names. */
export class DiskMetrics {
  readonly restarts: Counter<'disk'>;
  readonly dropped: Counter<'disk'>;

  constructor({ metrics }: Pick<Observer, 'metrics'>, disks: () => Iterable<CountedDisk>) {
    const registers = [metrics];
    const labelNames = ['disk'] as const;
    const gauge = (name: string, help: string, figure: (disk: CountedDisk) => number | null): void => {
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const disk of disks()) {
            const value = figure(disk);
            if (value !== null) this.set({ disk: disk.name }, value);
          }
        },
      });
    };
    gauge('citywatch_recording_queue_bytes', 'Bytes of recordings that wait for the disk.', (one) => one.waitingBytes);
    gauge('citywatch_recording_disk_free_bytes', 'Bytes that are free on the disk.', (one) => one.freeBytes);
    gauge('citywatch_recording_disk_up', '1 while the disk takes recordings, else 0.', (one) => +one.isSound);
    this.restarts = new Counter({
      name: 'citywatch_recording_writer_restarts_total',
      help: 'How often the process that writes recordings had to be started again.',
      labelNames,
      registers,
    });
    this.dropped = new Counter({
      name: 'citywatch_recording_dropped_total',
      help: 'How often a camera was given up for some seconds, because the disk could not keep up.',
      labelNames,
      registers,
    });
  }
}
