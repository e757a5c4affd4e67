import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/observe.ts';
import type { Caller, DeviceIdentity } from '../../core/types.ts';
import type { StreamLease } from '../pool/pool.ts';
import { StreamFailure, type View } from '../pool/types.ts';
import type { ApprovalInput, ApprovedPicture, ApprovedPictures } from './approved.ts';
import type { SmallPictures } from './decode.ts';
import { newestKeyPicture } from './key-picture.ts';
import type { SmallPicture } from './small-picture.ts';

export interface ApprovalDeps {
  clock: Clock;
  log: Logger;
  pictures: Pick<ApprovedPictures, 'of' | 'requireRoom' | 'keep'>;
  decoder: Pick<SmallPictures, 'decode'>;
  /** A look that holds the stream until it is released; it is in the access register before it resolves. */
  lease(view: View): Promise<StreamLease>;
}

/** The longest that a person waits for the picture. */
const TAKEN_MS = 15_000;

/** Takes the picture that is approved. The caller's right to the camera is checked before. */
export class Approval {
  readonly #deps: ApprovalDeps;

  constructor(deps: ApprovalDeps) {
    this.#deps = deps;
  }

  /**
   * Approves what a camera shows now. Errors: `request.invalid` for one picture too many; `stream.unavailable`, also
   * where its picture cannot be decoded; what a look is refused with.
   */
  async approve(
    who: { caller: Caller; of: DeviceIdentity },
    view: View,
    input: ApprovalInput,
  ): Promise<ApprovedPicture> {
    const { pictures } = this.#deps;
    await pictures.requireRoom(who.of.id);
    return await pictures.keep(who, input, await this.#take(view));
  }

  /**
   * As {@link approve} for a camera that was just accepted, unless something was approved for it before. What fails is
   * logged: the camera is accepted all the same, and a person may approve later.
   */
  async approveFirst(who: { caller: Caller; of: DeviceIdentity }, view: View): Promise<void> {
    try {
      const before = await this.#deps.pictures.of(who.of.id);
      if (before.length === 0) await this.approve(who, view, { name: 'acceptance', preset: null });
    } catch (error) {
      const fields = { part: 'picture-health', device: who.of.id, error: messageOf(error) };
      this.#deps.log.info(fields, 'no picture of an accepted camera is approved');
    }
  }

  async #take(view: View): Promise<SmallPicture> {
    const lease = await this.#deps.lease(view);
    const limit = deadline(this.#deps.clock, TAKEN_MS);
    try {
      const { window } = lease.pull;
      await lease.pull.until(() => window.newestKey() !== null, limit.signal);
      const key = newestKeyPicture(window, 0);
      const points = key && (await this.#deps.decoder.decode([key], limit.signal)).get(0);
      if (points) return points;
      throw new StreamFailure('nonsense', 'Its picture cannot be decoded.');
    } catch (error) {
      if (!(error instanceof StreamFailure)) throw error;
      throw new CitywatchError('stream.unavailable', { detail: error.message, retryAfterS: 5 });
    } finally {
      limit.cancel();
      lease.release();
    }
  }
}
