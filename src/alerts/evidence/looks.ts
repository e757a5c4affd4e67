import { CitywatchError } from '../../core/errors.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { AccessRegister } from '../../platform/records/access-register.ts';

/** A look at a picture that was kept with an alert. */
export interface EvidenceLook {
  caller: Caller;
  camera: DeviceId;
  purpose: string;
  /** The alert the picture belongs to. */
  caseId: string;
}

export interface EvidenceLooksDeps {
  register: Pick<AccessRegister, 'add'>;
  /** Where a camera stands now, also a retired one; undefined for one that is not known any more. */
  areaOf(camera: DeviceId): Jurisdiction | undefined;
}

/** Registers looks at evidence in the area of the camera, which may be retired by now. */
export class EvidenceLooks {
  readonly #deps: EvidenceLooksDeps;

  constructor(deps: EvidenceLooksDeps) {
    this.#deps = deps;
  }

  /** Writes the row of a look; nothing is shown before it resolved. Errors: `not-found` for a camera nobody knows. */
  async add({ caller, camera, purpose, caseId }: EvidenceLook): Promise<void> {
    const jurisdiction = this.#deps.areaOf(camera);
    if (jurisdiction === undefined) throw new CitywatchError('not-found');
    const look = { viewer: caller, act: 'evidence', device: camera, jurisdiction, purpose, case: caseId } as const;
    await this.#deps.register.add(look);
  }
}
