/** What one level of keys holds, as if `/` parted folders. Names have no `/` in them. */
export interface BlobLevel {
  /** Sorted. */
  folders: string[];
  /** Whole blobs only, in no order. */
  blobs: BlobFound[];
}

export interface BlobFound {
  name: string;
  /** When it was put, by the clock of the store. */
  putAtMs: number;
}

/**
 * Bytes under keys, outside of the database: pictures, evidence, later recordings and exports. A local folder is one
 * (local-blobs.ts), an object store can be another; `docs/blobs.md` says how, and what each must do stands in
 * `test/support/blobs/blob-conformance.ts`.
 *
 * A store may be away, or not be the one whose keys the database has (a disk that is not mounted). Then no method
 * changes anything or says that something is absent: all of them reject with a {@link BlobRefusal}.
 */
export interface Blobs {
  /** Names it to people: `images`. */
  readonly name: string;
  /**
   * Resolves when the bytes are durable under this key ({@link checkBlobKey}). A crash leaves all of them or nothing
   * there. The same key again replaces them; of several at once one wins, whole.
   */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Null when there is nothing under this key. */
  get(key: string): Promise<Buffer | null>;
  has(key: string): Promise<boolean>;
  /** Resolves also when there was nothing. */
  delete(key: string): Promise<void>;
  /** What stands directly below `prefix`, which is empty or ends in `/`. A blob whose put resolved is in it. */
  list(prefix: string): Promise<BlobLevel>;
  /**
   * Takes away what a crash left of puts directly below `prefix`, where it is old enough to be nobody's; returns how
   * much that was. Blobs stay.
   */
  sweep(prefix: string): Promise<number>;
  /** Bytes that may still be put; a put of more is refused. */
  room(): Promise<number>;
  /**
   * Why this is not the store whose keys the database has, one sentence with its remedy; null when it is. Cheap enough
   * to be asked before each deletion.
   */
  problem(): Promise<string | null>;
}

/** A part of a key: letters, digits and `._-`, letter or digit first. What ends in `.tmp` is the store's own. */
export const BLOB_NAME = /^(?!.*\.tmp$)[A-Za-z0-9][\w.-]*$/;
const KEY_LENGTH_MAX = 256;

/** The store takes or tells nothing now; it may later. */
export class BlobRefusal extends Error {
  /** `full`: it has no room. `away`: it is not there, or is another one. */
  readonly reason: 'full' | 'away';

  constructor(reason: BlobRefusal['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'BlobRefusal';
    this.reason = reason;
  }
}

/** Keys are parts with `/` between them, made of our own ids and times; another shape is a fault of the caller. */
export function checkBlobKey(key: string): void {
  if (key.length <= KEY_LENGTH_MAX && key.split('/').every((part) => BLOB_NAME.test(part))) return;
  throw new RangeError('a key of a blob is letters, digits and ._- in parts with / between them');
}
