import root, { type Test } from 'tap';
import { composeLooks } from '../../../src/app/compose/streams/looks.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { CameraCheckPorts, CameraCheckResult } from '../../../src/devices/checks/camera-check.ts';
import { TcpOutbound } from '../../../src/platform/outbound/tcp.ts';
import { CAMERA_NETWORK, onvifPorts } from '../streams/cameras.ts';
import { startStreams } from '../streams/streams.ts';

/** The pool of a file, started for the first of its tests: each has a process that starts ffmpeg. */
let streams: ReturnType<typeof startStreams> | null = null;

/** What a check speaks to cameras with in a gateway, real ffmpeg included. */
export async function checkPorts(
  t: Test,
  networks: readonly string[] = [CAMERA_NETWORK],
): Promise<CameraCheckPorts & { unexpectedOnes: unknown[] }> {
  streams ??= startStreams(root);
  const { pool } = await streams;
  const { reach, ...onvif } = onvifPorts(t, networks);
  const tcp = new TcpOutbound({ clock: systemClock });
  const unexpectedOnes: unknown[] = [];
  return {
    onvif,
    connect: reach,
    video: composeLooks({ pool, tcp, networks }),
    unexpected: (error) => void unexpectedOnes.push(error),
    unexpectedOnes,
  };
}

/** Grades by step, with the problem where there is one: `ok`, `failed auth`, `not-tried`. */
export function gradesOf({ steps }: CameraCheckResult): Record<string, string> {
  return Object.fromEntries(
    steps.map(({ name, grade, problem }) => [name, problem === null ? grade : `${grade} ${problem}`]),
  );
}
