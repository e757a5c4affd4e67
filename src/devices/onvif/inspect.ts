import MediaService from 'node-onvif/lib/modules/service-media.js';
import { ownUrl } from './addresses.ts';
import {
  blameClock,
  type CameraLabel,
  type CameraTarget,
  type InspectOptions,
  openCamera,
  readLabel,
} from './identify.ts';
import { OnvifError } from './problems.ts';
import { choosePair, type OnvifProfile, readProfiles } from './profiles.ts';
import type { OnvifSession } from './session.ts';
import { at, escapeXml, type XmlElement } from './xml.ts';

export type { CameraTarget, InspectOptions } from './identify.ts';
export type { OnvifProfile } from './profiles.ts';
export type { OnvifPorts } from './session.ts';

/** What a camera says of itself. All identity is text as the camera wrote it: firmware "2.10" is not 2.1. */
export interface CameraInspection extends CameraLabel {
  /** The camera's clock minus ours; null when it does not tell. */
  clockSkewMs: number | null;
  profiles: OnvifProfile[];
  mainStreamUrl: string;
  /** Null when the camera has one stream alone. */
  subStreamUrl: string | null;
  /** Null when the camera offers none, or one on another machine. */
  snapshotUrl: string | null;
}

/**
 * Asks a camera who it is and where its pictures are. Throws {@link OnvifError} with the problem and a hint,
 * `outbound.refused` for an address outside the camera networks, `request.invalid` for one that is none. Contacts the
 * one host of `xaddr` and no other.
 */
export async function inspectCamera(target: CameraTarget, options: InspectOptions): Promise<CameraInspection> {
  const camera = await openCamera(target, options);
  const { session, device, address, clockSkewMs } = camera;
  try {
    const label = await readLabel(camera, null);
    const capabilities = await session.call(() => device.getCapabilities());
    const media = new MediaService({ xaddr: mediaAddress(capabilities, address) });
    camera.login(media);
    return { ...label, clockSkewMs, ...(await readMedia(session, media, address)) };
  } catch (error) {
    throw blameClock(error, clockSkewMs);
  }
}

function mediaAddress(capabilities: XmlElement, camera: URL): string {
  const told = at(capabilities, 'Capabilities', 'Media', 'XAddr')?.text;
  const operation = 'GetCapabilities';
  if (!told) throw new OnvifError('unsupported', { operation, detail: 'it has no media service' });
  const url = ownUrl(told, camera, ['http:', 'https:']);
  if (url) return url.href;
  throw new OnvifError('device-fault', { operation, detail: 'it names a media service on another machine' });
}

async function readMedia(session: OnvifSession, media: MediaService, camera: URL) {
  const profiles = readProfiles(await session.call(() => media.getProfiles()));
  const { main, sub } = choosePair(profiles);
  const mainStreamUrl = await streamUrl(session, media, { camera, profile: main });
  const subStreamUrl = sub ? await streamUrl(session, media, { camera, profile: sub }) : null;
  return {
    profiles,
    mainStreamUrl,
    subStreamUrl,
    snapshotUrl: await snapshotUrl(session, media, { camera, profile: main }),
  };
}

interface Wanted {
  camera: URL;
  profile: OnvifProfile;
}

async function streamUrl(session: OnvifSession, media: MediaService, { camera, profile }: Wanted): Promise<string> {
  const params = { ProfileToken: escapeXml(profile.token), Protocol: 'RTSP' as const };
  const answer = await session.call(() => media.getStreamUri(params));
  const url = ownUrl(at(answer, 'MediaUri', 'Uri')?.text ?? '', camera, ['rtsp:']);
  if (url) return url.href;
  const detail = 'its stream address is not an rtsp address of this camera';
  throw new OnvifError('device-fault', { operation: 'GetStreamUri', detail });
}

/** A snapshot is a convenience: a camera without one, or with a useless address, is still a camera. */
async function snapshotUrl(session: OnvifSession, media: MediaService, wanted: Wanted): Promise<string | null> {
  try {
    const params = { ProfileToken: escapeXml(wanted.profile.token) };
    const answer = await session.call(() => media.getSnapshotUri(params));
    return ownUrl(at(answer, 'MediaUri', 'Uri')?.text ?? '', wanted.camera, ['http:', 'https:'])?.href ?? null;
  } catch (error) {
    if (error instanceof OnvifError && ['unsupported', 'device-fault', 'malformed'].includes(error.problem))
      return null;
    throw error;
  }
}
