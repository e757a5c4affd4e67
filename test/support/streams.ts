import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import { createObserver, KnownSecrets, type Observer } from '../../src/core/observe.ts';
import { TcpOutbound } from '../../src/platform/outbound-tcp.ts';
import { type StreamOptions, StreamService } from '../../src/streams/service.ts';
import type { CameraAddress, View } from '../../src/streams/types.ts';
import { TestCamera } from './rtsp-camera.ts';

/** The network of test cameras. */
export const TEST_NETWORK = '127.64.0.0/16';

export interface StreamBed {
  service: StreamService;
  cameras: Map<string, CameraAddress>;
  observer: Observer;
  /** Lines logged so far. */
  lines: string[];
  /** Looks that were registered. */
  views: View[];
}

/** A stream service with real ffmpeg and cameras by name, stopped with the test. */
export async function startStreams(t: Test, options: Partial<StreamOptions> = {}): Promise<StreamBed> {
  const directory = mkdtempSync(join(tmpdir(), 'cw-'));
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const observer = createObserver({ level: 'trace', secrets: new KnownSecrets(), destination });
  const cameras = new Map<string, CameraAddress>();
  const views: View[] = [];
  const service = new StreamService(
    {
      clock: systemClock,
      observer,
      cameras: { camera: async (id) => cameras.get(id) ?? null },
      tcp: new TcpOutbound({ clock: systemClock }),
      register: async (view) => void views.push(view),
    },
    { socketDirectory: join(directory, 'v'), cameraNetworks: [TEST_NETWORK], ...options },
  );
  t.teardown(async () => {
    await service.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  await service.start();
  return { service, cameras, observer, lines, views };
}

export function look(deviceId: string, viewer = 'op-1'): View {
  return {
    deviceId,
    quality: 'main',
    viewer: { type: 'token', id: viewer, name: viewer },
    purpose: 'routine',
    case: null,
  };
}

/** A stream service with one camera that is being recorded and watched. */
export async function watching(t: Test): Promise<{ bed: StreamBed; camera: TestCamera }> {
  const camera = await TestCamera.start(t);
  const bed = await startStreams(t);
  bed.cameras.set('cam', { url: camera.url });
  await bed.service.lease(look('cam', 'recorder'));
  await bed.service.playlist(look('cam'));
  return { bed, camera };
}
