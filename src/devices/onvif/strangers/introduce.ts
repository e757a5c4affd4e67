import DeviceService from 'node-onvif/lib/modules/service-device.js';
import { envelope } from '../envelope.ts';
import { OnvifError } from '../problems.ts';
import { type OnvifPorts, OnvifSession, XML_OF_STRANGERS_MAX_BYTES } from '../session.ts';
import { at, labelText, type XmlElement } from '../xml.ts';
import { endpointOf } from './announcements.ts';

/** What a device tells whoever asks, without a login. */
export interface Introduction {
  maker: string | null;
  model: string | null;
  serial: string | null;
  firmware: string | null;
  endpoint: string | null;
  /** Whether it told who made it; if not, it wants a login for that. */
  isOpen: boolean;
}

export interface IntroduceOptions {
  signal: AbortSignal;
  /** For all questions together. */
  deadlineMs: number;
}

const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';

/**
 * Asks what answers at `address` who it is, without a login. Null for what does not speak ONVIF: it must tell its time,
 * which every ONVIF device tells everybody. Throws `outbound.refused` outside the camera networks, and what `signal`
 * was aborted with.
 */
export async function introduction(
  address: URL,
  ports: OnvifPorts,
  { signal, deadlineMs }: IntroduceOptions,
): Promise<Introduction | null> {
  const session = new OnvifSession(ports, {
    login: { username: '', password: '' },
    digest: 'never',
    maxBytes: XML_OF_STRANGERS_MAX_BYTES,
    requestMs: deadlineMs,
    deadlineMs,
    signal,
  });
  const device = new DeviceService({ xaddr: address.href });
  const clock = await told(session.call(() => device.getSystemDateAndTime()));
  if (!clock || !at(clock, 'SystemDateAndTime')) return null;
  const label = await told(session.call(() => device.getDeviceInformation()));
  const body = '<tds:GetEndpointReference/>';
  const question = envelope({ action: `${DEVICE}/GetEndpointReference`, to: address.href, body }, null);
  const endpoint = await told(session.send(address.href, 'GetEndpointReference', question));
  const text = (name: string): string | null => (label && labelText(at(label, name))) || null;
  return {
    maker: text('Manufacturer'),
    model: text('Model'),
    serial: text('SerialNumber'),
    firmware: text('FirmwareVersion'),
    endpoint: endpoint && endpointOf(labelText(at(endpoint, 'GUID'))),
    isOpen: label !== null,
  };
}

/** Null for what it does not tell. */
async function told(asked: Promise<XmlElement>): Promise<XmlElement | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof OnvifError) return null;
    throw error;
  }
}
