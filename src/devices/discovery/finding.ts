import { atCamera } from '../onvif/addresses.ts';
import type { Announcement } from '../onvif/strangers/announcements.ts';
import type { Introduction } from '../onvif/strangers/introduce.ts';

/** What was found at one address and port. */
export interface Finding {
  /** `address:port`, by which it is one thing however often it is found. */
  door: string;
  address: string;
  /** The device service, at the address that was heard or asked. */
  xaddr: string;
  how: 'probe' | 'hello' | 'sweep';
  endpoint: string | null;
  maker: string | null;
  model: string | null;
  name: string | null;
  serial: string | null;
  firmware: string | null;
  /** `told`: it said who made it; `login`: it wants a login for that; `silent`: it answers no question over HTTP. */
  answer: 'told' | 'login' | 'silent';
  /** It said that it goes. */
  gone: boolean;
}

/** What answered at an address, before it says who it is. */
export function unlabelled(xaddr: URL, how: Finding['how']): Finding {
  return {
    door: doorOf(xaddr),
    address: hostOf(xaddr),
    xaddr: xaddr.href,
    how,
    endpoint: null,
    maker: null,
    model: null,
    name: null,
    serial: null,
    firmware: null,
    answer: 'silent',
    gone: false,
  };
}

/** With what it told when it was asked. */
export function introduced(finding: Finding, { isOpen, ...known }: Introduction): Finding {
  const told = Object.fromEntries(Object.entries(known).filter(([, text]) => text !== null));
  return { ...finding, ...told, answer: isOpen ? 'told' : 'login' };
}

/** The address it told that is the one it spoke from; else the first one, brought there. */
export function addressOf({ xaddrs }: Announcement, from: string): URL | null {
  const first = xaddrs.find(({ hostname }) => hostname === from) ?? xaddrs[0];
  if (!first) return null;
  const here = new URL(first);
  here.hostname = from;
  return atCamera(first.href, here);
}

/** Address and port. */
export function doorOf(xaddr: URL): string {
  const port = xaddr.port || (xaddr.protocol === 'https:' ? '443' : '80');
  return `${hostOf(xaddr)}:${port}`;
}

/** Without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
