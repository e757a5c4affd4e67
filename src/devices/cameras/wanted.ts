import { messageOf } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { noteOwnWork, type OwnNotes } from '../../platform/work/work.ts';
import { CAMERA_SETUP_QUEUE, type SetupTables } from './setup.ts';

export interface WantedCamerasDeps extends Omit<OwnNotes, 'database'> {
  database: Database;
  observer: Observer;
  ring(queue: string): void;
}

/** Before all that were registered without anybody looking. */
const URGENT = 1;
/** More than viewers of a gateway; beyond them cameras keep their turn. */
const WANTED_MAX = 1_000;

/**
 * Cameras that somebody wants to see before they were asked who they are: they come first. After a district was
 * registered thousands wait for their turn, and the one that a technician stands below is among the last. A camera that
 * was asked already, in vain, keeps its pauses: viewers who look again and again must not lock a login out.
 */
export class WantedCameras {
  readonly #deps: WantedCamerasDeps;
  readonly #wanted = new Set<DeviceId>();

  constructor(deps: WantedCamerasDeps) {
    this.#deps = deps;
  }

  /** Somebody wants to see a camera of which no address is known. Never rejects: without this it is only later. */
  async want(id: DeviceId): Promise<void> {
    if (this.#wanted.has(id) || this.#wanted.size >= WANTED_MAX) return;
    this.#wanted.add(id);
    try {
      if (!(await this.#isUnasked(id))) return this.asked(id);
      await noteOwnWork(this.#deps, [{ queue: CAMERA_SETUP_QUEUE, key: id, priority: URGENT }]);
      this.#deps.ring(CAMERA_SETUP_QUEUE);
    } catch (error) {
      this.asked(id);
      this.#deps.observer.log.warn({ part: 'camera-setup', error: messageOf(error) }, 'a wanted camera keeps its turn');
    }
  }

  /** It was asked, or need not be: who wants it later may have it asked first again. */
  asked(id: DeviceId): void {
    this.#wanted.delete(id);
  }

  /** Whether it can be asked and never was: any other would be noted anew at each look. */
  async #isUnasked(id: DeviceId): Promise<boolean> {
    const row = await this.#deps.database
      .tables<SetupTables>()
      .selectFrom('position')
      .leftJoin('camera_setup', 'camera_setup.device', 'position.id')
      .select('position.id')
      .where('position.id', '=', id)
      .where('position.onvif', 'is not', null)
      .where('camera_setup.device', 'is', null)
      .executeTakeFirst();
    return row !== undefined;
  }
}
