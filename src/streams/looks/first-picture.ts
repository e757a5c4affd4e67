import { orAborted } from '../../core/mechanisms/abort.ts';
import { calledOff } from '../engine/session.ts';
import { asFailure, type CameraAddress, StreamFailure } from '../pool/types.ts';
import { abortFailure, CameraSession, type CameraSessionDeps } from '../relay/camera-session.ts';
import { type Codec, nalKind } from '../relay/nal-unit.ts';
import type { VideoTaker } from '../relay/video-packer.ts';

/** A picture that a camera sent, still coded. */
export interface CodedPicture {
  format: 'h264' | 'hevc' | 'mjpeg';
  data: Buffer;
  /** Pictures to decode before the one that is meant; 0 where the first is whole by itself. */
  skip: number;
}

const START_CODE = Buffer.from([0, 0, 0, 1]);
/** The end of a picture is seen at the next one; a camera of few pictures a second is not waited for longer. */
const NEXT_PICTURE_MS = 1_500;
/** Cameras without key frames refresh the whole picture within this. */
const REFRESH_MS = 3_000;
const SKIPPED_SHARE = 0.7;
const BYTES_MAX = 8 * 1024 * 1024;

/**
 * Connects to a camera, takes its first picture that can be decoded, and says goodbye. Rejects with
 * {@link StreamFailure} that names what was missing; ends with `signal`. Sends one login at most.
 */
export async function firstPicture(
  deps: CameraSessionDeps,
  camera: CameraAddress,
  signal: AbortSignal,
): Promise<CodedPicture> {
  const session = await CameraSession.open(deps, camera, signal);
  try {
    const ended = session.ended.then((failure): never => {
      throw failure;
    });
    ended.catch(() => {});
    await orAborted(Promise.race([session.start(), ended]), signal);
    await orAborted(Promise.race([session.packer.ready(), ended]), signal);
    return await collect(session, deps, signal);
  } catch (error) {
    if (!signal.aborted) throw asFailure(error, 'nonsense');
    const cause = abortFailure(signal);
    if (cause.reason !== 'timeout') throw cause;
    throw await calledOff(session, AbortSignal.abort('overdue'), () => deps.clock.monotonicMs());
  } finally {
    void session.close(new StreamFailure('stopped'));
  }
}

async function collect(
  session: CameraSession,
  { clock }: CameraSessionDeps,
  signal: AbortSignal,
): Promise<CodedPicture> {
  const { codec, sets } = session.packer.parameters();
  const collector = new Collector(codec, sets);
  const patience = new AbortController();
  session.packer.take(collector);
  const enough = Promise.race([collector.whole, clock.sleep(collector.patienceMs, patience.signal)]);
  try {
    await orAborted(Promise.race([enough, session.ended]), signal);
  } finally {
    patience.abort();
  }
  return collector.coded();
}

/** Keeps the first picture where it is whole by itself, else the pictures of some seconds. */
class Collector implements VideoTaker {
  readonly whole: Promise<void>;
  readonly #codec: Codec;
  readonly #parts: Buffer[];
  #isWhole: boolean | null = null;
  #pictures = 0;
  #bytes = 0;
  #over = false;
  #end: () => void = () => {};

  constructor(codec: Codec, sets: readonly Buffer[]) {
    this.#codec = codec;
    this.#parts = sets.flatMap((set) => [START_CODE, set]);
    this.whole = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Known once the first picture was handed over, which {@link VideoPacker.take} does at once. */
  get patienceMs(): number {
    return this.#isWhole === false ? REFRESH_MS : NEXT_PICTURE_MS;
  }

  picture(): void {
    if (this.#isWhole === true) this.end();
    if (!this.#over) this.#pictures += 1;
  }

  unit(nal: Buffer): void {
    const kind = nalKind(this.#codec, nal);
    if (this.#over || !kind) return;
    if (kind.picture) this.#isWhole ??= kind.key;
    this.#bytes += nal.length;
    if (this.#bytes > BYTES_MAX) this.end();
    else this.#parts.push(START_CODE, nal);
  }

  /** None is asked for. */
  sound(): void {}

  end(): void {
    this.#over = true;
    this.#end();
  }

  coded(): CodedPicture {
    this.#over = true;
    if (this.#pictures === 0) throw new StreamFailure('no-key-frame');
    const skip = this.#isWhole ? 0 : Math.max(1, Math.floor(this.#pictures * SKIPPED_SHARE));
    return { format: this.#codec === 'H264' ? 'h264' : 'hevc', data: Buffer.concat(this.#parts), skip };
  }
}
