import DeviceService from 'node-onvif/lib/modules/service-device.js';
import MediaService from 'node-onvif/lib/modules/service-media.js';
import { CitywatchError } from '../../core/errors.ts';
import { cameraUrl, ownUrl } from './addresses.ts';
import { measureSkew } from './clock-skew.ts';
import { OnvifError } from './problems.ts';
import { choosePair, type OnvifProfile, readProfiles } from './profiles.ts';
import { type OnvifPorts, OnvifSession } from './session.ts';
import { at, escapeXml, labelText, type XmlElement } from './xml.ts';

export type { OnvifProfile } from './profiles.ts';
export type { OnvifPorts } from './session.ts';

export interface CameraTarget {
  /** The full address of the device service, `http://10.1.2.3/onvif/device_service`. */
  xaddr: string;
  username: string;
  password: string;
}

export interface InspectOptions extends OnvifPorts {
  /** For everything together; 15,000 unless told. */
  deadlineMs?: number;
  signal?: AbortSignal;
}

/** What a camera says of itself. All identity is text as the camera wrote it: firmware "2.10" is not 2.1. */
export interface CameraInspection {
  maker: string;
  model: string;
  firmware: string;
  serial: string;
  hardwareId: string;
  /** The camera's clock minus ours; null when it does not tell. */
  clockSkewMs: number | null;
  profiles: OnvifProfile[];
  mainStreamUrl: string;
  /** Null when the camera has one stream alone. */
  subStreamUrl: string | null;
  /** Null when the camera offers none, or one on another machine. */
  snapshotUrl: string | null;
}

const DEADLINE_MS = 15_000;
/** Tokens of a camera this far off are refused by many cameras even when we count by its clock. */
const SKEW_ALARM_MS = 5_000;

/**
 * Asks a camera who it is and where its pictures are. Throws {@link OnvifError} with the problem and a hint,
 * `outbound.refused` for an address outside the camera networks, `request.invalid` for one that is none. Contacts the
 * one host of `xaddr` and no other.
 */
export async function inspectCamera(target: CameraTarget, options: InspectOptions): Promise<CameraInspection> {
  const address = cameraUrl(target.xaddr);
  if (!address) {
    const message = 'must be like http://10.1.2.3/onvif/device_service, without user and password';
    throw new CitywatchError('request.invalid', { issues: [{ path: 'onvif.xaddr', message }] });
  }
  const { deadlineMs = DEADLINE_MS, signal } = options;
  const session = new OnvifSession(options, { login: target, deadlineMs, signal });
  const device = new DeviceService({ xaddr: address.href });
  const clockSkewMs = await measureSkew(() => session.call(() => device.getSystemDateAndTime()), options.clock);
  const login = (service: { setAuth(user: string, password: string): void; time_diff: number }): void => {
    service.setAuth(escapeXml(target.username), target.password);
    service.time_diff = clockSkewMs ?? 0;
  };
  login(device);
  try {
    const information = await session.call(() => device.getDeviceInformation());
    const capabilities = await session.call(() => device.getCapabilities());
    const media = new MediaService({ xaddr: mediaAddress(capabilities, address) });
    login(media);
    return { ...readIdentity(information), clockSkewMs, ...(await readMedia(session, media, address)) };
  } catch (error) {
    throw blameClock(error, clockSkewMs);
  }
}

/** A refused login says nothing about the password while the clocks differ. */
function blameClock(error: unknown, skewMs: number | null): unknown {
  if (!(error instanceof OnvifError) || error.problem !== 'auth') return error;
  if (skewMs === null || Math.abs(skewMs) <= SKEW_ALARM_MS) return error;
  const detail = `the camera's clock is ${Math.round(skewMs / 1000)} s off and it refuses the login`;
  return new OnvifError('clock-skew', {
    detail,
    cause: error,
    ...(error.operation ? { operation: error.operation } : {}),
  });
}

function readIdentity(information: XmlElement) {
  return {
    maker: labelText(at(information, 'Manufacturer')),
    model: labelText(at(information, 'Model')),
    firmware: labelText(at(information, 'FirmwareVersion')),
    serial: labelText(at(information, 'SerialNumber')),
    hardwareId: labelText(at(information, 'HardwareId')),
  };
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
