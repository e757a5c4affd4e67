import type { AlertParts } from '../../api/alert-parts.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Directory } from '../../devices/registry/directory.ts';
import type { AccessRegister } from '../../platform/records/access-register.ts';

/** Registers looks at pictures kept with alerts, in the area of the camera, which may be retired by now. */
export function registerEvidenceLooks(register: AccessRegister, directory: Directory): AlertParts['registerLook'] {
  return async ({ caller, camera, purpose, caseId }) => {
    const jurisdiction = directory.get(camera)?.identity.jurisdiction;
    if (jurisdiction === undefined) throw new CitywatchError('not-found');
    await register.add({ viewer: caller, act: 'evidence', device: camera, jurisdiction, purpose, case: caseId });
  };
}
