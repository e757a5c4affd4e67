import type { CameraSettings } from './settings.ts';
import { leaf, SoapFault, tag } from './soap.ts';

/** What a camera says of itself; all text, as on the label. */
export interface CameraIdentity {
  maker: string;
  model: string;
  firmware: string;
  serial: string;
  hardwareId: string;
  mac: string;
  /** `urn:uuid:...`, constant for the unit. */
  endpoint: string;
}

export interface DeviceFacts {
  name: string;
  identity: CameraIdentity;
  /** `http://address:port`, as the client can reach it. */
  origin: string;
  address: string;
  /** What it offers beside the device service, by the names of {@link SERVICES}. */
  services: readonly ServiceName[];
  settings: CameraSettings;
  /** The camera's own idea of the time. */
  nowMs: number;
}

/** Operations that the ONVIF core specification allows before login (access class PRE_AUTH). */
export const OPEN_OPERATIONS: ReadonlySet<string> = new Set([
  'GetSystemDateAndTime',
  'GetServices',
  'GetServiceCapabilities',
  'GetCapabilities',
  'GetHostname',
  'GetWsdlUrl',
  'GetEndpointReference',
]);

const DEVICE_NAMESPACE = 'http://www.onvif.org/ver10/device/wsdl';

/** Services by the name in their address, and their name spaces. */
export const SERVICES = {
  event: 'http://www.onvif.org/ver10/events/wsdl',
  media: 'http://www.onvif.org/ver10/media/wsdl',
  media2: 'http://www.onvif.org/ver20/media/wsdl',
  imaging: 'http://www.onvif.org/ver20/imaging/wsdl',
  ptz: 'http://www.onvif.org/ver20/ptz/wsdl',
  search: 'http://www.onvif.org/ver10/search/wsdl',
  replay: 'http://www.onvif.org/ver10/replay/wsdl',
} as const;

export type ServiceName = keyof typeof SERVICES;

const VERSION = tag('tds:Version', leaf('tt:Major', 2), leaf('tt:Minor', 60));

const STREAMING = tag(
  'tt:StreamingCapabilities',
  leaf('tt:RTPMulticast', false),
  leaf('tt:RTP_TCP', true),
  leaf('tt:RTP_RTSP_TCP', true),
);

const PULL_POINT =
  leaf('tt:WSSubscriptionPolicySupport', false) +
  leaf('tt:WSPullPointSupport', true) +
  leaf('tt:WSPausableSubscriptionManagerInterfaceSupport', false);

type Answer = (facts: DeviceFacts) => string;

/** Answers of the device service, by operation; each gives what stands inside `...Response`. */
const ANSWERS: Record<string, Answer> = {
  GetSystemDateAndTime: dateAndTime,
  GetServices: ({ origin, services }) =>
    service(DEVICE_NAMESPACE, origin, 'device') +
    services.map((name) => service(SERVICES[name], origin, name)).join(''),
  GetServiceCapabilities: () =>
    tag(
      'tds:Capabilities',
      '<tds:Network NTP="0"/><tds:Security UsernameToken="true" HttpDigest="true"/><tds:System/>',
    ),
  GetCapabilities: capabilities,
  GetDeviceInformation: ({ identity }) =>
    leaf('tds:Manufacturer', identity.maker) +
    leaf('tds:Model', identity.model) +
    leaf('tds:FirmwareVersion', identity.firmware) +
    leaf('tds:SerialNumber', identity.serial) +
    leaf('tds:HardwareId', identity.hardwareId),
  GetScopes: (facts) =>
    cameraScopes(facts)
      .map((scope) => tag('tds:Scopes', leaf('tt:ScopeDef', 'Fixed'), leaf('tt:ScopeItem', scope)))
      .join(''),
  GetHostname: ({ identity }) =>
    tag('tds:HostnameInformation', leaf('tt:FromDHCP', false), leaf('tt:Name', hostname(identity))),
  GetNetworkInterfaces: networkInterface,
  GetNetworkProtocols: ({ origin }) =>
    tag(
      'tds:NetworkProtocols',
      leaf('tt:Name', 'HTTP'),
      leaf('tt:Enabled', true),
      leaf('tt:Port', new URL(origin).port),
    ),
  GetNetworkDefaultGateway: ({ address }) =>
    tag('tds:NetworkGateway', leaf('tt:IPv4Address', address.replace(/\d+$/, '254'))),
  GetDNS: () => tag('tds:DNSInformation', leaf('tt:FromDHCP', false)),
  GetNTP: timeServers,
  GetEndpointReference: ({ identity }) => leaf('tds:GUID', identity.endpoint.replace('urn:uuid:', '')),
  GetWsdlUrl: () => leaf('tds:WsdlUrl', 'http://www.onvif.org/'),
  GetDiscoveryMode: () => leaf('tds:DiscoveryMode', 'Discoverable'),
};

/** Throws a {@link SoapFault} for an operation this camera does not have. */
export function answerDevice(operation: string, facts: DeviceFacts): string {
  const answer = Object.hasOwn(ANSWERS, operation) ? ANSWERS[operation] : undefined;
  if (!answer) throw new SoapFault(500, 'Receiver', ['ActionNotSupported'], 'Optional Action Not Implemented');
  return `<tds:${operation}Response>${answer(facts)}</tds:${operation}Response>`;
}

/** Scopes as discovery and GetScopes name them. */
export function cameraScopes({ name, identity }: { name: string; identity: CameraIdentity }): string[] {
  const base = 'onvif://www.onvif.org';
  const free = [`name/${encodeURIComponent(name)}`, `hardware/${encodeURIComponent(identity.model)}`];
  return ['type/video_encoder', 'type/Network_Video_Transmitter', 'Profile/Streaming', ...free].map(
    (scope) => `${base}/${scope}`,
  );
}

/** In the order of the schema; Media2 is newer than this question. */
function capabilities({ origin, services }: DeviceFacts): string {
  const one = (element: string, name: ServiceName, more = ''): string =>
    services.includes(name) ? tag(element, leaf('tt:XAddr', `${origin}/onvif/${name}_service`), more) : '';
  return tag(
    'tds:Capabilities',
    tag('tt:Device', leaf('tt:XAddr', `${origin}/onvif/device_service`)),
    one('tt:Events', 'event', PULL_POINT),
    one('tt:Imaging', 'imaging'),
    one('tt:Media', 'media', STREAMING),
    one('tt:PTZ', 'ptz'),
    services.includes('search') ? tag('tt:Extension', one('tt:Search', 'search'), one('tt:Replay', 'replay')) : '',
  );
}

function timeServers({ settings: { ntp } }: DeviceFacts): string {
  const servers = ntp.servers.map((server) => {
    const isAddress = /^[\d.]+$/.test(server);
    const address = leaf(isAddress ? 'tt:IPv4Address' : 'tt:DNSname', server);
    return tag('tt:NTPManual', leaf('tt:Type', isAddress ? 'IPv4' : 'DNS'), address);
  });
  return tag('tds:NTPInformation', leaf('tt:FromDHCP', ntp.fromDhcp), ...servers);
}

function service(namespace: string, origin: string, name: 'device' | ServiceName): string {
  return tag(
    'tds:Service',
    leaf('tds:Namespace', namespace),
    leaf('tds:XAddr', `${origin}/onvif/${name}_service`),
    VERSION,
  );
}

function hostname(identity: CameraIdentity): string {
  return `cam-${identity.mac.replace(/:/g, '').slice(-6)}`;
}

function dateAndTime({ nowMs, settings: { time: own } }: DeviceFacts): string {
  const at = new Date(nowMs);
  const clock = [leaf('tt:Hour', at.getUTCHours()), leaf('tt:Minute', at.getUTCMinutes())];
  const time = tag('tt:Time', ...clock, leaf('tt:Second', at.getUTCSeconds()));
  const month = [leaf('tt:Year', at.getUTCFullYear()), leaf('tt:Month', at.getUTCMonth() + 1)];
  const date = tag('tt:Date', ...month, leaf('tt:Day', at.getUTCDate()));
  return tag(
    'tds:SystemDateAndTime',
    leaf('tt:DateTimeType', own.type),
    leaf('tt:DaylightSavings', own.daylightSavings),
    own.zone === null ? '' : tag('tt:TimeZone', leaf('tt:TZ', own.zone)),
    tag('tt:UTCDateTime', time, date),
  );
}

function networkInterface({ address, identity }: DeviceFacts): string {
  const info = tag('tt:Info', leaf('tt:Name', 'eth0'), leaf('tt:HwAddress', identity.mac), leaf('tt:MTU', 1500));
  const manual = tag('tt:Manual', leaf('tt:Address', address), leaf('tt:PrefixLength', 16));
  const ipv4 = tag('tt:IPv4', leaf('tt:Enabled', true), tag('tt:Config', manual, leaf('tt:DHCP', false)));
  return `<tds:NetworkInterfaces token="eth0">${leaf('tt:Enabled', true)}${info}${ipv4}</tds:NetworkInterfaces>`;
}
