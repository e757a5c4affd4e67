import { CameraUnits, type CameraUnitsDeps } from '../../../devices/cameras/units.ts';
import { identifyCamera } from '../../../devices/onvif/identify.ts';
import type { Outbound } from '../../../platform/outbound/outbound.ts';

export interface CameraUnitParts extends Omit<CameraUnitsDeps, 'identify'> {
  outbound: Outbound;
  cameraNetworks: string[];
}

/** Who stands at each camera's address, as far as that is known, read from the last run. */
export async function openCameraUnits({ outbound, cameraNetworks, ...parts }: CameraUnitParts): Promise<CameraUnits> {
  const units = new CameraUnits({
    ...parts,
    identify: (target, known, signal) =>
      identifyCamera(target, { clock: parts.clock, outbound, networks: cameraNetworks, signal }, known),
  });
  await units.load();
  return units;
}
