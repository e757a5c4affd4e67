import type { VideoLooks } from '../../../devices/checks/video.ts';
import type { CameraDoorsDeps } from '../../../devices/logins/camera-doors.ts';
import { type CodedPicture, firstPicture } from '../../../streams/looks/first-picture.ts';
import { freeConnection } from '../../../streams/looks/free-connection.ts';
import { tryLogin } from '../../../streams/looks/login.ts';
import { Looks } from '../../../streams/looks/looks.ts';
import { pulledPicture } from '../../../streams/looks/pulled-picture.ts';
import type { CameraPool } from '../../../streams/pool/camera-pool.ts';
import type { StreamPlans } from '../../../streams/pool/stream-plans.ts';
import { asFailure } from '../../../streams/pool/types.ts';
import type { CameraSessionDeps } from '../../../streams/relay/camera-session.ts';

/** Most megabits a second that a check takes of one camera. */
const MEGABITS_PER_S = 60;

const IN_USE = { failed: 'in-use', detail: 'Live video has every connection that the camera allows.' };

export interface LookParts {
  pool: Pick<CameraPool, 'clock' | 'sockets' | 'spawner' | 'pulls'>;
  /** How many connections each camera allows. */
  plans: Pick<StreamPlans, 'of'>;
  tcp: CameraSessionDeps['tcp'];
  networks: readonly string[];
}

/** Single pictures of cameras, for checks: over a connection of their own, and shown to nobody by themselves. */
export function composeLooks({ pool, plans, tcp, networks }: LookParts) {
  const { clock, sockets, spawner } = pool;
  const looks = new Looks({ clock, sockets, spawner });
  const camera = { clock, tcp, networks, megabitsPerS: MEGABITS_PER_S, oneLogin: true };
  const all: VideoLooks = {
    first: async ({ device, ...source }, signal) => {
      looks.prepare();
      const pulled = device === undefined ? null : pulledPicture(pool, device, plans.of(device).connectionsMax);
      return await (pulled ? Promise.resolve(pulled) : firstPicture(camera, source, signal)).then(
        (picture) => ({ picture, codec: picture.format === 'h264' ? 'H.264' : 'H.265' }),
        noPicture,
      );
    },
    jpeg: (data): CodedPicture => ({ format: 'mjpeg', data, skip: 0 }),
    seen: (picture, signal) => looks.grey(picture as CodedPicture, signal).catch(noPicture),
    seenBoth: (pictures, signal) => looks.greyOfBoth(pictures as [CodedPicture, CodedPicture], signal).catch(noPicture),
    still: (picture, signal) => looks.still(picture as CodedPicture, signal).catch(noPicture),
  };
  const login: CameraDoorsDeps['video'] = async ({ device, ...source }, signal) => {
    if (device !== undefined) {
      const { connectionsMax } = plans.of(device);
      if (!(await freeConnection({ clock, pool }, { device, connectionsMax }, signal))) return IN_USE;
    }
    return await tryLogin(camera, source, signal).then(() => null, noPicture);
  };
  return { ...all, login };
}

function noPicture(error: unknown): { failed: string; detail: string } {
  const { reason, message } = asFailure(error, 'ffmpeg');
  return { failed: reason, detail: message };
}
