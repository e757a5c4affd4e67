/**
 * A gateway reduced to its streams, for tests that kill it: opens the cameras given as JSON `{socketDirectory, cameras:
 * {id: address}}`, and prints one line `{gateway, spawner, ffmpeg}` of process ids once all of them are live.
 */

import { systemClock } from '../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../src/core/observe.ts';
import { TcpOutbound } from '../../../src/platform/outbound/tcp.ts';
import { StreamService } from '../../../src/streams/live/service.ts';
import { CameraPool } from '../../../src/streams/pool/camera-pool.ts';
import { PULL_TIMES } from '../../../src/streams/pool/pull-machine.ts';
import type { CameraAddress } from '../../../src/streams/pool/types.ts';
import { until } from '../time/until.ts';
import { soleLeases } from './pool/memory-leases.ts';
import { CAGED, IDLE, TEST_LIMITS, TEST_NETWORK, TRUSTED } from './streams.ts';

const { socketDirectory, cameras } = JSON.parse(process.argv[2] ?? '{}') as {
  socketDirectory: string;
  cameras: Record<string, CameraAddress>;
};
const destination = { write: (line: string) => void process.stderr.write(line) };
const clock = systemClock;
const source = { camera: async (id: string) => cameras[id] ?? null, ...TRUSTED };
const pool = new CameraPool(
  {
    clock,
    observer: createObserver({ level: 'trace', secrets: new KnownSecrets(), destination }),
    cameras: source,
    tcp: new TcpOutbound({ clock }),
    leases: soleLeases(clock),
    ...IDLE,
  },
  {
    socketDirectory,
    engine: 'ffmpeg',
    sound: 'off',
    cameraNetworks: [TEST_NETWORK],
    limits: TEST_LIMITS,
    times: PULL_TIMES,
    ...CAGED,
  },
);
const service = new StreamService({ pool, health: { of: () => null }, cameras: source, register: async () => {} });
await pool.start();
service.start();
const viewer = { type: 'system' as const, id: 'test', name: 'test' };
const ids = Object.keys(cameras);
await Promise.all(
  ids.map((deviceId) =>
    service.lease({ deviceId, quality: 'main', use: 'live', viewer, purpose: 'routine', case: null }),
  ),
);
const live = (): number => service.list().filter(({ state }) => state === 'live').length;
await until('all are live', () => live() === ids.length, 60_000);
process.on('SIGTERM', () => {
  service.stop();
  void pool.stop().then(() => process.exit(0));
});
process.stdout.write(`${JSON.stringify({ gateway: process.pid, ...service.processes() })}\n`);
