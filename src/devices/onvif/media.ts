import MediaService from 'node-onvif/lib/modules/service-media.js';
import { type Clock, deadline } from '../../core/clock.ts';
import { atCamera, streamAtCamera } from './addresses.ts';
import type { OpenCamera } from './identify.ts';
import { OnvifError, type OnvifProblem } from './problems.ts';
import { type OnvifProfile, readProfiles } from './profiles.ts';
import { at, escapeXml, type XmlElement } from './xml.ts';

/** What asking for streams needs beside the camera. */
export interface MediaReach {
  clock: Clock;
  /** Whether something listens there; rejects when not. */
  reach(place: { host: string; port: number }, signal: AbortSignal): Promise<void>;
  signal?: AbortSignal;
}

/** One of the two media services of a camera, and the profiles it tells. */
export interface MediaList {
  service: 'media' | 'media2';
  url: string;
  profiles: readonly OnvifProfile[];
}

/** A list of profiles, and who is asked where each of them is. */
export interface CameraMedia extends MediaList {
  /** As the camera writes it. */
  uriOf(what: 'stream' | 'snapshot', profile: OnvifProfile): Promise<string>;
}

const REACH_MS = 3_000;
const RTSP_PORT = 554;
const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';
const MEDIA = 'http://www.onvif.org/ver10/media/wsdl';
const MEDIA2 = 'http://www.onvif.org/ver20/media/wsdl';

/** What a camera may answer to a question that it does not know, or whose service it does not serve well. */
const LACKING: readonly OnvifProblem[] = ['unsupported', 'device-fault', 'malformed', 'too-big'];

/**
 * The camera's media service with what it tells: Media2 where it has one, since many tell H.265 video there alone;
 * the older one where it has none, or one that does not work. Throws `unsupported` where it has neither.
 */
export async function openMedia(camera: OpenCamera): Promise<CameraMedia> {
  return mediaOf(camera, await listMedia(camera));
}

/** As {@link openMedia}, what it tells alone: the longest answer that a recorder gives. */
export async function listMedia(camera: OpenCamera): Promise<MediaList> {
  const { media, media2 } = await addressesOf(camera);
  // One whose Media2 breaks off the connection is still a camera (onvif_simple_server).
  const mayFallBack = [...LACKING, ...(media ? ['unreachable'] : [])];
  const found = media2 === null ? null : await orNull(listMedia2(camera, media2), mayFallBack);
  if (found) return found;
  const url = media ?? (await oldAddress(camera));
  const profiles = readProfiles(await camera.session.call(() => oldService(camera, url).getProfiles()));
  return { service: 'media', url, profiles };
}

/** To be asked by the login of `camera`, whoever has read the list. */
export function mediaOf(camera: OpenCamera, list: MediaList): CameraMedia {
  const uriOf = list.service === 'media2' ? uris2(camera, list.url) : uris1(camera, list.url);
  return { ...list, uriOf };
}

/** What `GetServices` names, which is for everybody; cameras older than that question name none. */
async function addressesOf(camera: OpenCamera): Promise<Record<'media' | 'media2', string | null>> {
  const body = '<tds:GetServices><tds:IncludeCapability>false</tds:IncludeCapability></tds:GetServices>';
  const question = { url: camera.address.href, namespace: DEVICE, operation: 'GetServices', body };
  const told = await orNull(camera.ask(question), LACKING);
  const addressOf = (namespace: string): string | null => {
    const service = told?.children.find((one) => at(one, 'Namespace')?.text.trim() === namespace);
    return atCamera(at(service, 'XAddr')?.text ?? '', camera.address)?.href ?? null;
  };
  return { media: addressOf(MEDIA), media2: addressOf(MEDIA2) };
}

function ask2({ ask }: OpenCamera, url: string, [operation, inner]: [string, string]): Promise<XmlElement> {
  return ask({ url, namespace: MEDIA2, operation, body: `<tr2:${operation}>${inner}</tr2:${operation}>` });
}

async function listMedia2(camera: OpenCamera, url: string): Promise<MediaList> {
  const types = '<tr2:Type>VideoSource</tr2:Type><tr2:Type>VideoEncoder</tr2:Type>';
  return { service: 'media2', url, profiles: readProfiles(await ask2(camera, url, ['GetProfiles', types]), 'media2') };
}

function uris2(camera: OpenCamera, url: string): CameraMedia['uriOf'] {
  return async (what, { token }) => {
    const profile = `<tr2:ProfileToken>${escapeXml(token)}</tr2:ProfileToken>`;
    const answer =
      what === 'snapshot'
        ? await ask2(camera, url, ['GetSnapshotUri', profile])
        : await ask2(camera, url, ['GetStreamUri', `<tr2:Protocol>RTSP</tr2:Protocol>${profile}`]);
    return at(answer, 'Uri')?.text ?? '';
  };
}

function oldService(camera: OpenCamera, xaddr: string): MediaService {
  const media = new MediaService({ xaddr });
  camera.login(media);
  return media;
}

function uris1(camera: OpenCamera, xaddr: string): CameraMedia['uriOf'] {
  const { session } = camera;
  const media = oldService(camera, xaddr);
  return async (what, { token }) => {
    const ProfileToken = escapeXml(token);
    const answer = await session.call(() =>
      what === 'snapshot'
        ? media.getSnapshotUri({ ProfileToken })
        : media.getStreamUri({ ProfileToken, Protocol: 'RTSP' }),
    );
    return at(answer, 'MediaUri', 'Uri')?.text ?? '';
  };
}

async function oldAddress({ session, device, address }: OpenCamera): Promise<string> {
  const capabilities = await session.call(() => device.getCapabilities());
  const told = at(capabilities, 'Capabilities', 'Media', 'XAddr')?.text;
  const url = told ? atCamera(told, address) : null;
  if (url) return url.href;
  throw new OnvifError('unsupported', { operation: 'GetCapabilities', detail: 'it has no media service' });
}

async function orNull<Answer>(asked: Promise<Answer>, problems: readonly string[]): Promise<Answer | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof OnvifError && problems.includes(error.problem)) return null;
    throw error;
  }
}

/** Where a profile's video is, at the host the camera was asked at. Throws `no-stream-address`, `behind-nat`. */
export async function streamUrl(
  { address: camera }: OpenCamera,
  media: CameraMedia,
  profile: OnvifProfile,
  how: MediaReach,
): Promise<string> {
  const operation = 'GetStreamUri';
  const address = streamAtCamera(await media.uriOf('stream', profile), camera);
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
  { address: camera }: OpenCamera,
  media: CameraMedia,
  profile: OnvifProfile,
): Promise<string | null> {
  const told = await orNull(media.uriOf('snapshot', profile), ['unsupported', 'device-fault', 'malformed']);
  return told === null ? null : (atCamera(told, camera)?.href ?? null);
}
