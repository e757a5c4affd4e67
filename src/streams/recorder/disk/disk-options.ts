export interface DiskOptions {
  /** Bytes that may wait for the disk, of all cameras. */
  queueBytesMax: number;
  /** Free bytes that are left to what matters more. */
  reserveBytes: number;
  /** After this long without an answer while something waits, the process is ended, ms. */
  hungMs: number;
  /** And after this long other disks are taken first, ms. */
  slowMs: number;
  /** A disk that is not there is looked at again after so long, ms. */
  againMs: number;
}

export const DISK_OPTIONS: DiskOptions = {
  queueBytesMax: 96 * 1024 * 1024,
  reserveBytes: 2 * 1024 * 1024 * 1024,
  hungMs: 20_000,
  slowMs: 5_000,
  againMs: 10_000,
};
