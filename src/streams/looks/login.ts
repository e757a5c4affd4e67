import type { CameraAddress } from '../pool/types.ts';
import { StreamFailure } from '../pool/types.ts';
import { CameraSession, type CameraSessionDeps } from '../relay/camera-session.ts';

/**
 * Whether a camera lets a login in to its video: connects, sets the video up and says goodbye before a picture comes.
 * Rejects with {@link StreamFailure}, `auth` where the login is refused. Sends one login at most.
 */
export async function tryLogin(
  deps: Omit<CameraSessionDeps, 'oneLogin'>,
  camera: CameraAddress,
  signal: AbortSignal,
): Promise<void> {
  const session = await CameraSession.open({ ...deps, oneLogin: true }, camera, signal);
  session.ended.catch(() => {});
  await session.close(new StreamFailure('stopped'));
}
