import { clean } from '../notifications.ts';
import { at, type XmlElement } from '../xml.ts';
import type { AskOptions, CameraServices } from './services.ts';
import { isTrue, orNull } from './time.ts';

/** How a camera is set up in its network; what it does not tell is null or empty. */
export interface CameraNetwork {
  hostname: string | null;
  interfaces: NetworkInterface[];
  /** Routers. */
  gateways: string[];
  /** Name servers. */
  dns: string[];
  protocols: { name: string; enabled: boolean; ports: number[] }[];
}

export interface NetworkInterface {
  name: string | null;
  mac: string | null;
  enabled: boolean;
  /** It takes its address from a DHCP server. */
  dhcp: boolean;
  /** With the length of the prefix, `10.1.2.3/24`. */
  addresses: string[];
}

const LIST_MAX = 16;
const TEXT_MAX_CHARACTERS = 128;

/** Reads it. Throws as {@link CameraServices.ask}; a question that the camera does not know tells nothing. */
export async function readNetwork(services: CameraServices, how: AskOptions): Promise<CameraNetwork> {
  const ask = (operation: string): Promise<XmlElement | null> => orNull(services.ask('device', operation, '', how));
  const hostname = await ask('GetHostname');
  const interfaces = await ask('GetNetworkInterfaces');
  const gateway = await ask('GetNetworkDefaultGateway');
  const dns = at((await ask('GetDNS')) ?? undefined, 'DNSInformation');
  const protocols = await ask('GetNetworkProtocols');
  return {
    hostname: textOf(at(hostname ?? undefined, 'HostnameInformation', 'Name')),
    interfaces: named(interfaces, 'NetworkInterfaces').map(interfaceIn),
    gateways: (at(gateway ?? undefined, 'NetworkGateway')?.children ?? []).slice(0, LIST_MAX).flatMap(textsOf),
    dns: [...named(dns, 'DNSManual'), ...named(dns, 'DNSFromDHCP')].flatMap((one) =>
      one.children.filter(({ name }) => /^IPv[46]Address$/.test(name)).flatMap(textsOf),
    ),
    protocols: named(protocols, 'NetworkProtocols').map((one) => ({
      name: textOf(at(one, 'Name')) ?? '',
      enabled: isTrue(at(one, 'Enabled')),
      ports: named(one, 'Port').flatMap(({ text }) => (Number(text) > 0 ? Number(text) : [])),
    })),
  };
}

function interfaceIn(one: XmlElement): NetworkInterface {
  const ipv4 = at(one, 'IPv4', 'Config');
  const ipv6 = at(one, 'IPv6', 'Config');
  const leased = isTrue(at(ipv4, 'DHCP')) ? named(ipv4, 'FromDHCP') : [];
  // What was set by hand before is told too, and is not in force while DHCP gives another.
  const all = [...(leased.length > 0 ? leased : named(ipv4, 'Manual')), ...named(ipv6, 'Manual')];
  return {
    name: textOf(at(one, 'Info', 'Name')),
    mac: textOf(at(one, 'Info', 'HwAddress')),
    enabled: isTrue(at(one, 'Enabled')),
    dhcp: isTrue(at(ipv4, 'DHCP')),
    addresses: all.flatMap((each) => {
      const address = textOf(at(each, 'Address'));
      return address === null ? [] : [`${address}/${textOf(at(each, 'PrefixLength')) ?? '?'}`];
    }),
  };
}

function named(parent: XmlElement | null | undefined, wanted: string): XmlElement[] {
  return (parent?.children ?? []).filter(({ name }) => name === wanted).slice(0, LIST_MAX);
}

function textOf(element: XmlElement | undefined): string | null {
  return clean(element?.text ?? '', TEXT_MAX_CHARACTERS) || null;
}

function textsOf(element: XmlElement): string[] {
  const text = textOf(element);
  return text === null ? [] : [text];
}
