import { CitywatchError } from '../../core/errors.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import type { AccessRegister } from '../../platform/records/access-register.ts';
import type { RegisterView } from '../pool/types.ts';

export interface ViewRegisterDeps {
  register: Pick<AccessRegister, 'add'>;
  /** Where a device stands now; undefined for one that is in no registry. */
  jurisdictionOf(id: DeviceId): Jurisdiction | undefined;
}

/**
 * Enters each look under the district where the camera stands; one at a mosaic is a look at each of its cameras.
 * Errors: `not-found` for a camera that is none.
 */
export function viewRegister({ register, jurisdictionOf }: ViewRegisterDeps): RegisterView {
  return async ({ deviceId, members = [deviceId], viewer, purpose, case: caseNumber }) => {
    for (const device of members) {
      const jurisdiction = jurisdictionOf(device);
      if (jurisdiction === undefined) throw new CitywatchError('not-found');
      await register.add({ viewer, act: 'view', device, jurisdiction, purpose, case: caseNumber });
    }
  };
}
