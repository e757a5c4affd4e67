import { composeLooks } from '../../../src/app/compose/streams/looks.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { CameraCheckPorts } from '../../../src/devices/checks/camera-check.ts';
import { TcpOutbound } from '../../../src/platform/outbound/tcp.ts';
import type { CameraPool } from '../../../src/streams/pool/camera-pool.ts';
import { USUAL_PLAN } from '../../../src/streams/pool/stream-plans.ts';
import { CAMERA_NETWORK, onvifPorts } from '../streams/cameras.ts';

/** What a check speaks to cameras with in a gateway, ffmpeg by way of the pool included. */
export function checkPortsOn(
  owner: Parameters<typeof onvifPorts>[0],
  pool: CameraPool,
  networks: readonly string[] = [CAMERA_NETWORK],
): CameraCheckPorts & { unexpectedOnes: unknown[] } {
  const { reach, ...onvif } = onvifPorts(owner, networks);
  const tcp = new TcpOutbound({ clock: systemClock });
  const unexpectedOnes: unknown[] = [];
  return {
    onvif,
    connect: reach,
    video: composeLooks({ pool, plans: { of: () => USUAL_PLAN }, tcp, networks }),
    unexpected: (error) => void unexpectedOnes.push(error),
    unexpectedOnes,
  };
}
