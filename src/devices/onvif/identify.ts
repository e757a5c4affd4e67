import DeviceService from 'node-onvif/lib/modules/service-device.js';
import { CitywatchError } from '../../core/errors.ts';
import type { ShownCertificate } from '../../core/registry/unit.ts';
import { isSameSerial, type UnitIdentity } from '../units/identity.ts';
import { cameraUrl } from './addresses.ts';
import { measureSkew } from './clock-skew.ts';
import { envelope } from './envelope.ts';
import { OnvifError } from './problems.ts';
import { type OnvifPorts, OnvifSession, SESSION_LIMITS } from './session.ts';
import { at, escapeXml, labelText, type XmlElement } from './xml.ts';

export interface CameraTarget {
  /** The full address of the device service, `http://10.1.2.3/onvif/device_service`. */
  xaddr: string;
  username: string;
  password: string;
  /** Token of the video source that is meant; any where it is absent. */
  source?: string | null | undefined;
  /** The certificate that it is believed by over https, see `HttpRequest.pin`; the trusted ones where it is absent. */
  fingerprint?: string | null | undefined;
}

export interface InspectOptions extends OnvifPorts {
  /** For everything together; 15,000 unless told. */
  deadlineMs?: number;
  signal?: AbortSignal;
}

/** What a camera says of itself, with what changes in its life. */
export interface CameraLabel extends UnitIdentity {
  firmware: string;
  hardwareId: string;
  /** What it showed over https; null over http. */
  certificate: ShownCertificate | null;
}

/** A camera that is being spoken to: its session, its device service with the login, and how far its clock is off. */
export interface OpenCamera {
  address: URL;
  session: Pick<OnvifSession, 'call' | 'send' | 'certificate'>;
  device: DeviceService;
  clockSkewMs: number | null;
  login(service: Loginable): void;
  /** Sends a question that node-onvif does not know, with the login where one is to go along. */
  ask(question: OwnQuestion): Promise<XmlElement>;
}

/** A question of ours; `body` is the operation's element. */
export interface OwnQuestion {
  url: string;
  /** `http://www.onvif.org/ver20/media/wsdl`. */
  namespace: string;
  operation: string;
  body: string;
}

/** Such a question as an envelope; `login` is null where none goes along. */
export function ownEnvelope(
  { url, namespace, operation, body }: OwnQuestion,
  login: Parameters<typeof envelope>[1],
): string {
  return envelope({ action: `${namespace}/${operation}`, to: url, body }, login);
}

/** A service of node-onvif. */
export interface Loginable {
  setAuth(user: string, password: string): void;
  time_diff: number;
}

const DEADLINE_MS = 15_000;
/** Tokens of a camera this far off are refused by many cameras even when we count by its clock. */
const SKEW_ALARM_MS = 5_000;
const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';

/** Measures the camera's clock, by which passwords are judged. Throws as {@link identifyCamera}. */
export async function openCamera(target: CameraTarget, options: InspectOptions): Promise<OpenCamera> {
  const address = cameraUrl(target.xaddr);
  if (!address) {
    const message = 'must be like http://10.1.2.3/onvif/device_service, without user and password';
    throw new CitywatchError('request.invalid', { issues: [{ path: 'onvif.xaddr', message }] });
  }
  const { deadlineMs = DEADLINE_MS, signal } = options;
  const session = new OnvifSession(options, { ...SESSION_LIMITS, login: target, deadlineMs, signal });
  const device = new DeviceService({ xaddr: address.href });
  const clockSkewMs = await measureSkew(() => session.call(() => device.getSystemDateAndTime()), options.clock);
  const login: OpenCamera['login'] = (service) => {
    service.setAuth(escapeXml(target.username), target.password);
    service.time_diff = clockSkewMs ?? 0;
  };
  login(device);
  const ask: OpenCamera['ask'] = (question) => {
    const cameraNowMs = options.clock.nowMs() + (clockSkewMs ?? 0);
    return session.send(question.url, question.operation, ownEnvelope(question, { ...target, cameraNowMs }));
  };
  return { address, session, device, clockSkewMs, login, ask };
}

/**
 * Asks a camera who it is. Where its serial number is that of `known`, nothing more is asked. Throws
 * {@link OnvifError}, `outbound.refused`, `request.invalid`. Contacts the one host of `xaddr`.
 */
export async function identifyCamera(
  target: CameraTarget,
  options: InspectOptions,
  known: UnitIdentity | null,
): Promise<CameraLabel> {
  const camera = await openCamera(target, options);
  try {
    return await readLabel(camera, known);
  } catch (error) {
    throw blameClock(error, camera.clockSkewMs);
  }
}

/** Who the camera is; hardware address and endpoint are asked for only where `known` does not suffice. */
export async function readLabel(camera: OpenCamera, known: UnitIdentity | null): Promise<CameraLabel> {
  const { session, device } = camera;
  const information = await session.call(() => device.getDeviceInformation());
  const label = {
    maker: labelText(at(information, 'Manufacturer')),
    model: labelText(at(information, 'Model')),
    firmware: labelText(at(information, 'FirmwareVersion')),
    serial: labelText(at(information, 'SerialNumber')),
    hardwareId: labelText(at(information, 'HardwareId')),
    certificate: session.certificate,
  };
  if (known && isSameSerial(known, label.serial)) return { ...label, mac: known.mac, endpoint: known.endpoint };
  return { ...label, mac: await optional(hardwareAddresses(camera)), endpoint: await optional(endpointOf(camera)) };
}

async function hardwareAddresses({ session, device }: OpenCamera): Promise<string | null> {
  const answer = await session.call(() => device.getNetworkInterfaces());
  const all = answer.children
    .filter(({ name }) => name === 'NetworkInterfaces')
    .map((one) => labelText(at(one, 'Info', 'HwAddress')));
  const plain = all
    .map((one) => one.toLowerCase().replaceAll('-', ':'))
    .filter((one) => /^[0-9a-f:]{11,23}$/.test(one));
  return plain.length > 0 ? [...new Set(plain)].sort().join(',') : null;
}

/** node-onvif does not know the question; it needs no login (ONVIF core specification, access class PRE_AUTH). */
async function endpointOf({ session, address }: OpenCamera): Promise<string | null> {
  const body = '<tds:GetEndpointReference/>';
  const question = envelope({ action: `${DEVICE}/GetEndpointReference`, to: address.href, body }, null);
  const answer: XmlElement = await session.send(address.href, 'GetEndpointReference', question);
  return labelText(at(answer, 'GUID')) || null;
}

/** Many cameras lack one or the other, or keep it from our user: then it tells nothing. */
async function optional(asked: Promise<string | null>): Promise<string | null> {
  try {
    return await asked;
  } catch (error) {
    const silent = ['unsupported', 'device-fault', 'malformed', 'auth'];
    if (error instanceof OnvifError && silent.includes(error.problem)) return null;
    throw error;
  }
}

/** A refused login says nothing about the password while the clocks differ. */
export function blameClock(error: unknown, skewMs: number | null): unknown {
  if (!(error instanceof OnvifError) || error.problem !== 'auth') return error;
  if (skewMs === null || Math.abs(skewMs) <= SKEW_ALARM_MS) return error;
  const detail = `the camera's clock is ${Math.round(skewMs / 1000)} s off and it refuses the login`;
  return new OnvifError('clock-skew', {
    detail,
    cause: error,
    ...(error.operation ? { operation: error.operation } : {}),
  });
}
