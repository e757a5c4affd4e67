import { CitywatchError } from '../../core/errors.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { AccessRegister } from '../../platform/records/access-register.ts';

/** A look at a picture that was kept with an alert. */
export interface EvidenceLook {
  caller: Caller;
  camera: DeviceId;
  purpose: string;
  /** The alert the picture belongs to: what the look is for where no other case is named. */
  alert: string;
  /** The case that who looks has named. */
  case: string | null;
}

export interface EvidenceLooksDeps {
  register: Pick<AccessRegister, 'enter'>;
  /** Where a camera stands now, also a retired one; undefined for one that is not known any more. */
  areaOf(camera: DeviceId): Jurisdiction | undefined;
  /** Whether pictures of a camera are shown for an incident only: an alert of ours is none that somebody has named. */
  needsIncident(camera: DeviceId): boolean;
}

/** Registers looks at evidence in the area of the camera, which may be retired by now. */
export class EvidenceLooks {
  readonly #deps: EvidenceLooksDeps;

  constructor(deps: EvidenceLooksDeps) {
    this.#deps = deps;
  }

  /**
   * Writes the row of a look and answers its number; nothing is shown before it resolved. Errors: `not-found` for a
   * camera nobody knows, `look.incident-missing`.
   */
  async add({ caller, camera, purpose, alert, case: named }: EvidenceLook): Promise<number> {
    const jurisdiction = this.#deps.areaOf(camera);
    if (jurisdiction === undefined) throw new CitywatchError('not-found');
    return await this.#deps.register.enter({
      viewer: caller,
      act: 'evidence',
      device: camera,
      jurisdiction,
      purpose,
      case: named ?? (this.#deps.needsIncident(camera) ? null : alert),
      asked: named === null ? null : { alert },
    });
  }
}
