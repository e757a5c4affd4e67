import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import type { Moment } from '../clips/moments.ts';
import { BoxError } from '../fmp4/boxes.ts';
import type { View } from '../pool/types.ts';
import type { GapTable } from '../recordings/gap-table.ts';
import type { Recording } from '../recordings/recording.ts';
import type { Recordings } from '../recordings/recordings.ts';
import type { KeyPicture, KeyPictures } from './key-pictures.ts';
import { keyFrameOf, type RecordedFiles, wholePicture } from './recorded-files.ts';
import type { ThumbnailCache } from './thumbnail-cache.ts';

export interface ThumbnailsDeps {
  clock: Clock;
  recordings: Pick<Recordings, 'within'>;
  gaps: Pick<GapTable, 'within'>;
  files: Pick<RecordedFiles, 'moments'>;
  pictures: Pick<KeyPictures, 'make'>;
  cache: Pick<ThumbnailCache, 'get' | 'put'>;
  /** Enters a look into the access register before the first byte; once for a look that goes on. */
  register(view: View): Promise<void>;
}

/** Why there is no picture of a moment. */
export interface NoPicture {
  cause: string;
  detail: string | null;
}

/** A picture of a moment: the key frame at or before it. Unix ms. */
export type Thumbnail = { atMs: number } & ({ takenAtMs: number; jpeg: Buffer } | { missing: NoPicture });

/** A file has its row when its minute, and half of another, is over. */
const ROW_WITHIN_MS = 110_000;
/** Two gateways may have recorded the same. */
const FILES_MAX = 8;
/** Key frames in memory at a time: a large one has a megabyte. */
const READ_AT_ONCE = 16;

const NOT_DECODED: NoPicture = { cause: 'not-decoded', detail: 'Its key frame cannot be decoded.' };
const NO_KEY_FRAME: NoPicture = { cause: 'no-key-frame', detail: 'The camera sent no whole picture before it.' };

/** Small pictures of what was recorded. What was not recorded has none, whatever was before it. */
export class Thumbnails {
  readonly #deps: ThumbnailsDeps;

  constructor(deps: ThumbnailsDeps) {
    this.#deps = deps;
  }

  /**
   * A picture for each of these moments, once the look is registered. Errors: `stream.full` where there is no turn to
   * make them, `store.unavailable` where the disk does not answer.
   */
  async of(view: View, { atMs, width }: { atMs: readonly number[]; width: number }): Promise<Thumbnail[]> {
    const found: (Found | NoPicture)[] = [];
    for (const one of atMs) found.push(await this.#find(view, one));
    if (found.some((one) => 'moment' in one)) await this.#deps.register(view);
    const made = new Map<string, Buffer | NoPicture>();
    for (const some of chunksOf(found, READ_AT_ONCE)) await this.#make(some, width, made);
    return atMs.map((at, index) => {
      const one = found[index]!;
      if (!('moment' in one)) return { atMs: at, missing: one };
      const jpeg = made.get(keyOf(one)) ?? NOT_DECODED;
      if (!Buffer.isBuffer(jpeg)) return { atMs: at, missing: jpeg };
      return { atMs: at, takenAtMs: Math.round(one.moment.startsAtMs), jpeg };
    });
  }

  /** As {@link of} for one moment. Errors also: `not-found`, which says why there is no picture. */
  async one(
    view: View,
    { atMs, width }: { atMs: number; width: number },
  ): Promise<{ jpeg: Buffer; takenAtMs: number }> {
    const [found] = await this.of(view, { atMs: [atMs], width });
    if (found && 'jpeg' in found) return found;
    const { cause, detail } = found!.missing;
    throw new CitywatchError('not-found', { detail: `There is no picture of this moment: ${detail ?? cause}` });
  }

  async #find({ deviceId: device, quality }: View, atMs: number): Promise<Found | NoPicture> {
    const span = { device, quality, fromMs: atMs, toMs: atMs + 1 };
    const covering = await this.#deps.recordings.within(span, FILES_MAX);
    for (const file of covering.toReversed()) {
      const moments = await this.#deps.files.moments(file);
      // Rows of files have whole milliseconds: the first picture is that of the beginning.
      const before = moments?.filter(({ key, startsAtMs }, index) => key && (index === 0 || startsAtMs <= atMs));
      const moment = before?.at(-1);
      if (moment) return { file, moment };
    }
    if (covering.length > 0) return { cause: 'file-lost', detail: 'The file of this time cannot be read.' };
    const [gap] = await this.#deps.gaps.within(span, 1);
    if (gap) return { cause: gap.cause, detail: gap.detail };
    const nowMs = this.#deps.clock.nowMs();
    if (atMs > nowMs) return { cause: 'to-come', detail: 'It is still to come.' };
    if (atMs < nowMs - ROW_WITHIN_MS) return { cause: 'not-recorded', detail: null };
    return { cause: 'too-recent', detail: 'A recording has its file when its minute is over: ask for it later.' };
  }

  /** Those that are not kept are made, each once. */
  async #make(
    found: readonly (Found | NoPicture)[],
    width: number,
    made: Map<string, Buffer | NoPicture>,
  ): Promise<void> {
    const { cache, pictures } = this.#deps;
    const wanted: { one: Found; coded: KeyPicture }[] = [];
    for (const one of found) {
      if (!('moment' in one) || made.has(keyOf(one))) continue;
      const kept = await cache.get(one.file, whichOf(one, width));
      const coded = kept === null ? await codedOf(one.moment) : null;
      made.set(keyOf(one), kept ?? (coded === null ? NO_KEY_FRAME : NOT_DECODED));
      if (coded !== null) wanted.push({ one, coded });
    }
    const jpegs = await pictures.make(
      wanted.map(({ coded }) => coded),
      width,
    );
    for (const [index, { one }] of wanted.entries()) {
      const jpeg = jpegs[index];
      if (!jpeg) continue;
      made.set(keyOf(one), jpeg);
      await cache.put(one.file, whichOf(one, width), jpeg);
    }
  }
}

interface Found {
  file: Recording;
  /** Begins with the key frame. */
  moment: Moment;
}

function keyOf({ file, moment }: Found): string {
  return `${file.leaseEpoch} ${moment.startsAtMs}`;
}

function whichOf({ file, moment }: Found, width: number): string {
  return `${file.sha256} ${moment.startsAtMs} ${width}`;
}

async function codedOf(moment: Moment): Promise<KeyPicture | null> {
  try {
    return wholePicture(moment, await keyFrameOf(moment));
  } catch (error) {
    if (error instanceof BoxError) return null;
    throw error;
  }
}
