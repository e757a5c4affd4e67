import type { CameraSettings } from './settings.ts';
import { pick, SoapFault, type SoapRequest, textOf, type XmlValue } from './soap.ts';

export interface OwnPorts {
  settings: CameraSettings;
  /** Power off and on again, a moment after the answer. */
  reboot(): void;
}

type Order = (body: XmlValue, ports: OwnPorts) => string;

/** Operations of the device service that change the camera itself, by name. */
const ORDERS: Record<string, Order> = {
  SetSystemDateAndTime: setTime,
  SetNTP: setNtp,
  SystemReboot: (_body, { reboot }) => {
    reboot();
    return '<tds:Message>Rebooting in 1 second</tds:Message>';
  },
};

/** The answer to an order; null where it is none. Throws a {@link SoapFault} for one that cannot be followed. */
export function followOrder({ operation, body }: SoapRequest, ports: OwnPorts): string | null {
  const order = Object.hasOwn(ORDERS, operation) ? ORDERS[operation] : undefined;
  return order ? `<tds:${operation}Response>${order(body, ports)}</tds:${operation}Response>` : null;
}

/** As many cameras have it: what is left out is cleared. */
function setTime(body: XmlValue, { settings: { time } }: OwnPorts): string {
  const read = (...path: string[]): string => textOf(pick(body, ...path));
  const type = read('DateTimeType');
  const daylight = read('DaylightSavings');
  if (!['Manual', 'NTP'].includes(type) || !['true', 'false'].includes(daylight)) throw invalid('InvalidDateTime');
  if (type === 'Manual') {
    const number = (...path: string[]): number => Number(read('UTCDateTime', ...path) || Number.NaN);
    const date = [number('Date', 'Year'), number('Date', 'Month') - 1, number('Date', 'Day')] as const;
    const clock = [number('Time', 'Hour'), number('Time', 'Minute'), number('Time', 'Second')] as const;
    const atMs = Date.UTC(...date, ...clock);
    if (!Number.isFinite(atMs)) throw invalid('InvalidDateTime');
    time.offsetMs = atMs - Date.now();
  } else {
    time.offsetMs = 0;
  }
  time.type = type;
  time.daylightSavings = daylight === 'true';
  time.zone = read('TimeZone', 'TZ') || 'UTC0';
  return '';
}

function setNtp(body: XmlValue, { settings }: OwnPorts): string {
  const manual = pick(body, 'NTPManual');
  const all = manual === undefined ? [] : Array.isArray(manual) ? manual : [manual];
  const servers = all.map((one) => textOf(pick(one, 'IPv4Address')) || textOf(pick(one, 'DNSname')));
  if (servers.includes('')) throw invalid('InvalidIPv4Address');
  settings.ntp = { fromDhcp: textOf(pick(body, 'FromDHCP')) === 'true', servers };
  return '';
}

function invalid(what: string): SoapFault {
  return new SoapFault(400, 'Sender', ['InvalidArgVal', what], 'Invalid Argument');
}
