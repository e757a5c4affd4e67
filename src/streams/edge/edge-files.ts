import type { InitSegment } from '../fmp4/parser.ts';
import type { Fragment } from '../fmp4/wall-clock.ts';
import { type Cut, Cutter, type SegmentHead } from '../recorder/camera/cutter.ts';
import type { DiskFile, FileEnd } from '../recorder/disk/disk.ts';
import type { Disks } from '../recorder/disk/disks.ts';
import { leadOf } from '../recorder/disk/segment-file.ts';
import { placeOf } from '../recordings/recording.ts';
import type { RecordedFile, Span } from '../recordings/recordings.ts';
import type { EdgeTaker } from './replay-packer.ts';

export interface EdgeFilesDeps {
  disks: Pick<Disks, 'begin' | 'whyNot'>;
  /** Of this gateway among owners: part of the name of each file. */
  leaseEpoch: number;
  /** No disk takes more: what comes is for nobody. */
  failed(why: string): void;
}

/** Of the queue of a disk: what is fetched can be fetched again, and what is recorded now cannot. */
const SHARE = 0.25;

/** Writes what a camera plays back as files like those that are recorded, each saying where it came from. */
export class EdgeFiles implements EdgeTaker {
  readonly #deps: EdgeFilesDeps;
  readonly #span: Pick<Span, 'device' | 'quality'>;
  readonly #cutter: Cutter;
  readonly #ends: Promise<RecordedFile | null>[] = [];
  #open: { file: DiskFile; endsAtMs: number } | null = null;
  #isFailed = false;

  constructor(deps: EdgeFilesDeps, { device, quality }: Pick<Span, 'device' | 'quality'>) {
    this.#deps = deps;
    this.#span = { device, quality };
    this.#cutter = new Cutter({ device, quality, source: 'edge' });
  }

  begin(init: InitSegment, token: string): void {
    this.#do(this.#cutter.epoch({ token, init, leaseEpoch: this.#deps.leaseEpoch }));
  }

  fragment(fragment: Fragment): void {
    if (!this.#isFailed) this.#do(this.#cutter.fragment(fragment));
  }

  /** Resolves with the files that are whole and durable, when none is open any more. */
  async end(): Promise<RecordedFile[]> {
    this.#do(this.#cutter.end());
    return (await Promise.all(this.#ends)).filter((file) => file !== null);
  }

  #do(cuts: readonly Cut[]): void {
    for (const cut of cuts) {
      if (cut.type === 'open') this.#begin(cut.head, cut.init);
      else if (cut.type === 'close') {
        this.#open?.file.close();
        this.#open = null;
      } else if (this.#open) {
        if (this.#open.file.write(cut.data)) this.#open.endsAtMs = cut.endsAtMs;
        else this.#fail('the disk does not keep up');
      }
    }
  }

  #begin(head: SegmentHead, init: Buffer): void {
    const { disks } = this.#deps;
    const { device } = this.#span;
    const lead = leadOf(init, head);
    const file = disks.begin(device, { name: placeOf(head).name, lead, share: SHARE });
    if (!file) {
      const { cause, detail } = disks.whyNot(device);
      this.#fail(`no disk takes it: ${detail ?? cause}`);
      return;
    }
    const open = { file, endsAtMs: head.startsAtMs };
    this.#open = open;
    const recorded = (end: FileEnd): RecordedFile | null => {
      if (end.how === 'failed') {
        this.#fail(`the disk failed: ${end.reason.detail ?? end.reason.cause}`);
        return null;
      }
      const { bytes, sha256 } = end;
      return { head, disk: file.disk.name, endsAtMs: open.endsAtMs, leadBytes: lead.length, bytes, sha256 };
    };
    this.#ends.push(file.ended.then(recorded));
  }

  #fail(why: string): void {
    if (this.#isFailed) return;
    this.#isFailed = true;
    this.#open?.file.close();
    this.#open = null;
    this.#cutter.abandon();
    this.#deps.failed(why);
  }
}
