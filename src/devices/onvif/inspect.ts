import MediaService from 'node-onvif/lib/modules/service-media.js';
import { deadline } from '../../core/clock.ts';
import { atCamera, streamAtCamera } from './addresses.ts';
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

export interface InspectionOptions extends InspectOptions {
  /** Whether something listens there; rejects when not. */
  reach(place: { host: string; port: number }, signal: AbortSignal): Promise<void>;
}

/** What a camera says of itself. All identity is text as the camera wrote it: firmware "2.10" is not 2.1. */
export interface CameraInspection extends CameraLabel {
  /** The camera's clock minus ours; null when it does not tell. */
  clockSkewMs: number | null;
  profiles: OnvifProfile[];
  mainStreamUrl: string;
  /** Null when the camera has one stream alone. */
  subStreamUrl: string | null;
  /** Null when the camera offers none. */
  snapshotUrl: string | null;
}

const REACH_MS = 3_000;
const RTSP_PORT = 554;

/**
 * Asks a camera who it is and where its pictures are. Throws {@link OnvifError} with the problem and a hint,
 * `outbound.refused` for an address outside the camera networks, `request.invalid` for one that is none. Contacts the
 * one host of `xaddr` and no other.
 */
export async function inspectCamera(target: CameraTarget, options: InspectionOptions): Promise<CameraInspection> {
  const camera = await openCamera(target, options);
  const { session, device, address, clockSkewMs } = camera;
  try {
    const label = await readLabel(camera, null);
    const capabilities = await session.call(() => device.getCapabilities());
    const media = new MediaService({ xaddr: mediaAddress(capabilities, address) });
    camera.login(media);
    const asking = { session, camera: address, options };
    return { ...label, clockSkewMs, ...(await readMedia(asking, media)) };
  } catch (error) {
    throw blameClock(error, clockSkewMs);
  }
}

function mediaAddress(capabilities: XmlElement, camera: URL): string {
  const told = at(capabilities, 'Capabilities', 'Media', 'XAddr')?.text;
  const url = told ? atCamera(told, camera) : null;
  if (url) return url.href;
  throw new OnvifError('unsupported', { operation: 'GetCapabilities', detail: 'it has no media service' });
}

async function readMedia(asking: Asking, media: MediaService) {
  const profiles = readProfiles(await asking.session.call(() => media.getProfiles()));
  const { main, sub } = choosePair(profiles);
  const mainStreamUrl = await streamUrl(asking, media, main);
  const subStreamUrl = sub ? await streamUrl(asking, media, sub) : null;
  return { profiles, mainStreamUrl, subStreamUrl, snapshotUrl: await snapshotUrl(asking, media, main) };
}

interface Asking {
  session: OnvifSession;
  /** The device service as it was contacted. */
  camera: URL;
  options: InspectionOptions;
}

async function streamUrl({ session, camera, options }: Asking, media: MediaService, profile: OnvifProfile) {
  const operation = 'GetStreamUri';
  const params = { ProfileToken: escapeXml(profile.token), Protocol: 'RTSP' as const };
  const answer = await session.call(() => media.getStreamUri(params));
  const address = streamAtCamera(at(answer, 'MediaUri', 'Uri')?.text ?? '', camera);
  if (!address) throw new OnvifError('no-stream-address', { operation, detail: 'it names no rtsp address' });
  const { url, elsewhere } = address;
  if (elsewhere) await forwarded(url, options);
  return url.href;
}

/** A camera that names another host stands behind a NAT, or is registered by name: then its RTSP port is here too. */
async function forwarded(url: URL, { reach, clock, signal }: InspectionOptions): Promise<void> {
  const place = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || RTSP_PORT) };
  const limit = deadline(clock, REACH_MS, signal);
  try {
    await reach(place, limit.signal);
  } catch (cause) {
    const detail = `nothing answers at port ${place.port} of the address it was asked at`;
    throw new OnvifError('behind-nat', { operation: 'GetStreamUri', detail, cause });
  } finally {
    limit.cancel();
  }
}

/** A snapshot is a convenience: a camera without one, or with a useless address, is still a camera. */
async function snapshotUrl(
  { session, camera }: Asking,
  media: MediaService,
  profile: OnvifProfile,
): Promise<string | null> {
  try {
    const params = { ProfileToken: escapeXml(profile.token) };
    const answer = await session.call(() => media.getSnapshotUri(params));
    return atCamera(at(answer, 'MediaUri', 'Uri')?.text ?? '', camera)?.href ?? null;
  } catch (error) {
    if (error instanceof OnvifError && ['unsupported', 'device-fault', 'malformed'].includes(error.problem))
      return null;
    throw error;
  }
}
