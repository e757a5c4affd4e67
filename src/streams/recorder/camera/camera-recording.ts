import type { DeviceId } from '../../../core/types.ts';
import type { Epoch } from '../../fmp4/live-window.ts';
import type { Fragment } from '../../fmp4/wall-clock.ts';
import type { Consumer } from '../../pool/consumers.ts';
import type { StreamFailure } from '../../pool/types.ts';
import { placeOf } from '../../recordings/recording.ts';
import type { RecordedFile } from '../../recordings/recordings.ts';
import type { DiskFile, FileEnd } from '../disk/disk.ts';
import type { Disks } from '../disk/disks.ts';
import { leadOf } from '../disk/segment-file.ts';
import type { Cut, Cutter, SegmentHead } from './cutter.ts';
import type { GapReason, GapStep, Gaps } from './gaps.ts';

export interface CameraRecordingDeps {
  device: DeviceId;
  disks: Pick<Disks, 'begin' | 'isBetterElsewhere' | 'whyNot'>;
  /** See `NewFile`. */
  share(): number;
  cutter: Cutter;
  gaps: Gaps;
  /** Why it is not to be recorded although it should be; asked before each file. */
  refusal(): GapReason | null;
  /** A file is whole and durable. */
  recorded(file: RecordedFile): void;
  /** What is to be written about holes. */
  told(steps: readonly GapStep[]): void;
}

interface OpenFile {
  file: DiskFile;
  head: SegmentHead;
  leadBytes: number;
  endsAtMs: number;
}

/**
 * Records one camera: takes what the pool gives, cuts it into files and follows its holes. Everything here returns at
 * once; what the disk cannot take is a hole with its cause, and no reason for anybody else to wait.
 */
export class CameraRecording implements Consumer {
  readonly #deps: CameraRecordingDeps;
  #open: OpenFile | null = null;

  constructor(deps: CameraRecordingDeps) {
    this.#deps = deps;
  }

  epoch(epoch: Epoch): void {
    this.#do(this.#deps.cutter.epoch(epoch));
  }

  fragment(fragment: Fragment): void {
    const { cutter, disks, device } = this.#deps;
    // What waits for a disk that hangs may yet be written; what comes is better off elsewhere.
    const isLeft = fragment.key && this.#open && disks.isBetterElsewhere(device, this.#open.file.disk);
    if (isLeft) this.#do(cutter.end());
    this.#do(cutter.fragment(fragment), fragment);
  }

  failed(failure: StreamFailure): void {
    this.#do(this.#deps.cutter.end());
    this.trouble({ cause: 'camera', detail: failure.reason });
  }

  /** Why nothing comes. */
  trouble(reason: GapReason): void {
    this.#deps.told(this.#deps.gaps.trouble(reason));
  }

  /** Time has passed. */
  tick(nowMs: number): void {
    this.#deps.told(this.#deps.gaps.tick(nowMs));
  }

  /** A file that was lost was found again, as far as it is whole. */
  found({ head, endsAtMs }: RecordedFile): void {
    this.#deps.told(this.#deps.gaps.found(head.startsAtMs, endsAtMs));
  }

  /** Records nothing more; the file that is open is closed. No hole goes on beyond `atMs`. */
  end(atMs: number): void {
    this.#do(this.#deps.cutter.end());
    this.#deps.told(this.#deps.gaps.ended(atMs));
  }

  /** The gateway stops: what is open is closed, and a hole that lasts goes on. */
  close(): void {
    this.#do(this.#deps.cutter.end());
  }

  #do(cuts: readonly Cut[], fragment?: Fragment): void {
    for (const cut of cuts) {
      if (cut.type === 'open') this.#begin(cut.head, cut.init);
      else if (cut.type === 'close') {
        this.#open?.file.close();
        this.#open = null;
      } else if (this.#open && fragment) this.#write(this.#open, fragment);
    }
  }

  #begin(head: SegmentHead, init: Buffer): void {
    const { disks, cutter, device, share } = this.#deps;
    const lead = leadOf(init, head);
    const refusal = this.#deps.refusal();
    const name = placeOf(head).name;
    const file = refusal ? null : disks.begin(device, { name, lead, share: share() });
    if (!file) {
      cutter.abandon();
      this.trouble(refusal ?? disks.whyNot(device));
      return;
    }
    const open: OpenFile = { file, head, leadBytes: lead.length, endsAtMs: head.startsAtMs };
    this.#open = open;
    void file.ended.then((end) => this.#ended(open, end));
  }

  #write(open: OpenFile, fragment: Fragment): void {
    const { gaps, cutter, told } = this.#deps;
    if (!open.file.write(fragment.data)) {
      this.#open = null;
      cutter.abandon();
      this.trouble({ cause: 'disk-slow', detail: null });
      return;
    }
    open.endsAtMs = fragment.startsAtMs + fragment.durationMs;
    told(gaps.kept(fragment.startsAtMs, open.endsAtMs));
  }

  #ended(open: OpenFile, end: FileEnd): void {
    const { head, leadBytes, endsAtMs } = open;
    if (end.how === 'whole') {
      const { bytes, sha256 } = end;
      this.#deps.recorded({ head, disk: open.file.disk.name, endsAtMs, leadBytes, bytes, sha256 });
      return;
    }
    if (this.#open === open) {
      this.#open = null;
      this.#deps.cutter.abandon();
    }
    // Whole up to some place: it is found again, and tells up to where.
    this.#deps.told(this.#deps.gaps.lost({ fromMs: head.startsAtMs, toMs: endsAtMs }, end.reason));
  }
}
