import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { internalMessage, type PictureValues } from '../../core/internal-records.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import { SayOnce } from '../../core/mechanisms/say-once.ts';
import type { Logger } from '../../core/observe.ts';
import type { DeviceId, DeviceIdentity, NewMessage } from '../../core/types.ts';

export interface TellingDeps {
  clock: Clock;
  log: Logger;
  identity(id: DeviceId): DeviceIdentity | undefined;
  /** Writes into the journal; rules judge it as any reading. */
  accept(message: NewMessage): Promise<unknown>;
}

/** Cameras whose last words are remembered; one that was forgotten is told again, which changes nothing. */
const TOLD_MAX = 20_000;

/**
 * Tells the journal how the video of cameras is: after a start everything that is known of a camera, so that what was
 * told before it can end, and then only what changed. What the journal did not take is told again at the next look.
 */
export class Telling {
  readonly #deps: TellingDeps;
  readonly #told = new BoundedMap<DeviceId, PictureValues>(TOLD_MAX);
  readonly #underWay = new Set<DeviceId>();
  readonly #quiet: SayOnce;

  constructor(deps: TellingDeps) {
    this.#deps = deps;
    this.#quiet = new SayOnce(deps.clock);
  }

  /** Tells of `values` what was not told yet. */
  tell(id: DeviceId, values: PictureValues): void {
    const told = this.#told.get(id) ?? {};
    const news = Object.fromEntries(Object.entries(values).filter(([field, value]) => told[field] !== value));
    const device = this.#deps.identity(id);
    if (Object.keys(news).length === 0 || this.#underWay.has(id) || !device) return;
    this.#underWay.add(id);
    void this.#write(device, news).finally(() => this.#underWay.delete(id));
  }

  async #write(device: DeviceIdentity, news: PictureValues): Promise<void> {
    const { clock, accept, log } = this.#deps;
    try {
      await accept(internalMessage('pictureHealth', { values: news }, { device, receivedAtMs: clock.nowMs() }));
      this.#told.set(device.id, { ...this.#told.get(device.id), ...news });
    } catch (error) {
      if (this.#quiet.due()) log.warn({ error: messageOf(error) }, 'how the video of a camera is could not be told');
    }
  }
}
