import { randomUUID } from 'node:crypto';
import { DAY_MS, systemClock } from '../../../src/core/clock.ts';
import type { Blobs } from '../../../src/platform/blobs/blobs.ts';
import type { Bucket, Listing, Thing } from '../../fixtures/blobs/bucket/bucket.ts';
import { BucketBlobs, IDENTITY_KEY } from '../../fixtures/blobs/bucket/bucket-blobs.ts';
import { turns } from '../time/turns.ts';
import type { BlobWorld } from './blob-worlds.ts';

/** Few, so that listings come in pieces. */
const LISTED_AT_ONCE = 2;

/** The service behind a bucket. Each request takes a turn of the event loop before it has its effect. */
class BucketServer implements Bucket {
  readonly things = new Map<string, Thing>();
  readonly #uploads = new Map<string, { key: string; parts: Uint8Array[]; atMs: number }>();
  quotaBytes = Number.POSITIVE_INFINITY;

  async begin(key: string): Promise<string> {
    await turns(1);
    const upload = randomUUID();
    this.#uploads.set(upload, { key, parts: [], atMs: systemClock.nowMs() });
    return upload;
  }

  async part(upload: string, bytes: Uint8Array): Promise<void> {
    await turns(1);
    this.#uploads.get(upload)?.parts.push(Buffer.from(bytes));
  }

  async complete(upload: string): Promise<void> {
    await turns(1);
    const { key, parts } = this.#uploads.get(upload)!;
    this.#uploads.delete(upload);
    this.things.set(key, { bytes: Buffer.concat(parts), atMs: systemClock.nowMs() });
  }

  async abort(upload: string): Promise<void> {
    await turns(1);
    this.#uploads.delete(upload);
  }

  async uploads(prefix: string) {
    await turns(1);
    const all = [...this.#uploads].map(([upload, { key, atMs }]) => ({ upload, key, atMs }));
    return all.filter(({ key }) => key.startsWith(prefix));
  }

  async get(key: string): Promise<Buffer | null> {
    await turns(1);
    return this.things.get(key)?.bytes ?? null;
  }

  async delete(key: string): Promise<void> {
    await turns(1);
    this.things.delete(key);
  }

  async list(prefix: string, after: string | null): Promise<Listing> {
    await turns(1);
    const level = new Map<string, number | null>();
    for (const [key, { atMs }] of [...this.things].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!key.startsWith(prefix)) continue;
      const end = key.indexOf('/', prefix.length);
      level.set(end < 0 ? key : key.slice(0, end + 1), end < 0 ? atMs : null);
    }
    const rest = [...level].filter(([name]) => after === null || name > after);
    const piece = rest.slice(0, LISTED_AT_ONCE);
    return {
      prefixes: piece.flatMap(([name, atMs]) => (atMs === null ? [name] : [])),
      keys: piece.flatMap(([key, atMs]) => (atMs === null ? [] : [{ key, atMs }])),
      next: rest.length > piece.length ? (piece.at(-1)?.[0] ?? null) : null,
    };
  }

  async quota(): Promise<number> {
    await turns(1);
    return this.quotaBytes;
  }
}

/** A bucket of a service that was made up. */
export async function bucketWorld(): Promise<BlobWorld> {
  const identity = randomUUID();
  const own = new BucketServer();
  own.things.set(IDENTITY_KEY, { bytes: Buffer.from(identity), atMs: systemClock.nowMs() });
  /** Whom a request reaches now. */
  let reached = own;
  let laterMs = 0;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + laterMs };
  const through = (ask: (run: () => Promise<unknown>) => Promise<unknown>): Bucket =>
    new Proxy({} as Bucket, {
      get:
        (_, name: keyof Bucket) =>
        (...given: unknown[]) =>
          ask(() => Reflect.apply(reached[name], reached, given)),
    });
  const open = (bucket = through((run) => run())): Blobs =>
    new BucketBlobs({ name: 'pictures', bucket, identity, clock });
  const insteadOf = async (other: BucketServer) => {
    reached = other;
    return async () => {
      reached = own;
    };
  };
  return {
    open: () => open(),
    remedy: /Name the right one/,
    leave: (bytes) => {
      own.quotaBytes = bytes;
    },
    takeAway: () => insteadOf(new BucketServer()),
    exchange: () => {
      const other = new BucketServer();
      other.things.set(IDENTITY_KEY, { bytes: Buffer.from(randomUUID()), atMs: systemClock.nowMs() });
      return insteadOf(other);
    },
    cut: (step, act) => {
      let requests = 0;
      return new Promise((resolve, reject) => {
        const bucket = through((run) => {
          requests += 1;
          if (requests < step) return run();
          resolve(true);
          return new Promise(() => {});
        });
        act(open(bucket)).then(() => resolve(false), reject);
      });
    },
    later: () => {
      laterMs += DAY_MS;
    },
  };
}
