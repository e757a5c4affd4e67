import { BoxError } from '../fmp4/boxes.ts';
import { FragmentMaker } from '../fmp4/fragment-maker.ts';
import type { VideoToDescribe } from '../fmp4/init-writer.ts';
import type { Part } from '../fmp4/parser.ts';
import { asFailure, StreamFailure } from '../pool/types.ts';
import type { CameraSessionDeps } from '../relay/camera-session.ts';
import { TICKS_PER_S } from '../relay/picture-clock.ts';
import type { VideoPacker } from '../relay/video-packer.ts';
import type { Engine, EngineRun } from './engine.ts';
import { calledOff, openSession } from './session.ts';

/**
 * Pulls one camera in this thread and writes its fragments; as {@link Engine.run}. Sound that has to be coded anew is
 * left to ffmpeg, and its video with it.
 */
export async function packageCamera(
  deps: CameraSessionDeps,
  run: Omit<EngineRun, 'deviceId'>,
  signal: AbortSignal,
): Promise<StreamFailure | 'unfit'> {
  const session = await openSession(deps, run, signal);
  if (session instanceof StreamFailure) return session;
  const sound = session.sound?.track.coding ?? null;
  if (sound && sound.codec !== 'AAC') {
    await session.close(new StreamFailure('stopped'));
    return 'unfit';
  }
  const turns = new Turns(session.packer, sound, (part) => run.onPart(noted(part, session.soundNote)));
  const follow = () => turns.follow().catch((error: unknown) => asFailure(error, 'nonsense'));
  const packed = session.start().then(follow);
  const called = calledOff(session, signal, () => deps.clock.monotonicMs());
  const outcome = await Promise.race([session.ended, called, packed]);
  turns.stop();
  await session.close(outcome === 'unfit' ? new StreamFailure('stopped') : outcome);
  return outcome;
}

/** The part with what of the camera's sound is left out. */
export function noted(part: Part, note: string | null): Part {
  return part.type === 'init' && note !== null ? { type: 'init', init: { ...part.init, note } } : part;
}

/** The turns of a camera's video, each with an initialisation segment of its own. */
class Turns {
  readonly #packer: VideoPacker;
  readonly #sound: VideoToDescribe['sound'];
  readonly #onPart: (part: Part) => void;
  #maker: FragmentMaker | null = null;

  constructor(packer: VideoPacker, sound: VideoToDescribe['sound'] | null, onPart: (part: Part) => void) {
    this.#packer = packer;
    this.#sound = sound ?? undefined;
    this.#onPart = onPart;
  }

  /** Resolves when one comes that cannot be written. */
  async follow(): Promise<'unfit'> {
    await this.#packer.ready();
    while (await this.#isWritten());
    return 'unfit';
  }

  /** Tells what is left of the present one. */
  stop(): void {
    this.#maker?.end();
  }

  #isWritten(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const video = { ...this.#packer.parameters(), timescale: TICKS_PER_S, sound: this.#sound };
      const onEnd = () => resolve(true);
      const onDisorder = () => resolve(false);
      try {
        this.#maker = new FragmentMaker(video, { onPart: this.#onPart, onEnd, onDisorder });
        this.#packer.take(this.#maker);
      } catch (error) {
        if (error instanceof BoxError) resolve(false);
        else reject(error);
      }
    });
  }
}
