import { cameraUrl } from '../addresses.ts';
import { clean } from '../notifications.ts';
import { OnvifError } from '../problems.ts';
import { at, escapeXml, parseXml, type XmlElement } from '../xml.ts';

/** The group and the port at which devices are looked for (WS-Discovery 2005/04 §2.4). */
export const DISCOVERY_GROUP = { address: '239.255.255.250', port: 3702 } as const;
/** A datagram with more is no announcement of a camera. */
export const ANNOUNCEMENT_MAX_BYTES = 16 * 1024;
/** Matches of one envelope that are looked at; a proxy answers for many devices. */
const MATCHES_MAX = 64;
const XADDRS_MAX = 8;
const TEXT_MAX_CHARACTERS = 128;

/** What a device says of itself to everybody, or that it goes. */
export interface Announcement {
  what: 'match' | 'hello' | 'bye';
  /** `urn:uuid:…`, constant for the unit; null where it is none. */
  endpoint: string | null;
  /** Its own word for its addresses. */
  xaddrs: URL[];
  /** From its scopes, as text. */
  name: string | null;
  maker: string | null;
  model: string | null;
}

const NAMESPACES = [
  'xmlns:s="http://www.w3.org/2003/05/soap-envelope"',
  'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"',
  'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"',
  'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"',
  'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"',
].join(' ');

/** What is looked for: makers answer to one of both, or to both. */
export const SOUGHT_TYPES = ['dn:NetworkVideoTransmitter', 'tds:Device'] as const;

/** The question who is there; `id` is `urn:uuid:…`, and comes back in the answers. */
export function probe(id: string, type: (typeof SOUGHT_TYPES)[number]): Buffer {
  const header = [
    '<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>',
    `<a:MessageID>${escapeXml(id)}</a:MessageID>`,
    '<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>',
  ].join('');
  const body = `<d:Probe><d:Types>${type}</d:Types></d:Probe>`;
  const content = `<s:Header>${header}</s:Header><s:Body>${body}</s:Body>`;
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?><s:Envelope ${NAMESPACES}>${content}</s:Envelope>`);
}

/**
 * What a datagram announces; nothing for one that is no announcement, such as somebody else's question. Matches must
 * answer one of the questions in `asked`. Throws `malformed` as {@link parseXml}.
 */
export function readAnnouncements(bytes: Buffer, asked: ReadonlySet<string>): Announcement[] {
  const envelope = parseXml(bytes);
  if (envelope.name !== 'Envelope') throw new OnvifError('malformed', { detail: 'no SOAP envelope' });
  const body = at(envelope, 'Body');
  const [hello, bye] = [at(body, 'Hello'), at(body, 'Bye')];
  if (hello) return [announcementOf('hello', hello)];
  if (bye) return [announcementOf('bye', bye)];
  const matches = at(body, 'ProbeMatches');
  if (!matches || !asked.has(at(envelope, 'Header', 'RelatesTo')?.text ?? '')) return [];
  return matches.children
    .filter(({ name }) => name === 'ProbeMatch')
    .slice(0, MATCHES_MAX)
    .map((match) => announcementOf('match', match));
}

function announcementOf(what: Announcement['what'], element: XmlElement): Announcement {
  const words = (name: string): string[] => (at(element, name)?.text ?? '').split(/\s+/).filter((word) => word !== '');
  const scopes = words('Scopes');
  return {
    what,
    endpoint: endpointOf(at(element, 'EndpointReference', 'Address')?.text ?? ''),
    xaddrs: words('XAddrs')
      .slice(0, XADDRS_MAX)
      .flatMap((text) => cameraUrl(text) ?? []),
    name: scopeText(scopes, ['name']),
    maker: scopeText(scopes, ['manufacturer', 'mfr', 'vendor']),
    model: scopeText(scopes, ['hardware']),
  };
}

/** The one spelling of an endpoint: cameras tell it with and without `urn:uuid:`, in both cases of letters. */
export function endpointOf(text: string): string | null {
  const bare = text
    .trim()
    .replace(/^(?:urn:)?uuid:/i, '')
    .toLowerCase();
  return /^[0-9a-f][0-9a-f-]{7,63}$/.test(bare) ? `urn:uuid:${bare}` : null;
}

/** What stands behind `onvif://www.onvif.org/<one of these words>/`, percent-encoding read. */
function scopeText(scopes: readonly string[], words: readonly string[]): string | null {
  for (const scope of scopes) {
    const [, word = '', rest = ''] = /^onvif:\/\/www\.onvif\.org\/([a-z]+)\/(.+)$/i.exec(scope) ?? [];
    if (!words.includes(word.toLowerCase())) continue;
    const text = clean(decoded(rest), TEXT_MAX_CHARACTERS);
    if (text !== '') return text;
  }
  return null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
