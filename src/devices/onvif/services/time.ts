import { CitywatchError } from '../../../core/errors.ts';
import { clean } from '../notifications.ts';
import { OnvifError } from '../problems.ts';
import { at, escapeXml, type XmlElement } from '../xml.ts';
import type { AskOptions, CameraServices } from './services.ts';

/** The clock of a camera. */
export interface CameraTime {
  /** Whether it follows a time server (`ntp`) or was set by hand. */
  follows: 'ntp' | 'manual';
  /** Its clock minus ours; null where it does not tell the time. */
  skewMs: number | null;
  /** POSIX 1003.1, such as `CST-8`; null where it tells none. */
  zone: string | null;
  daylightSavings: boolean;
  /** Null where it has no such question. */
  ntp: TimeServers | null;
}

export interface TimeServers {
  /** It takes those that its DHCP server names. */
  fromDhcp: boolean;
  /** Set by hand, or named by DHCP: addresses or names. */
  servers: string[];
}

export interface TimeWish {
  /** `now`: set to the time of the gateway; `ntp`: follow the time servers of the camera. */
  to: 'now' | 'ntp';
  /** What is left out stays as the camera has it. */
  zone?: string | undefined;
}

const SERVERS_MAX = 8;
const TEXT_MAX_CHARACTERS = 256;

/** Reads clock and time servers. Throws as {@link CameraServices.ask}. */
export async function readTime(services: CameraServices, how: AskOptions): Promise<CameraTime> {
  return { ...(await clockOf(services, how)), skewMs: services.skewMs, ntp: await serversOf(services, how) };
}

/**
 * Sets the clock. Zone and summer time are sent as the camera has them: many take what is left out for UTC, and then
 * stamp their pictures hours off.
 */
export async function setTime(
  services: CameraServices,
  { wish, nowMs }: { wish: TimeWish; nowMs: () => number },
  how: AskOptions,
): Promise<void> {
  const { zone: before, daylightSavings } = await clockOf(services, how);
  const zone = wish.zone ?? before;
  const isManual = wish.to === 'now';
  const parts = [
    `<tds:DateTimeType>${isManual ? 'Manual' : 'NTP'}</tds:DateTimeType>`,
    `<tds:DaylightSavings>${daylightSavings}</tds:DaylightSavings>`,
    zone === null ? '' : `<tds:TimeZone><tt:TZ>${escapeXml(zone)}</tt:TZ></tds:TimeZone>`,
    isManual ? utc(nowMs()) : '',
  ];
  await services.ask('device', 'SetSystemDateAndTime', parts.join(''), how);
}

/** Names the time servers; addresses and names are told apart as the schema wants them. */
export async function setServers(
  services: CameraServices,
  { fromDhcp, servers }: TimeServers,
  how: AskOptions,
): Promise<void> {
  const manual = servers.map((server) => {
    const type = /^[\d.]+$/.test(server) ? 'IPv4' : server.includes(':') ? 'IPv6' : 'DNS';
    const element = { IPv4: 'IPv4Address', IPv6: 'IPv6Address', DNS: 'DNSname' }[type];
    const name = `<tt:${element}>${escapeXml(server)}</tt:${element}>`;
    return `<tds:NTPManual><tt:Type>${type}</tt:Type>${name}</tds:NTPManual>`;
  });
  await services.ask('device', 'SetNTP', `<tds:FromDHCP>${fromDhcp}</tds:FromDHCP>${manual.join('')}`, how);
}

async function clockOf(services: CameraServices, how: AskOptions) {
  const told = at(await services.ask('device', 'GetSystemDateAndTime', '', how), 'SystemDateAndTime');
  const follows: CameraTime['follows'] = at(told, 'DateTimeType')?.text.trim() === 'NTP' ? 'ntp' : 'manual';
  const zone = clean(at(told, 'TimeZone', 'TZ')?.text ?? '', TEXT_MAX_CHARACTERS) || null;
  return { follows, zone, daylightSavings: isTrue(at(told, 'DaylightSavings')) };
}

async function serversOf(services: CameraServices, how: AskOptions): Promise<TimeServers | null> {
  const answer = await orNull(services.ask('device', 'GetNTP', '', how));
  if (!answer) return null;
  const told = at(answer, 'NTPInformation');
  const fromDhcp = isTrue(at(told, 'FromDHCP'));
  const wanted = fromDhcp ? 'NTPFromDHCP' : 'NTPManual';
  const servers = (told?.children ?? [])
    .filter(({ name }) => name === wanted)
    .slice(0, SERVERS_MAX)
    .map((one) => one.children.find(({ name }) => name !== 'Type' && name !== 'Extension')?.text ?? '')
    .map((text) => clean(text, TEXT_MAX_CHARACTERS))
    .filter((text) => text !== '');
  return { fromDhcp, servers };
}

/** What a camera lacks, or keeps from this login, tells nothing. */
export async function orNull(asked: Promise<XmlElement>): Promise<XmlElement | null> {
  try {
    return await asked;
  } catch (error) {
    const isSilent = error instanceof OnvifError && ['device-fault', 'malformed', 'auth'].includes(error.problem);
    if (isSilent || (error instanceof CitywatchError && error.code === 'conflict.state')) return null;
    throw error;
  }
}

export function isTrue(element: XmlElement | undefined): boolean {
  return ['true', '1'].includes(element?.text.trim() ?? '');
}

function utc(nowMs: number): string {
  const now = new Date(nowMs);
  const time = [now.getUTCHours(), now.getUTCMinutes(), now.getUTCSeconds()] as const;
  const date = [now.getUTCFullYear(), now.getUTCMonth() + 1, now.getUTCDate()] as const;
  const hours = `<tt:Hour>${time[0]}</tt:Hour><tt:Minute>${time[1]}</tt:Minute><tt:Second>${time[2]}</tt:Second>`;
  const days = `<tt:Year>${date[0]}</tt:Year><tt:Month>${date[1]}</tt:Month><tt:Day>${date[2]}</tt:Day>`;
  return `<tds:UTCDateTime><tt:Time>${hours}</tt:Time><tt:Date>${days}</tt:Date></tds:UTCDateTime>`;
}
