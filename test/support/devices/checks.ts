import root, { type Test } from 'tap';
import type { CameraCheckPorts, CameraCheckResult } from '../../../src/devices/checks/camera-check.ts';
import { startStreams } from '../streams/streams.ts';
import { checkPortsOn } from './check-ports.ts';

/** The pool of a file, started for the first of its tests: each has a process that starts ffmpeg. */
let streams: ReturnType<typeof startStreams> | null = null;

/** As {@link checkPortsOn}, with the pool of the file. */
export async function checkPorts(
  t: Test,
  networks?: readonly string[],
): Promise<CameraCheckPorts & { unexpectedOnes: unknown[] }> {
  streams ??= startStreams(root);
  const { pool } = await streams;
  return checkPortsOn(t, pool, networks);
}

/** Grades by step, with the problem where there is one: `ok`, `failed auth`, `not-tried`. */
export function gradesOf({ steps }: CameraCheckResult): Record<string, string> {
  return Object.fromEntries(
    steps.map(({ name, grade, problem }) => [name, problem === null ? grade : `${grade} ${problem}`]),
  );
}
