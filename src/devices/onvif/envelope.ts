import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { toRfc3339 } from '../../core/clock.ts';
import type { Login } from '../../platform/outbound/http-auth.ts';
import { escapeXml } from './xml.ts';

/** An element that a camera asks to be sent back as it came (WS-Addressing reference parameter). */
export interface Echo {
  name: string;
  namespace: string;
  text: string;
}

export interface Question {
  /** The WS-Addressing action, which tells requests of one address apart. */
  action: string;
  /** Where the camera believes to be asked: its own word for the address, which need not be ours. */
  to: string;
  echoes?: readonly Echo[];
  /** The operation's element, made of our own text and numbers alone. */
  body: string;
}

const NAMESPACES = [
  'xmlns:s="http://www.w3.org/2003/05/soap-envelope"',
  'xmlns:a="http://www.w3.org/2005/08/addressing"',
  'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"',
  'xmlns:trt="http://www.onvif.org/ver10/media/wsdl"',
  'xmlns:tr2="http://www.onvif.org/ver20/media/wsdl"',
  'xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl"',
  'xmlns:timg="http://www.onvif.org/ver20/imaging/wsdl"',
  'xmlns:tse="http://www.onvif.org/ver10/search/wsdl"',
  'xmlns:trp="http://www.onvif.org/ver10/replay/wsdl"',
  'xmlns:tt="http://www.onvif.org/ver10/schema"',
  'xmlns:tev="http://www.onvif.org/ver10/events/wsdl"',
  'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"',
].join(' ');

const WSS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';

/** A request as a SOAP 1.2 envelope, with a UsernameToken made for the camera's own time where there is a login. */
export function envelope(question: Question, login: (Login & { cameraNowMs: number }) | null): string {
  const { action, to, echoes = [], body } = question;
  const header = [
    `<a:Action>${escapeXml(action)}</a:Action>`,
    `<a:MessageID>urn:uuid:${randomUUID()}</a:MessageID>`,
    '<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>',
    `<a:To>${escapeXml(to)}</a:To>`,
    ...echoes.map(echoed),
    login ? security(login) : '',
  ].join('');
  const content = `<s:Header>${header}</s:Header><s:Body>${body}</s:Body>`;
  return `<?xml version="1.0" encoding="UTF-8"?><s:Envelope ${NAMESPACES}>${content}</s:Envelope>`;
}

function echoed({ name, namespace, text }: Echo): string {
  return `<r:${name} xmlns:r="${escapeXml(namespace)}" a:IsReferenceParameter="true">${escapeXml(text)}</r:${name}>`;
}

/** UsernameToken Profile 1.0: base64 of SHA-1 over nonce, created and password. */
function security({ username, password, cameraNowMs }: Login & { cameraNowMs: number }): string {
  const nonce = randomBytes(16);
  const created = toRfc3339(cameraNowMs);
  const digest = createHash('sha1').update(nonce).update(created).update(password).digest('base64');
  return [
    `<w:Security xmlns:w="${WSS}-wssecurity-secext-1.0.xsd" xmlns:u="${WSS}-wssecurity-utility-1.0.xsd">`,
    `<w:UsernameToken><w:Username>${escapeXml(username)}</w:Username>`,
    `<w:Password Type="${WSS}-username-token-profile-1.0#PasswordDigest">${digest}</w:Password>`,
    `<w:Nonce EncodingType="${WSS}-soap-message-security-1.0#Base64Binary">${nonce.toString('base64')}</w:Nonce>`,
    `<u:Created>${created}</u:Created></w:UsernameToken></w:Security>`,
  ].join('');
}
