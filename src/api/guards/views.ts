import { CitywatchError } from '../../core/errors.ts';
import type { Caller, DeviceIdentity } from '../../core/types.ts';
import type { Quality, View } from '../../streams/pool/types.ts';
import type { Use } from '../../streams/pool/uses.ts';
import type { ApiDeps } from '../deps.ts';
import { caseOf, purposeOf } from './look.ts';

/** What a request for video says of its look. */
export interface Look {
  quality: Quality;
  use?: Use | undefined;
  purpose?: string | undefined;
  case?: string | undefined;
}

/** Errors: `not-found` for a device that is not the caller's to see, or has no video. */
export function cameraOf(
  { directory, kinds }: Pick<ApiDeps, 'directory' | 'kinds'>,
  caller: Caller,
  id: string,
): DeviceIdentity {
  const device = directory.seenBy(caller, id);
  if (!device) throw new CitywatchError('not-found');
  if (kinds.latest(device.kind)?.stream) return device;
  throw new CitywatchError('not-found', { detail: 'Devices of this kind have no video.' });
}

/** The look a request is part of. Rights come first, so that nothing else tells whether the camera exists. */
export function viewOf(
  context: Pick<ApiDeps, 'directory' | 'kinds' | 'authority'>,
  caller: Caller,
  id: string,
  query: Look,
): View {
  const { id: deviceId } = cameraOf(context, caller, id);
  const purpose = purposeOf(context, caller, query);
  const { type, id: viewerId, name } = caller;
  const viewer = { type, id: viewerId, name };
  const { quality, use = 'live' } = query;
  if (use === 'alert' && query.case === undefined) {
    const message = 'is missing: a look with `use=alert` names the alert or incident it is for';
    throw new CitywatchError('request.invalid', { issues: [{ path: 'case', message }] });
  }
  return { deviceId, viewer, purpose, quality, use, case: caseOf(context, deviceId, query) };
}
