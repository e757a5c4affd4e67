import type { FragmentMaker } from '../fmp4/fragment-maker.ts';
import type { AacConfig } from '../relay/sound/aac-config.ts';
import type { SoundFrame } from '../relay/sound/sound-packer.ts';
import type { SoundTrack } from '../relay/sound/sound-track.ts';
import { ReplaySound } from './replay-sound.ts';
import type { SoundCoder } from './sound-coder.ts';

/** The sound that is taken of a playback. */
export interface ReplayedSound {
  track: SoundTrack;
  /** Of the AAC that is written. */
  config: AacConfig;
  /** What codes a section of it; null where it is AAC already. */
  coder: ((taken: (frame: SoundFrame) => void) => SoundCoder) | null;
}

/** Of sound that waits to be coded, seconds: with more no more is read, until there is less. */
const BEHIND_S = { max: 2, again: 1 };

/**
 * Gives the sound of a playback to those who write its sections. One whose sound has to be coded ends when it is, a
 * moment later, and what is told of the next waits for that.
 */
export class SectionSound {
  readonly #sound: ReplayedSound | null;
  readonly #replay: ReplaySound | null;
  readonly #hold: (held: boolean) => void;
  #coder: SoundCoder | null = null;
  #closing: Promise<void> = Promise.resolve();
  #closings = 0;
  #isHeld = false;

  /** `hold`: called with true when what was pushed waits to be coded, and with false when it was. */
  constructor(sound: ReplayedSound | null, hold: (held: boolean) => void) {
    this.#sound = sound;
    this.#replay = sound && new ReplaySound(sound.track);
    this.#hold = hold;
  }

  get config(): AacConfig | undefined {
    return this.#sound?.config;
  }

  /** Takes one RTP packet of the sound as it came. */
  push(packet: Buffer): void {
    this.#replay?.push(packet);
  }

  /** As {@link ReplaySound.pictured}. */
  pictured(stamp: number, atMs: number): void {
    this.#replay?.pictured(stamp, atMs);
  }

  begin(maker: FragmentMaker): void {
    const taken = (frame: SoundFrame): void => {
      maker.sound(frame);
      this.#holdOrGoOn();
    };
    const coder = this.#sound?.coder?.(taken) ?? null;
    this.#coder = coder;
    this.#replay?.begin((frame) => {
      if (coder) coder.give(frame);
      else maker.sound(frame);
      this.#holdOrGoOn();
    });
  }

  /** The section that `maker` writes is over; it ends when its sound is coded. */
  end(maker: FragmentMaker): void {
    this.#replay?.end();
    const coder = this.#coder;
    this.#coder = null;
    if (!coder) {
      maker.end();
      return;
    }
    this.#closings += 1;
    const coded = coder.end();
    this.#closing = this.#closing.then(async () => {
      await coded;
      maker.end();
      this.#closings -= 1;
      this.#holdOrGoOn();
    });
    this.#holdOrGoOn();
  }

  /** Runs what is given to it after all that is told of the sections before. */
  inOrder(): (tell: () => void) => void {
    if (this.#closings === 0) return (tell) => tell();
    const before = this.#closing;
    let isOpen = false;
    void before.then(() => {
      isOpen = true;
    });
    return (tell) => {
      if (isOpen) tell();
      else void before.then(tell);
    };
  }

  /** Resolves when every section that is over has ended. */
  async settled(): Promise<void> {
    await this.#closing;
  }

  /** Nothing of the present section is wanted. */
  stop(): void {
    this.#coder?.stop();
    this.#coder = null;
  }

  #holdOrGoOn(): void {
    const behindS = this.#coder?.behindS ?? 0;
    const held = this.#closings > 0 || behindS > (this.#isHeld ? BEHIND_S.again : BEHIND_S.max);
    if (held === this.#isHeld) return;
    this.#isHeld = held;
    this.#hold(held);
  }
}
