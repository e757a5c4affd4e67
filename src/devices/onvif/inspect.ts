import {
  blameClock,
  type CameraLabel,
  type CameraTarget,
  type InspectOptions,
  type OpenCamera,
  openCamera,
  readLabel,
} from './identify.ts';
import {
  type CameraMedia,
  listMedia,
  type MediaList,
  type MediaReach,
  mediaOf,
  snapshotUrl,
  streamUrl,
} from './media.ts';
import { choosePair, type OnvifProfile } from './profiles.ts';

export type { CameraTarget, InspectOptions } from './identify.ts';
export type { OnvifProfile } from './profiles.ts';
export type { OnvifPorts } from './session.ts';

export interface InspectionOptions extends InspectOptions, Pick<MediaReach, 'reach'> {
  /** Gives what `read` reads, or what it read a moment ago of the same recorder; everybody reads where it is absent. */
  lists?: { of(recorder: CameraTarget, read: () => Promise<MediaList>): Promise<MediaList> };
}

/** What a camera says of itself. All identity is text as the camera wrote it: firmware "2.10" is not 2.1. */
export interface CameraInspection extends CameraLabel {
  /** The camera's clock minus ours; null when it does not tell. */
  clockSkewMs: number | null;
  profiles: readonly OnvifProfile[];
  mainStreamUrl: string;
  /** Null when the camera has one stream alone. */
  subStreamUrl: string | null;
  /** Null when the camera offers none. */
  snapshotUrl: string | null;
}

/**
 * Asks a camera who it is and where its pictures are. Throws {@link OnvifError} with the problem and a hint,
 * `outbound.refused` for an address outside the camera networks, `request.invalid` for one that is none. Contacts the
 * one host of `xaddr` and no other.
 */
export async function inspectCamera(target: CameraTarget, options: InspectionOptions): Promise<CameraInspection> {
  const camera = await openCamera(target, options);
  const { clockSkewMs } = camera;
  try {
    const label = await readLabel(camera, null);
    const read = (): Promise<MediaList> => listMedia(camera);
    const isChannel = target.source != null;
    const media = mediaOf(camera, await (isChannel && options.lists ? options.lists.of(target, read) : read()));
    const found = await readMedia(camera, { media, source: target.source ?? null }, options);
    return { ...label, clockSkewMs, ...found };
  } catch (error) {
    throw blameClock(error, clockSkewMs);
  }
}

async function readMedia(
  camera: OpenCamera,
  { media, source }: { media: CameraMedia; source: string | null },
  options: InspectionOptions,
) {
  const { profiles } = media;
  const { main, sub } = choosePair(profiles, source);
  const mainStreamUrl = await streamUrl(camera, media, main, options);
  const subStreamUrl = sub ? await streamUrl(camera, media, sub, options) : null;
  return { profiles, mainStreamUrl, subStreamUrl, snapshotUrl: await snapshotUrl(camera, media, main) };
}
