import { blameClock, openCamera } from '../onvif/identify.ts';
import { openMedia } from '../onvif/media.ts';
import { choosePair, type OnvifProfile } from '../onvif/profiles.ts';
import type { OnvifPorts } from '../onvif/session.ts';
import type { OnvifAccess } from '../registry/connections.ts';

/** One video source of a recorder, as it tells it. */
export interface Eye {
  /** Its token: what a channel is known by. */
  source: string;
  /** Which one it is, counted from 1 in the order of the recorder. */
  number: number;
  main: OnvifProfile;
  sub: OnvifProfile | null;
}

/** A recorder of 64 channels sends some 400 kB over links that bear its video as well. */
const DEADLINE_MS = 20_000;

/** Asks a recorder for its video sources. Throws as `inspectCamera`. */
export async function readEyes(recorder: OnvifAccess, ports: OnvifPorts): Promise<Eye[]> {
  const profiles = await readRecorder(recorder, ports);
  const sources = [...new Set(profiles.map(({ source }) => source))].filter((source) => source !== '');
  return sources.map((source, index) => ({ source, number: index + 1, ...choosePair(profiles, source) }));
}

/** Every profile of a recorder. Throws as `inspectCamera`. */
export async function readRecorder(recorder: OnvifAccess, ports: OnvifPorts): Promise<readonly OnvifProfile[]> {
  const camera = await openCamera(recorder, { ...ports, deadlineMs: DEADLINE_MS });
  try {
    return (await openMedia(camera)).profiles;
  } catch (error) {
    throw blameClock(error, camera.clockSkewMs);
  }
}
