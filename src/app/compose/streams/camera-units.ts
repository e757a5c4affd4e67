import { CameraUnits, type CameraUnitsDeps } from '../../../devices/cameras/units.ts';
import { identifyCamera } from '../../../devices/onvif/identify.ts';
import type { Ground } from '../ground/ground.ts';

export interface CameraUnitParts extends Omit<CameraUnitsDeps, 'identify'> {
  cameras: Ground['cameras'];
}

/** Who stands at each camera's address, as far as that is known, read from the last run. */
export async function openCameraUnits({ cameras, ...parts }: CameraUnitParts): Promise<CameraUnits> {
  const units = new CameraUnits({
    ...parts,
    identify: (target, known, signal) => identifyCamera(target, { ...cameras.machines, signal }, known),
  });
  await units.load();
  return units;
}
