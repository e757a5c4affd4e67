import { XMLParser } from 'fast-xml-parser';
import type { UsernameToken } from './wsse.ts';

export type XmlValue = string | XmlValue[] | { [name: string]: XmlValue };

/** A SOAP request as far as a camera cares. */
export interface SoapRequest {
  operation: string;
  /** The operation's element, prefixes removed. */
  body: XmlValue;
  token: UsernameToken | null;
  messageId: string | null;
  /** The whole request, for what stands in attributes. */
  text: string;
  /** Which of the subscriptions at one address is meant. */
  subscriptionId: string | null;
}

const parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false, htmlEntities: true });

/** Null when the text is not a SOAP envelope with one operation. */
export function parseRequest(text: string): SoapRequest | null {
  let document: XmlValue;
  try {
    document = parser.parse(text) as XmlValue;
  } catch {
    return null;
  }
  const body = pick(document, 'Envelope', 'Body');
  const operation = typeof body === 'object' && !Array.isArray(body) ? Object.keys(body)[0] : undefined;
  if (operation === undefined) return null;
  const token = pick(document, 'Envelope', 'Header', 'Security', 'UsernameToken');
  const messageId = textOf(pick(document, 'Envelope', 'Header', 'MessageID')) || null;
  const subscriptionId = headerText(pick(document, 'Envelope', 'Header', 'SubscriptionId')) || null;
  const about = { text, messageId, subscriptionId, token: token ? readToken(token) : null };
  return { operation, body: pick(body, operation) ?? '', ...about };
}

/** The parser gives an element with attributes as an object. */
function headerText(value: XmlValue | undefined): string {
  return textOf(value) || textOf(pick(value, '#text'));
}

function readToken(token: XmlValue): UsernameToken {
  const read = (name: string): string => textOf(pick(token, name));
  return { username: read('Username'), password: read('Password'), nonce: read('Nonce'), created: read('Created') };
}

export function pick(value: XmlValue | undefined, ...path: string[]): XmlValue | undefined {
  let current = value;
  for (const name of path) {
    if (typeof current !== 'object' || Array.isArray(current)) return undefined;
    current = current[name];
  }
  return current;
}

export function textOf(value: XmlValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function escapeXml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
  return text.replace(/[&<>"']/g, (character) => names[character] ?? character);
}

/** An element with children that are XML already. */
export function tag(name: string, ...children: string[]): string {
  return `<${name}>${children.join('')}</${name}>`;
}

/** An element with text. */
export function leaf(name: string, text: string | number | boolean): string {
  return `<${name}>${escapeXml(String(text))}</${name}>`;
}

const NAMESPACES = [
  'xmlns:env="http://www.w3.org/2003/05/soap-envelope"',
  'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"',
  'xmlns:trt="http://www.onvif.org/ver10/media/wsdl"',
  'xmlns:tr2="http://www.onvif.org/ver20/media/wsdl"',
  'xmlns:timg="http://www.onvif.org/ver20/imaging/wsdl"',
  'xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl"',
  'xmlns:tev="http://www.onvif.org/ver10/events/wsdl"',
  'xmlns:tse="http://www.onvif.org/ver10/search/wsdl"',
  'xmlns:trp="http://www.onvif.org/ver10/replay/wsdl"',
  'xmlns:tns1="http://www.onvif.org/ver10/topics"',
  'xmlns:tt="http://www.onvif.org/ver10/schema"',
  'xmlns:wsa="http://www.w3.org/2005/08/addressing"',
  'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"',
  'xmlns:wstop="http://docs.oasis-open.org/wsn/t-1"',
  'xmlns:ter="http://www.onvif.org/ver10/error"',
].join(' ');

export function envelope(body: string): string {
  const content = tag('env:Body', body);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<env:Envelope ${NAMESPACES}>${content}</env:Envelope>`;
}

/** A refusal in the words of the ONVIF core specification §5.11. */
export class SoapFault extends Error {
  readonly status: number;
  readonly code: 'Sender' | 'Receiver';
  readonly subcodes: string[];

  constructor(status: number, code: 'Sender' | 'Receiver', subcodes: string[], reason: string) {
    super(reason);
    this.status = status;
    this.code = code;
    this.subcodes = subcodes;
  }

  toXml(): string {
    const subcode = this.subcodes.reduceRight(
      (inner, name) => `<env:Subcode><env:Value>ter:${name}</env:Value>${inner}</env:Subcode>`,
      '',
    );
    const code = `<env:Code><env:Value>env:${this.code}</env:Value>${subcode}</env:Code>`;
    const reason = `<env:Reason><env:Text xml:lang="en">${escapeXml(this.message)}</env:Text></env:Reason>`;
    return envelope(`<env:Fault>${code}${reason}</env:Fault>`);
  }
}

/** What ONVIF has a device answer to an operation it does not offer, in the words of the Core Specification. */
export function operationUnknown(): SoapFault {
  return new SoapFault(500, 'Receiver', ['ActionNotSupported'], 'Optional Action Not Implemented');
}
