import { basename, join } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Logger } from '../../../core/observe.ts';
import type { Lane, Message } from '../../../core/types.ts';
import { decodeRecord, type RecordAddressInLife } from '../codec.ts';
import type { JournalFile } from '../files.ts';
import type { Group, SegmentPlan } from '../group.ts';
import { currentOf, type LaneLineage } from '../lineage.ts';
import type { JournalMetrics } from '../metrics.ts';
import type { JournalOptions } from '../options.ts';
import { recoverSegments } from '../recover.ts';
import type { ReadLimits } from '../tail-cache.ts';
import { encodeHeader, HEADER_BYTES, segmentName } from './header.ts';
import { type Damage, noteRecord, readOne, type Segment, type Walk, walkSegment } from './segment.ts';

export interface SegmentLogDeps {
  directory: string;
  lane: Lane;
  /** Lives of the journal; new files belong to the last. */
  lineage: LaneLineage;
  clock: Clock;
  log: Logger;
  metrics: JournalMetrics;
  options: JournalOptions;
}

/** The files of one lane: which there are, which one is written, and how to read and delete them. */
export class SegmentLog {
  readonly #deps: SegmentLogDeps;
  #segments: Segment[] = [];
  /** The file being written with the plan it was made for; null until the first group after start or a failure. */
  #current: { file: JournalFile; plan: SegmentPlan; segment: Segment; path: string } | null = null;
  readonly #reported = new Set<number>();

  constructor(deps: SegmentLogDeps) {
    this.#deps = deps;
  }

  async open(): Promise<void> {
    const { directory, lane, lineage, log, options } = this.#deps;
    await options.files.makeDirectory(directory);
    this.#segments = await recoverSegments({
      files: options.files,
      directory,
      lane,
      lineage,
      onDamage: (damage) => this.#report(damage),
      onTornTail: (path, bytes) => log.warn({ file: basename(path), bytes }, 'cut a half-written end off the journal'),
      onUnreadable: async (path) => {
        this.#deps.metrics.damaged();
        log.error({ file: basename(path) }, 'a journal file has no readable header and was put aside');
        await options.files.makeDirectory(join(directory, ASIDE));
        await options.files.rename(path, join(directory, ASIDE, basename(path)));
      },
    });
  }

  /** End of the durable log; a life that was begun behind it ends it there before anything is written. */
  get head(): number {
    return Math.max(this.#segments.at(-1)?.end ?? 0, currentOf(this.#deps.lineage).from);
  }

  get tail(): number {
    return this.#segments[0]?.base ?? this.head;
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Writes a group and resolves when it is durable. After a rejection the file must be given up: {@link abandon}. */
  async write(group: Group): Promise<void> {
    const current = this.#current?.plan === group.plan ? this.#current : await this.#begin(group.plan);
    const { file, segment } = current;
    await file.write(group.parts, group.from - segment.base + HEADER_BYTES);
    for (const { offset, receivedAtMs } of group.messages) noteRecord(segment, offset, receivedAtMs);
    segment.end = group.to;
  }

  async #begin(plan: SegmentPlan) {
    const { directory, lane, lineage, clock, options } = this.#deps;
    const { id: incarnation } = currentOf(lineage);
    await this.#closeCurrent();
    const path = join(directory, segmentName(plan.base));
    const empty = this.#segments.at(-1)?.base === plan.base ? this.#segments.at(-1) : undefined;
    const previous = this.#segments.at(empty ? -2 : -1);
    const createdAtMs = Math.max(0, clock.nowMs());
    const place = empty ? path + BESIDE : path;
    // What a kill left of an earlier try.
    if (empty) await options.files.remove(place).catch(() => {});
    const file = await options.files.create(place);
    const segment: Segment = {
      path,
      lane,
      base: plan.base,
      end: plan.base,
      salt: plan.salt,
      incarnation,
      createdAtMs,
      firstAtMs: 0,
      lastAtMs: 0,
      blocks: [],
    };
    const current = { file, plan, segment, path: place };
    this.#current = current;
    const header = encodeHeader({
      lane,
      base: plan.base,
      salt: plan.salt,
      incarnation,
      createdAtMs,
      previousEnd: previous?.end ?? plan.base,
      previousFirstAtMs: previous?.firstAtMs ?? 0,
      previousLastAtMs: previous?.lastAtMs ?? 0,
    });
    await file.write([header], 0);
    // Whoever began it was killed before the first record, or that was refused. It is replaced in one step: where it is
    // the only file, it alone says how far the journal had come.
    if (empty) {
      await options.files.rename(place, path);
      current.path = path;
      this.#segments = [...this.#segments.filter((one) => one !== empty), segment];
    }
    await options.files.syncDirectory(directory);
    if (!empty) this.#segments.push(segment);
    return current;
  }

  /**
   * Gives up the file being written after an error: after a failed sync the kernel may have dropped what was not
   * written and call the next one a success. What was synced before stays readable; the rest does not count.
   */
  async abandon(): Promise<void> {
    const current = this.#current;
    await this.#closeCurrent();
    if (!current || current.segment.end > current.segment.base) return;
    const kept = this.#segments.filter((segment) => segment !== current.segment);
    if (kept.length === 0 && this.#segments.length > 0) return;
    this.#segments = kept;
    await this.#deps.options.files.remove(current.path).catch(() => {});
  }

  async #closeCurrent(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    await current?.file.close().catch((error: unknown) => {
      this.#deps.log.warn({ error: messageOf(error) }, 'closing a journal file failed');
    });
  }

  /** The messages from `offset` on, and where to go on. */
  async read(offset: number, { maxBytes, maxMessages }: ReadLimits): Promise<{ messages: Message[]; next: number }> {
    const messages: Message[] = [];
    let left = maxBytes;
    const next = await this.walk(offset, this.head, {
      verify: true,
      visit: (bytes, at, place, length) => {
        left -= length;
        if (messages.length > 0 && (left < 0 || messages.length >= maxMessages)) return false;
        messages.push(this.decode(bytes, at, place));
        return true;
      },
    });
    return { messages, next };
  }

  /** The record at `at` of a walk that was found good. */
  decode(bytes: Buffer, at: number, place: RecordAddressInLife): Message {
    return decodeRecord(bytes, at, place, this.#deps.options.uplinks);
  }

  /** Visits the records of [from, to) over all files; returns the first offset not visited, or `to`. */
  async walk(from: number, to: number, walk: LogWalk): Promise<number> {
    for (const segment of this.#segments.slice(this.#indexOf(from))) {
      const end = Math.min(segment.end, to);
      const start = Math.max(from, segment.base);
      let stopped = false;
      const next = await this.#unlessDeleted(segment, {
        from: start,
        to: end,
        verify: walk.verify,
        visit: (bytes, at, offset, length) => {
          const { lane, salt, incarnation } = segment;
          const go = walk.visit(bytes, at, { lane, offset, salt, incarnation }, length);
          stopped = !go;
          return go;
        },
        onDamage: (damage) => this.#report(damage),
      });
      if (stopped) return next;
      if (end >= to) break;
    }
    return to;
  }

  /** A file that was read by all may be deleted while somebody looks back: then it holds nothing any more. */
  async #unlessDeleted(segment: Segment, walk: Walk): Promise<number> {
    try {
      return await walkSegment(this.#deps.options.files, segment, walk);
    } catch (error) {
      if (this.#segments.includes(segment)) throw error;
      return walk.to;
    }
  }

  /** The message at exactly `offset`, or null when there is none. */
  async readOne(offset: number): Promise<Message | null> {
    const segment = this.#segments[this.#indexOf(offset)];
    if (!segment || offset < segment.base || offset >= segment.end) return null;
    const { files, uplinks } = this.#deps.options;
    return readOne({ files, segment, uplinks }, offset).catch(nullIfGone);
  }

  /** Index of the first segment that ends behind `offset`. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#segments[middle]!.end > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Deletes the oldest file unless it is the newest one; returns whether it did. */
  async removeOldest(): Promise<boolean> {
    const [oldest, ...rest] = this.#segments;
    if (!oldest || rest.length === 0) return false;
    await this.#deps.options.files.remove(oldest.path);
    this.#segments = rest;
    return true;
  }

  /** A stretch that cannot be read is reported once, and its file is kept under a second name for examination. */
  #report({ segment, offset, next }: Damage): void {
    if (this.#reported.has(offset) || this.#reported.size >= REPORTS_MAX) return;
    this.#reported.add(offset);
    const { directory, log, metrics, options } = this.#deps;
    metrics.damaged();
    log.error({ file: basename(segment.path), offset, next }, 'the journal is damaged; reading goes on behind it');
    const name = basename(segment.path);
    options.files
      .makeDirectory(join(directory, ASIDE))
      .then(() => options.files.link(segment.path, join(directory, ASIDE, name)))
      .catch(() => {});
  }

  close(): Promise<void> {
    return this.#closeCurrent();
  }
}

export interface LogWalk {
  verify: boolean;
  visit(bytes: Buffer, at: number, place: RecordAddressInLife, length: number): boolean;
}

const ASIDE = 'aside';
const BESIDE = '.new';
const REPORTS_MAX = 1000;

function nullIfGone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
