import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { TcpOutbound } from '../../../../src/platform/outbound/tcp.ts';
import { FfmpegEngine } from '../../../../src/streams/engine/ffmpeg-engine.ts';
import { ThreadEngine, type ThreadEngineDeps } from '../../../../src/streams/engine/thread-engine.ts';
import { LocalSockets } from '../../../../src/streams/ffmpeg/local-sockets.ts';
import { Relay } from '../../../../src/streams/relay/relay.ts';
import { startSpawner, TEST_NETWORK } from '../streams.ts';

const clock = systemClock;
const { log } = createObserver({ level: 'silent', secrets: new KnownSecrets() });
const reach = { clock, networks: [TEST_NETWORK], megabitsPerS: 60 };

export async function startFfmpeg(t: Test): Promise<FfmpegEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'cw-'));
  const sockets = new LocalSockets(directory);
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  await sockets.start();
  const relay = new Relay({ clock, log });
  t.teardown(() => relay.stop());
  const spawner = startSpawner(t, { ffmpegPath: 'ffmpeg' }, relay);
  return new FfmpegEngine({ ...reach, tcp: new TcpOutbound({ clock }), log, relay, sockets, spawner });
}

export async function startThreads(t: Test, over: Partial<ThreadEngineDeps> = {}): Promise<ThreadEngine> {
  const engine = new ThreadEngine({ ...reach, log, dropped: () => {}, ...over });
  t.teardown(() => engine.stop());
  return engine;
}
