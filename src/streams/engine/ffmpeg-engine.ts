import type { Logger } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { type PullPaths, pullTask } from '../ffmpeg/arguments.ts';
import { cannotRun } from '../ffmpeg/cage.ts';
import type { LocalSocket, LocalSockets } from '../ffmpeg/local-sockets.ts';
import type { ProcessEnd } from '../ffmpeg/protocol.ts';
import type { Spawner } from '../ffmpeg/spawner.ts';
import { FragmentParser, type Part } from '../fmp4/parser.ts';
import { StreamFailure } from '../pool/types.ts';
import type { CameraSession, CameraSessionDeps } from '../relay/camera-session.ts';
import type { Relay } from '../relay/relay.ts';
import type { Engine, EngineRun } from './engine.ts';
import { noted } from './packaging.ts';
import { calledOff, openSession } from './session.ts';

export interface FfmpegDeps extends CameraSessionDeps {
  log: Logger;
  relay: Relay;
  sockets: LocalSockets;
  spawner: Spawner;
}

/** Time for the last fragments of an ffmpeg that ended to come through the socket. */
const LAST_FRAGMENT_MS = 2_000;
const FAILED_SOUND = 'Its sound could not be made sense of.';

/**
 * An ffmpeg for each camera, between the relay and a local socket. Where the camera goes on with another picture,
 * another ffmpeg goes on with it, over the same connection.
 */
export class FfmpegEngine implements Engine {
  readonly #deps: FfmpegDeps;

  constructor(deps: FfmpegDeps) {
    this.#deps = deps;
  }

  async run(run: EngineRun, signal: AbortSignal): Promise<StreamFailure> {
    const session = await openSession(this.#deps, run, signal);
    if (session instanceof StreamFailure) return session;
    const called = calledOff(session, signal, () => this.#deps.clock.monotonicMs());
    const { deviceId, onPart } = run;
    let outcome: Outcome = 'goes on';
    let sound = soundFor(session);
    while (!(outcome instanceof StreamFailure)) {
      // Whatever is wrong with the sound, the picture goes on without it.
      if (outcome === 'without sound') sound = 'none';
      outcome = await runProcess(this.#deps, { session, deviceId, called, onPart, sound });
    }
    const failure = outcome;
    await session.close(failure);
    return failure;
  }

  /** Processes and sockets belong to the pool. */
  async stop(): Promise<void> {}
}

type Outcome = StreamFailure | 'goes on' | 'without sound';

/** G.711 is coded anew, since no player takes it from a file. */
function soundFor({ sound }: CameraSession): PullPaths['sound'] {
  if (!sound) return 'none';
  return sound.track.coding.codec === 'AAC' ? 'copy' : 'aac';
}

interface Running {
  session: CameraSession;
  deviceId: DeviceId;
  /** Resolves when the run is called off. */
  called: Promise<StreamFailure>;
  onPart: (part: Part) => void;
  sound: PullPaths['sound'];
}

/** One ffmpeg for one turn of the camera's video; resolves after it is gone. */
async function runProcess(deps: FfmpegDeps, { session, deviceId, called, onPart, sound }: Running): Promise<Outcome> {
  const { packer } = session;
  // The first turn begins only after the relay was asked for it.
  const turn = Math.max(1, packer.turn);
  const output = await deps.sockets
    .open()
    .catch((error: unknown) => new StreamFailure('not-started', undefined, error));
  if (output instanceof StreamFailure) return output;
  const offer = deps.relay.offer(session, { sound: sound !== 'none' });
  const process = deps.spawner.run(pullTask({ relayUrl: offer.url, output: output.path, codec: packer.codec, sound }));
  let written = false;
  const parts = readParts(output, (part) => {
    written = true;
    onPart(noted(part, sound === 'none' && session.sound ? FAILED_SOUND : session.soundNote));
  });
  const ended = process.ended.then(async (end) => {
    if (packer.turn > turn) {
      await Promise.race([parts, deps.clock.sleep(LAST_FRAGMENT_MS)]);
      return 'goes on' as const;
    }
    deps.log.info({ deviceId, ...end }, 'ffmpeg ended');
    if (sound !== 'none' && !written && end.how !== 'not-started') return 'without sound' as const;
    return processFailure(end, session.mediaAtMs !== null && !written);
  });
  const unusable = parts.then((failure) => failure ?? new Promise<never>(() => {}));
  const outcome = await Promise.race([session.ended, ended, unusable, called]);
  offer.withdraw();
  output.close();
  process.stop();
  await process.ended;
  return outcome;
}

/** Resolves with a failure when what ffmpeg writes cannot be used, with null at its end. */
async function readParts(local: LocalSocket, onPart: (part: Part) => void): Promise<StreamFailure | null> {
  const never = new Promise<never>(() => {});
  const socket = await local.connection.catch(() => never);
  const parser = new FragmentParser();
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const part of parser.push(chunk)) onPart(part);
      } catch (error) {
        socket.destroy();
        resolve(new StreamFailure('ffmpeg', 'What it wrote is not a stream.', error));
      }
    });
    socket.once('close', () => resolve(null));
  });
}

/** `unused`: there were media, and ffmpeg made nothing of them. */
function processFailure(end: ProcessEnd, unused: boolean): StreamFailure {
  if (end.how === 'not-started' || cannotRun(end.code)) return new StreamFailure('not-started');
  if (end.how === 'lost') return new StreamFailure('ffmpeg', 'The spawner ended.');
  if (end.signal) return new StreamFailure('ffmpeg', `Signal ${end.signal}.`);
  if (unused && end.code !== 0) return new StreamFailure('nonsense', 'Its media are not the video it announces.');
  return new StreamFailure('ffmpeg', `Exit status ${end.code}.`);
}
