import MediaService from 'node-onvif/lib/modules/service-media.js';
import { type Clock, deadline } from '../../core/clock.ts';
import { atCamera, streamAtCamera } from './addresses.ts';
import type { OpenCamera } from './identify.ts';
import { OnvifError } from './problems.ts';
import type { OnvifProfile } from './profiles.ts';
import { at, escapeXml, type XmlElement } from './xml.ts';

/** What asking for streams needs beside the camera. */
export interface MediaReach {
  clock: Clock;
  /** Whether something listens there; rejects when not. */
  reach(place: { host: string; port: number }, signal: AbortSignal): Promise<void>;
  signal?: AbortSignal;
}

const REACH_MS = 3_000;
const RTSP_PORT = 554;

/** The camera's media service, logged in as the device service is. Throws `unsupported` where it has none. */
export async function openMedia(camera: OpenCamera): Promise<MediaService> {
  const capabilities = await camera.session.call(() => camera.device.getCapabilities());
  const media = new MediaService({ xaddr: mediaAddress(capabilities, camera.address) });
  camera.login(media);
  return media;
}

function mediaAddress(capabilities: XmlElement, camera: URL): string {
  const told = at(capabilities, 'Capabilities', 'Media', 'XAddr')?.text;
  const url = told ? atCamera(told, camera) : null;
  if (url) return url.href;
  throw new OnvifError('unsupported', { operation: 'GetCapabilities', detail: 'it has no media service' });
}

/** Where a profile's video is, at the host the camera was asked at. Throws `no-stream-address`, `behind-nat`. */
export async function streamUrl(
  { session, address: camera }: OpenCamera,
  media: MediaService,
  profile: OnvifProfile,
  how: MediaReach,
): Promise<string> {
  const operation = 'GetStreamUri';
  const params = { ProfileToken: escapeXml(profile.token), Protocol: 'RTSP' as const };
  const answer = await session.call(() => media.getStreamUri(params));
  const address = streamAtCamera(at(answer, 'MediaUri', 'Uri')?.text ?? '', camera);
  if (!address) throw new OnvifError('no-stream-address', { operation, detail: 'it names no rtsp address' });
  const { url, elsewhere } = address;
  if (elsewhere) await forwarded(url, how);
  return url.href;
}

/** A camera that names another host stands behind a NAT, or is registered by name: then its RTSP port is here too. */
async function forwarded(url: URL, { reach, clock, signal }: MediaReach): Promise<void> {
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
export async function snapshotUrl(
  { session, address: camera }: OpenCamera,
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
