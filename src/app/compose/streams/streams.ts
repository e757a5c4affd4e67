import { join } from 'node:path';
import { CAMERA_SETUP_QUEUE } from '../../../devices/cameras/setup.ts';
import { holderOf, whereabouts } from '../../../platform/database/lease.ts';
import { noteOwnWork } from '../../../platform/work/work.ts';
import { viewRegister } from '../../../streams/live/view-register.ts';
import type { RegisterView } from '../../../streams/pool/types.ts';
import { ffmpegUser } from '../../local-services/system-user.ts';
import type { Devices } from '../devices/devices.ts';
import type { Ground } from '../ground/ground.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { composeCameraEvents } from './camera-events.ts';
import { openCameraUnits } from './camera-units.ts';
import { openRecordings, type RecordingAlerts } from './recordings.ts';
import { composeRtsp } from './rtsp.ts';
import { openStreamPlans } from './stream-plans.ts';
import { composeTranscodes } from './transcodes.ts';
import { type CameraHealth, composeVideo, type VideoDeps } from './video.ts';

/** What cameras tell goes into the journal, and how they are into the book of healths. */
export interface StreamSides {
  ingest: Pick<Ingest, 'accept' | 'uplinks'>;
  health: CameraHealth;
}

export type Streams = Awaited<ReturnType<typeof openStreams>>;

/** Everything that talks to cameras: who stands at their addresses, what they notice, and their video. */
export async function openStreams(ground: Ground, devices: Devices, { ingest, health }: StreamSides) {
  const { place, lifecycle } = ground;
  const { accept } = ingest;
  const { connections, identity } = devices;
  const units = await openCameraUnits({ ...ground, accept, identity, access: (id) => connections.onvifAccess(id) });
  const cameraEvents = composeCameraEvents({
    ...ground,
    kinds: devices.kinds,
    units,
    uplink: ingest.uplinks.onvif,
    health,
    path: join(await place.directory('cameras'), 'active.json'),
  });
  const { hasVideo, isCamera } = camerasAmong(devices);
  const { plans, ...alwaysOn } = await openStreamPlans(ground, isCamera);
  const transcodes = composeTranscodes(ground);
  const video = await openVideo(ground, devices, { accept, health, units, plans, hasVideo, transcodes });
  const recordings = await openRecordings(ground, devices, { ...video, transcodes, streamPlans: plans });
  const rtsp = composeRtsp(ground, devices, video.streams);
  return {
    ...video,
    plans,
    transcodes,
    passes: rtsp.port,
    links: rtsp.links,
    walls: rtsp.walls,
    async tidy(nowMs: number): Promise<void> {
      await recordings.tidy(nowMs);
      await rtsp.tidy(nowMs);
    },
    recordings,
    units,
    cameraEvents,
    /** Lets viewers in, and has every camera asked that was never asked. */
    async start(alerts: RecordingAlerts): Promise<void> {
      await startVideo(ground, video);
      alwaysOn.start(video.pool);
      await recordings.start(alerts);
      await rtsp.start();
      await noteUnasked(ground, await video.setup.unasked());
    },
    /** Looks after the cameras from now on. */
    watchCameras(): void {
      video.watch.start();
      lifecycle.onStop('camera watch', () => video.watch.stop());
      cameraEvents.start(lifecycle);
    },
  };
}

/** Their video: the pool with all that looks at it. */
async function openVideo(
  ground: Ground,
  devices: Devices,
  parts: Pick<VideoDeps, 'accept' | 'health' | 'units' | 'plans' | 'hasVideo' | 'transcodes'>,
) {
  const { config, place } = ground;
  const { connections, identity } = devices;
  return composeVideo({
    ...ground,
    ...parts,
    connections,
    register: registerOf(devices),
    identity,
    stream: config.stream,
    socketDirectory: join(await place.socketDirectory(), 'media'),
    cameraNetworks: config.networks.cameras,
    ffmpegPath: config.ffmpeg.path,
    ffmpegUser: await ffmpegUser(ground.observer),
    dataDirectory: place.path,
    node: whereabouts(await holderOf(place.path, await place.node())),
    checkEveryMs: config.cameras.checkS * 1000,
  });
}

/** Which devices have video, and which of them still stand. */
function camerasAmong({ kinds, directory, identity }: Devices) {
  const hasVideo = (id: string): boolean => kinds.latest(identity(id)?.kind ?? '')?.stream === true;
  return { hasVideo, isCamera: (id: string) => directory.get(id)?.state !== 'retired' && hasVideo(id) };
}

/** Looks at cameras, also at what was recorded of those that are retired. */
function registerOf({ register, directory }: Devices): RegisterView {
  return viewRegister({ register, jurisdictionOf: (id) => directory.get(id)?.identity.jurisdiction });
}

async function startVideo({ lifecycle }: Ground, video: ReturnType<typeof composeVideo>): Promise<void> {
  const { pool, streams, pictureHealth } = video;
  await pool.start();
  lifecycle.onStop('camera pool', (signal) => pool.stop(signal));
  streams.start();
  lifecycle.onStop('streams', () => streams.stop());
  pictureHealth.start();
  lifecycle.onStop('picture health', () => pictureHealth.stop());
}

async function noteUnasked(ground: Ground, ids: readonly string[]): Promise<void> {
  const asking = ids.map((id) => ({ queue: CAMERA_SETUP_QUEUE, key: id }));
  await noteOwnWork(ground, asking);
}
